// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/label_match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace telltale {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Labels kPod{{"app", "shop"}, {"tier", "web"}};

bool Matches(std::string_view json, const Labels& labels = kPod) {
  std::vector<std::string> problems;
  Decoder decoder("f", problems);
  const auto root = ParseYaml(json);
  EXPECT_TRUE(root.ok());
  const LabelMatch match = DecodeLabelMatch(*root, decoder);
  EXPECT_THAT(problems, IsEmpty());
  return match.Matches(labels);
}

TEST(LabelMatch, EmptySelectsNothingUnlessMatchAll) {
  EXPECT_FALSE(Matches("{}"));
  EXPECT_FALSE(Matches("{matchLabels: {}, matchExpressions: []}"));
  EXPECT_TRUE(Matches("{matchAll: true}"));
  EXPECT_FALSE(Matches("{matchAll: false}"));
}

TEST(LabelMatch, AllLabelsMustBeThere) {
  EXPECT_TRUE(Matches("{matchLabels: {app: shop}}"));
  EXPECT_TRUE(Matches("{matchLabels: {app: shop, tier: web}}"));
  EXPECT_FALSE(Matches("{matchLabels: {app: shop, tier: db}}"));
  EXPECT_FALSE(Matches("{matchLabels: {zone: a}}"));
}

TEST(LabelMatch, ExpressionsFollowKubernetes) {
  const auto expression = [](std::string_view e) {
    return Matches("{matchExpressions: [{" + std::string(e) + "}]}");
  };
  EXPECT_TRUE(expression("key: app, operator: In, values: [cart, shop]"));
  EXPECT_FALSE(expression("key: app, operator: In, values: [cart]"));
  EXPECT_FALSE(expression("key: zone, operator: In, values: [\"\"]"));
  EXPECT_FALSE(expression("key: app, operator: NotIn, values: [shop]"));
  EXPECT_TRUE(expression("key: app, operator: NotIn, values: [cart]"));
  EXPECT_TRUE(expression("key: zone, operator: NotIn, values: [a]"));
  EXPECT_TRUE(expression("key: app, operator: Exists"));
  EXPECT_FALSE(expression("key: zone, operator: Exists"));
  EXPECT_FALSE(expression("key: app, operator: DoesNotExist"));
  EXPECT_TRUE(expression("key: zone, operator: DoesNotExist"));
}

TEST(LabelMatch, LabelsAndExpressionsMustBothMatch) {
  EXPECT_FALSE(
      Matches("{matchLabels: {app: shop}, matchExpressions: "
              "[{key: tier, operator: DoesNotExist}]}"));
}

TEST(LabelMatch, AnUnknownOperatorIsAProblem) {
  std::vector<std::string> problems;
  Decoder decoder("f", problems);
  DecodeLabelMatch(*ParseYaml("{matchExpressions: [{key: a, operator: Near}]}"), decoder);
  EXPECT_THAT(problems, ElementsAre(HasSubstr("operator must be In, NotIn, Exists")));
}

}  // namespace
}  // namespace telltale
