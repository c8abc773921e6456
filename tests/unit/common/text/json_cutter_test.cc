// SPDX-License-Identifier: Apache-2.0
#include "common/text/json_cutter.h"

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
  JsonCutter cutter({.array = {"items"}, .kept = "metadata", .max_element = max_item});
  Split result;
  for (std::size_t at = 0; at < text.size() && result.status.ok(); at += piece) {
    result.status = cutter.Feed(text.substr(at, piece), [&](std::string_view item) -> Status {
      result.items.emplace_back(item);
      return {};
    });
  }
  result.complete = cutter.complete();
  result.metadata = cutter.kept();
  return result;
}

TEST(JsonCutter, GivesTheItemsOfATypedListHoweverTheBytesAreCut) {
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

TEST(JsonCutter, FindsTheMetadataAfterTheItems) {
  const Split split = SplitList(
      R"({"apiVersion":"v1","items":[{"a":1}],"kind":"L","metadata":{"resourceVersion":"9"}})",
      1000);
  EXPECT_TRUE(split.complete);
  EXPECT_EQ(split.metadata, R"({"resourceVersion":"9"})");
  EXPECT_THAT(split.items, ElementsAre(R"({"a":1})"));
}

TEST(JsonCutter, TakesNullAndEmptyItemsForAnEmptyList) {
  for (const char* items : {"null", "[]", "[ ]"}) {
    const Split split = SplitList(std::string("{\"items\":") + items + ",\"metadata\":{}}", 3);
    EXPECT_TRUE(split.status.ok());
    EXPECT_TRUE(split.complete);
    EXPECT_THAT(split.items, IsEmpty());
    EXPECT_EQ(split.metadata, "{}");
  }
}

TEST(JsonCutter, KnowsThatADocumentWasCut) {
  const std::string text = R"({"items":[{"a":"}]}"}],"metadata":{}})";
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(SplitList(std::string_view(text).substr(0, length), 1000).complete) << length;
  }
  EXPECT_TRUE(SplitList(text, 1000).complete);
}

TEST(JsonCutter, RefusesWhatIsNotAnObject) {
  for (const char* text : {"[]", "<html>", "\"x\"", "{} {}"}) {
    EXPECT_FALSE(SplitList(text, 1000).status.ok()) << text;
  }
}

TEST(JsonCutter, RefusesAnItemOverTheLimit) {
  const std::string text = R"({"items":[{"a":")" + std::string(200, 'x');
  const Split split = SplitList(text, 10, 100);
  ASSERT_FALSE(split.status.ok());
  EXPECT_EQ(split.status.error().code, Code::kTooLarge);
}

TEST(JsonCutter, FindsAnArrayInsideOfAnObjectAndNoOther) {
  const std::string text =
      R"({"items":[{"a":1}],"x":{"items":[{"b":1}],"data":{"items":[{"c":1}]}},"y":["data"],)"
      R"("data":{"z":{"items":[{"d":1}]},"items":[{"e":1},[{"f":1}],7,"g",{"h":{"items":[{}]}}],)"
      R"("w":"items"},"after":[{"i":1}]})";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    JsonCutter cutter({.array = {"data", "items"}});
    std::vector<std::string> items;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      const Status fed = cutter.Feed(std::string_view(text).substr(at, piece),
                                     [&](std::string_view item) -> Status {
                                       items.emplace_back(item);
                                       return {};
                                     });
      ASSERT_TRUE(fed.ok());
    }
    EXPECT_TRUE(cutter.complete() && cutter.found());
    EXPECT_EQ(cutter.kept(), "");
    EXPECT_THAT(items, ElementsAre(R"({"e":1})", R"({"h":{"items":[{}]}})")) << piece;
  }
}

TEST(JsonCutter, TellsAnEmptyArrayFromNone) {
  const auto nothing = [](std::string_view) { return Status(); };
  JsonCutter empty({.array = {"data", "x"}}), none({.array = {"data", "x"}});
  EXPECT_TRUE(empty.Feed(R"({"data":{"x":[]}})", nothing).ok());
  EXPECT_TRUE(none.Feed(R"({"x":[],"data":{"x":{}}})", nothing).ok());
  EXPECT_TRUE(empty.complete() && empty.found());
  EXPECT_TRUE(none.complete() && !none.found());
}

TEST(JsonCutter, StopsAtTheFirstErrorOfItsReader) {
  JsonCutter cutter({.array = {"items"}});
  int calls = 0;
  const Status fed = cutter.Feed(R"({"items":[{},{},{}]})", [&](std::string_view) -> Status {
    return ++calls == 2 ? Status(Fail(Code::kNotFound, "two")) : Status();
  });
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(fed.error().message, "two");
}

}  // namespace
}  // namespace telltale
