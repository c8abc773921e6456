// SPDX-License-Identifier: Apache-2.0
#include "operator/store/limit_range_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace telltale {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LimitRangeCacheTest : public ::testing::Test {
 protected:
  static std::string Range(const std::string& ns, const std::string& name,
                           const std::string& min = "50m") {
    return R"({"metadata":{"namespace":")" + ns + R"(","name":")" + name +
           R"(","resourceVersion":"7"},"spec":{"limits":[{"type":"Container","min":{"cpu":")" +
           min + R"("}},{"type":"PersistentVolumeClaim"}]}})";
  }
  Status Send(const std::string& json, bool deleted = false) {
    JsonParser parser;
    return parser.Parse(json, [&](JsonValue root) {
      return deleted ? cache_.Deleted(root, version_) : cache_.Changed(root, version_);
    });
  }
  std::vector<std::string> Of(const std::string& ns) const {
    std::vector<std::string> texts;
    for (const auto& range : cache_.Of(ns)) {
      texts.push_back(range->meta.name + " " + range->items.at(0).min.at(0).second);
    }
    return texts;
  }

  LimitRangeCache cache_;
  std::string version_;
};

TEST_F(LimitRangeCacheTest, HoldsThoseOfANamespaceByName) {
  EXPECT_FALSE(cache_.synced());
  cache_.ReplaceBegin();
  EXPECT_TRUE(Send(Range("a", "two")).ok());
  EXPECT_TRUE(Send(Range("a", "one")).ok());
  EXPECT_TRUE(Send(Range("b", "one")).ok());
  EXPECT_EQ(version_, "7");
  EXPECT_THAT(Of("a"), IsEmpty());
  cache_.ReplaceEnd();
  EXPECT_TRUE(cache_.synced());
  EXPECT_THAT(Of("a"), ElementsAre("one 50m", "two 50m"));
  EXPECT_THAT(Of("b"), ElementsAre("one 50m"));
  EXPECT_THAT(Of("c"), IsEmpty());
}

TEST_F(LimitRangeCacheTest, FollowsChangesAndDeletions) {
  EXPECT_TRUE(Send(Range("a", "one")).ok());
  EXPECT_TRUE(Send(Range("a", "one", "60m")).ok());
  EXPECT_TRUE(Send(Range("a", "two")).ok());
  EXPECT_THAT(Of("a"), ElementsAre("one 60m", "two 50m"));
  EXPECT_TRUE(Send(Range("a", "one"), true).ok());
  EXPECT_THAT(Of("a"), ElementsAre("two 50m"));
}

TEST_F(LimitRangeCacheTest, AnAbortedReplacementChangesNothing) {
  EXPECT_TRUE(Send(Range("a", "one")).ok());
  cache_.ReplaceBegin();
  EXPECT_TRUE(Send(Range("a", "two")).ok());
  EXPECT_TRUE(Send(Range("a", "two"), true).ok());
  cache_.ReplaceAbort();
  EXPECT_THAT(Of("a"), ElementsAre("one 50m"));
  EXPECT_FALSE(cache_.synced());
}

TEST_F(LimitRangeCacheTest, OneThatCannotBeReadStaysAsItWas) {
  EXPECT_TRUE(Send(Range("a", "one")).ok());
  EXPECT_FALSE(Send(Range("a", "one", "much")).ok());
  EXPECT_THAT(Of("a"), ElementsAre("one 50m"));
}

}  // namespace
}  // namespace telltale
