// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/config_map_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace telltale {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ConfigMapCacheTest : public ::testing::Test {
 protected:
  ConfigMapCacheTest() {
    cache_.OnChange([this](const std::string& ns) { changed_.push_back(ns); });
  }
  void Put(const std::string& ns, const std::string& value) {
    std::string version;
    EXPECT_TRUE(parser_
                    .Parse(R"({"metadata":{"name":"m","namespace":")" + ns +
                               R"(","resourceVersion":"7"},"data":{"k":")" + value + R"("}})",
                           [&](JsonValue root) { return cache_.Changed(root, version); })
                    .ok());
    EXPECT_EQ(version, "7");
  }
  void Delete(const std::string& ns) {
    std::string version;
    EXPECT_TRUE(parser_
                    .Parse(R"({"metadata":{"namespace":")" + ns + R"("},"data":7})",
                           [&](JsonValue root) { return cache_.Deleted(root, version); })
                    .ok());
  }
  std::string Held(const std::string& ns) {
    const auto held = cache_.Get(ns);
    return held ? held->data.at("k") : "none";
  }

  JsonParser parser_;
  ConfigMapCache cache_;
  std::vector<std::string> changed_;
};

TEST_F(ConfigMapCacheTest, HoldsTheNewestAndTellsEveryChange) {
  Put("a", "1");
  Put("a", "2");
  Put("b", "1");
  EXPECT_EQ(Held("a"), "2");
  Delete("a");
  EXPECT_EQ(Held("a"), "none");
  EXPECT_EQ(cache_.List().size(), 1u);
  EXPECT_THAT(changed_, ElementsAre("a", "a", "b", "a"));
}

TEST_F(ConfigMapCacheTest, ANewContentIsSeenAtItsEndAndWhatIsNotInItIsGoneAndTold) {
  Put("gone", "1");
  Put("kept", "1");
  changed_.clear();
  cache_.ReplaceBegin();
  Put("kept", "2");
  Put("new", "1");
  Put("short", "1");
  Delete("short");
  EXPECT_EQ(Held("kept"), "1");
  EXPECT_EQ(Held("gone"), "1");
  EXPECT_THAT(changed_, IsEmpty());
  cache_.ReplaceEnd();
  EXPECT_EQ(Held("kept"), "2");
  EXPECT_EQ(Held("gone"), "none");
  EXPECT_EQ(Held("short"), "none");
  EXPECT_THAT(changed_, ElementsAre("gone", "kept", "new"));
}

TEST_F(ConfigMapCacheTest, ANewContentThatBreaksOffChangesNothing) {
  Put("a", "1");
  changed_.clear();
  cache_.ReplaceBegin();
  Put("a", "2");
  cache_.ReplaceAbort();
  EXPECT_EQ(Held("a"), "1");
  EXPECT_THAT(changed_, IsEmpty());
  Put("a", "3");
  EXPECT_EQ(Held("a"), "3");
}

TEST_F(ConfigMapCacheTest, WhatDoesNotDecodeIsNotKeptAsItWas) {
  Put("a", "1");
  std::string version;
  const Status read =
      parser_.Parse(R"({"metadata":{"namespace":"a","resourceVersion":"8"},"data":[]})",
                    [&](JsonValue root) { return cache_.Changed(root, version); });
  EXPECT_FALSE(read.ok());
  EXPECT_EQ(version, "8");
  EXPECT_EQ(Held("a"), "none");
}

}  // namespace
}  // namespace telltale
