// SPDX-License-Identifier: Apache-2.0
#include "operator/model/label_selector.h"

#include <gtest/gtest.h>

#include "tests/unit/operator/model/parse.h"

namespace telltale {
namespace {

LabelSelector Selector(std::string_view json) {
  LabelSelector selector;
  const Status status = Parse(json, DecodeLabelSelector, selector);
  EXPECT_TRUE(status.ok()) << status.error().message;
  return selector;
}

std::string Written(const LabelSelector& selector) {
  std::string json;
  JsonWriter writer(&json);
  WriteLabelSelector(selector, writer);
  return json;
}

TEST(LabelSelector, AnEmptyOneSelectsNothingUnlessMatchAllIsSet) {
  EXPECT_FALSE(Selector("{}").Matches({{"app", "shop"}}));
  EXPECT_FALSE(Selector(R"({"matchLabels":{},"matchExpressions":[]})").Matches({}));
  EXPECT_TRUE(Selector(R"({"matchAll":true})").Matches({}));
  EXPECT_TRUE(Selector(R"({"matchAll":true})").Matches({{"app", "shop"}}));
}

TEST(LabelSelector, AllLabelsMustBeEqual) {
  const auto selector = Selector(R"({"matchLabels":{"tier":"web","app":"shop"}})");
  EXPECT_TRUE(selector.Matches({{"app", "shop"}, {"more", "x"}, {"tier", "web"}}));
  EXPECT_FALSE(selector.Matches({{"app", "shop"}}));
  EXPECT_FALSE(selector.Matches({{"app", "shop"}, {"tier", "db"}}));
}

TEST(LabelSelector, AnEmptyValueIsNotAnAbsentLabel) {
  const auto selector = Selector(R"({"matchLabels":{"canary":""}})");
  EXPECT_TRUE(selector.Matches({{"canary", ""}}));
  EXPECT_FALSE(selector.Matches({}));
}

TEST(LabelSelector, InTakesAnyOfTheValuesAndNeedsTheLabel) {
  const auto selector =
      Selector(R"({"matchExpressions":[{"key":"tier","operator":"In","values":["web","api"]}]})");
  EXPECT_TRUE(selector.Matches({{"tier", "api"}}));
  EXPECT_TRUE(selector.Matches({{"tier", "web"}}));
  EXPECT_FALSE(selector.Matches({{"tier", "db"}}));
  EXPECT_FALSE(selector.Matches({}));
}

TEST(LabelSelector, NotInTakesPodsWithoutTheLabelToo) {
  const auto selector =
      Selector(R"({"matchExpressions":[{"key":"tier","operator":"NotIn","values":["db","mq"]}]})");
  EXPECT_TRUE(selector.Matches({}));
  EXPECT_TRUE(selector.Matches({{"tier", "web"}}));
  EXPECT_FALSE(selector.Matches({{"tier", "db"}}));
}

TEST(LabelSelector, ExistsAndDoesNotExistLookAtThePresenceOnly) {
  const auto has = Selector(R"({"matchExpressions":[{"key":"tier","operator":"Exists"}]})");
  const auto lacks = Selector(R"({"matchExpressions":[{"key":"tier","operator":"DoesNotExist"}]})");
  EXPECT_TRUE(has.Matches({{"tier", ""}}));
  EXPECT_FALSE(has.Matches({}));
  EXPECT_TRUE(lacks.Matches({}));
  EXPECT_FALSE(lacks.Matches({{"tier", ""}}));
}

TEST(LabelSelector, LabelsAndExpressionsMustAllHold) {
  const auto selector = Selector(
      R"({"matchLabels":{"app":"shop"},"matchExpressions":[{"key":"old","operator":"DoesNotExist"}]})");
  EXPECT_TRUE(selector.Matches({{"app", "shop"}}));
  EXPECT_FALSE(selector.Matches({{"app", "shop"}, {"old", "1"}}));
  EXPECT_FALSE(selector.Matches({{"app", "cart"}}));
}

TEST(LabelSelector, ComesBackInTheSameShape) {
  const std::string json =
      R"({"matchLabels":{"app":"shop"},"matchExpressions":[{"key":"t","operator":"In",)"
      R"("values":["a","b"]},{"key":"u","operator":"Exists"}]})";
  EXPECT_EQ(Written(Selector(json)), json);
  EXPECT_EQ(Written(Selector(R"({"matchAll":true})")), R"({"matchAll":true})");
}

TEST(LabelSelector, ErrorsNameTheFieldAndWhatItTakes) {
  const auto error = [](std::string_view json) { return ErrorOf(json, DecodeLabelSelector); };
  EXPECT_EQ(error(R"([])"), ": must be an object");
  EXPECT_EQ(error(R"({"matchLabels":{"app":1}})"), "matchLabels.app: must be a string");
  EXPECT_EQ(error(R"({"matchExpressions":{}})"), "matchExpressions: must be an array");
  EXPECT_EQ(error(R"({"matchExpressions":[{"key":"a","operator":"Near"}]})"),
            "matchExpressions[0].operator: must be In, NotIn, Exists or DoesNotExist");
  EXPECT_EQ(
      error(
          R"({"matchExpressions":[{"key":"a","operator":"Exists"},{"key":"a","operator":"In"}]})"),
      "matchExpressions[1]: needs values, because its operator is In");
  EXPECT_EQ(error(R"({"matchExpressions":[{"key":"a","operator":"Exists","values":["x"]}]})"),
            "matchExpressions[0]: takes no values, because its operator is Exists");
  EXPECT_EQ(error(R"({"matchExpressions":[{"operator":"Exists"}]})"),
            "matchExpressions[0]: needs a key");
}

}  // namespace
}  // namespace telltale
