// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/watch/list_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace telltale {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Split {
  Status status;
  bool complete = false;
  std::vector<std::string> items;
  std::string metadata;
};

Split SplitList(std::string_view text, std::size_t piece, std::size_t max_item = 1000) {
  ListSplitter splitter(max_item);
  Split result;
  for (std::size_t at = 0; at < text.size() && result.status.ok(); at += piece) {
    result.status = splitter.Feed(text.substr(at, piece),
                                  [&](std::string_view item) { result.items.emplace_back(item); });
  }
  result.complete = splitter.complete();
  result.metadata = splitter.metadata();
  return result;
}

TEST(ListSplitter, GivesTheItemsOfATypedListHoweverTheBytesAreCut) {
  const std::string text =
      R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":"x"},)"
      R"("items":[{"metadata":{"name":"a"},"items":[{"x":1}]}, {"text":"]}\"{[\\"},{}]})"
      "\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    const Split split = SplitList(text, piece);
    ASSERT_TRUE(split.status.ok()) << split.status.error().message;
    EXPECT_TRUE(split.complete);
    EXPECT_EQ(split.metadata, R"({"resourceVersion":"7","continue":"x"})");
    EXPECT_THAT(split.items, ElementsAre(R"({"metadata":{"name":"a"},"items":[{"x":1}]})",
                                         R"({"text":"]}\"{[\\"})", "{}"))
        << "pieces of " << piece;
  }
}

TEST(ListSplitter, FindsTheMetadataAfterTheItems) {
  const Split split = SplitList(
      R"({"apiVersion":"v1","items":[{"a":1}],"kind":"L","metadata":{"resourceVersion":"9"}})",
      1000);
  EXPECT_TRUE(split.complete);
  EXPECT_EQ(split.metadata, R"({"resourceVersion":"9"})");
  EXPECT_THAT(split.items, ElementsAre(R"({"a":1})"));
}

TEST(ListSplitter, TakesNullAndEmptyItemsForAnEmptyList) {
  for (const char* items : {"null", "[]", "[ ]"}) {
    const Split split = SplitList(std::string("{\"items\":") + items + ",\"metadata\":{}}", 3);
    EXPECT_TRUE(split.status.ok());
    EXPECT_TRUE(split.complete);
    EXPECT_THAT(split.items, IsEmpty());
    EXPECT_EQ(split.metadata, "{}");
  }
}

TEST(ListSplitter, KnowsThatADocumentWasCut) {
  const std::string text = R"({"items":[{"a":"}]}"}],"metadata":{}})";
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(SplitList(std::string_view(text).substr(0, length), 1000).complete) << length;
  }
  EXPECT_TRUE(SplitList(text, 1000).complete);
}

TEST(ListSplitter, RefusesWhatIsNotAnObject) {
  for (const char* text : {"[]", "<html>", "\"x\"", "{} {}"}) {
    EXPECT_FALSE(SplitList(text, 1000).status.ok()) << text;
  }
}

TEST(ListSplitter, RefusesAnItemOverTheLimit) {
  const std::string text = R"({"items":[{"a":")" + std::string(200, 'x');
  const Split split = SplitList(text, 10, 100);
  ASSERT_FALSE(split.status.ok());
  EXPECT_EQ(split.status.error().code, Code::kTooLarge);
}

}  // namespace
}  // namespace telltale
