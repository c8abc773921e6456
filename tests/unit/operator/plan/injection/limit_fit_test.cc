// SPDX-License-Identifier: Apache-2.0
//
// The sidecar's resources in namespaces with LimitRanges. tests/integration/test_injected_pods.py
// asks a real API server what it thinks of such pods.
#include "operator/plan/injection/limit_fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator/plan/injection/injected_pod.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<const LimitRange> Range(const std::string& items) {
  auto range = std::make_shared<LimitRange>();
  const std::string json =
      R"({"metadata":{"name":"l","namespace":"shop"},"spec":{"limits":[)" + items + "]}}";
  JsonParser parser;
  const Status status =
      parser.Parse(json, [&](JsonValue root) { return DecodeLimitRange(root, *range); });
  EXPECT_TRUE(status.ok()) << status.error().message;
  return range;
}

constexpr const char* kPod =
    R"("containers":[{"name":"a","resources":{"requests":{"cpu":"50m","memory":"32Mi"},)"
    R"("limits":{"cpu":"100m","memory":"64Mi"}}}])";
constexpr const char* kDefault = R"({"cpu":"10m","memory":"16Mi"} {"cpu":"200m","memory":"64Mi"})";

Injected InjectWith(const std::vector<std::string>& ranges, const std::string& spec = kPod,
                    const std::string& target = "\"sidecar\":{}") {
  NamespaceRules rules;
  for (const auto& items : ranges) rules.limits.push_back(Range(items));
  return Inject(ShopPod(spec), {ShopTarget(target)}, rules);
}

// "requests limits" of the sidecar, or why there is none.
std::string Given(const std::vector<std::string>& ranges, const std::string& spec = kPod,
                  const std::string& target = "\"sidecar\":{}") {
  const auto injected = InjectWith(ranges, spec, target);
  if (injected.outcome != InjectionOutcome::kInjected) {
    return injected.Annotation("telltale.dev/not-injected");
  }
  const JsonTree& resources = injected.Sidecar().At("resources");
  const JsonTree *requests = resources.Find("requests"), *limits = resources.Find("limits");
  return (requests ? requests->Text() : "-") + " " + (limits ? limits->Text() : "-");
}

std::string Container(const std::string& members) {
  return R"({"type":"Container",)" + members + "}";
}
std::string Pod(const std::string& members) { return R"({"type":"Pod",)" + members + "}"; }

TEST(LimitFit, WithoutLimitRangesTheWishStands) {
  EXPECT_EQ(Given({}), kDefault);
  EXPECT_EQ(Given({R"({"type":"PersistentVolumeClaim","min":{"storage":"1Gi"}})"}), kDefault);
}

TEST(LimitFit, AMinimumRaisesRequestAndLimit) {
  EXPECT_EQ(Given({Container(R"("min":{"cpu":"50m","memory":"32Mi"})")}),
            R"({"cpu":"50m","memory":"32Mi"} {"cpu":"200m","memory":"64Mi"})");
  EXPECT_EQ(Given({Container(R"("min":{"cpu":"0.5","memory":"100M"})")}),
            R"({"cpu":"500m","memory":"100000000"} {"cpu":"500m","memory":"100000000"})");
  // Of two LimitRanges the stricter one counts.
  EXPECT_EQ(Given({Container(R"("min":{"cpu":"20m"})"), Container(R"("min":{"cpu":"50m"})")}),
            R"({"cpu":"50m","memory":"16Mi"} {"cpu":"200m","memory":"64Mi"})");
}

TEST(LimitFit, AMaximumLowersThem) {
  EXPECT_EQ(Given({Container(R"("max":{"cpu":"100m","memory":"32Mi"})")}),
            R"({"cpu":"10m","memory":"16Mi"} {"cpu":"100m","memory":"32Mi"})");
  EXPECT_THAT(Given({Container(R"("max":{"memory":"8Mi"})")}),
              HasSubstr("leave 8Mi of memory for the sidecar, which needs 16Mi"));
}

TEST(LimitFit, ARatioLowersTheLimitAndThenRaisesTheRequest) {
  EXPECT_EQ(Given({Container(R"("maxLimitRequestRatio":{"cpu":"4"})")}),
            R"({"cpu":"13m","memory":"16Mi"} {"cpu":"50m","memory":"64Mi"})");
  EXPECT_EQ(Given({Container(R"("maxLimitRequestRatio":{"memory":"1"})")}),
            R"({"cpu":"10m","memory":"32Mi"} {"cpu":"200m","memory":"32Mi"})");
  EXPECT_EQ(Given({Container(R"("min":{"cpu":"30m"},"maxLimitRequestRatio":{"cpu":"4"})")}),
            R"({"cpu":"30m","memory":"16Mi"} {"cpu":"120m","memory":"64Mi"})");
  EXPECT_EQ(Given({Pod(R"("maxLimitRequestRatio":{"cpu":"4"})")}),
            R"({"cpu":"13m","memory":"16Mi"} {"cpu":"50m","memory":"64Mi"})");
}

TEST(LimitFit, TheSumOfThePodsContainersStaysWithinItsMaximum) {
  EXPECT_EQ(Given({Pod(R"("max":{"cpu":"150m","memory":"128Mi"})")}),
            R"({"cpu":"10m","memory":"16Mi"} {"cpu":"50m","memory":"64Mi"})");
  EXPECT_THAT(Given({Pod(R"("max":{"cpu":"100m"})")}),
              HasSubstr("leave nothing of cpu for the sidecar"));
  // Init containers that end share what the others have; those that restart do not.
  const std::string init =
      R"("initContainers":[{"name":"i",%"resources":{"limits":{"cpu":"120m"}}}],)";
  std::string ends = init, restarts = init;
  ends.erase(ends.find('%'), 1);
  restarts.replace(restarts.find('%'), 1, R"("restartPolicy":"Always",)");
  EXPECT_EQ(Given({Pod(R"("max":{"cpu":"200m"})")}, ends + kPod),
            R"({"cpu":"10m","memory":"16Mi"} {"cpu":"80m","memory":"64Mi"})");
  EXPECT_THAT(Given({Pod(R"("max":{"cpu":"220m"})")}, restarts + kPod),
              HasSubstr("nothing of cpu"));
}

TEST(LimitFit, ALimitThatWouldBeTheOnlyOneIsLeftOutBelowThePodsMinimum) {
  EXPECT_EQ(Given({Pod(R"("min":{"cpu":"500m"})")},
                  R"("containers":[{"name":"a","resources":{"requests":{"cpu":"500m"}}}])"),
            R"({"cpu":"10m","memory":"16Mi"} {"memory":"64Mi"})");
}

TEST(LimitFit, WhatTheNamespaceGivesByDefaultIsNotLeftToIt) {
  // A GPU for each container, and more storage than the pod may have twice.
  const std::string range =
      Container(R"("default":{"nvidia.com/gpu":"1","ephemeral-storage":"1Gi"},)"
                R"("defaultRequest":{"nvidia.com/gpu":"1","ephemeral-storage":"1Gi"})");
  EXPECT_EQ(Given({range, Pod(R"("max":{"ephemeral-storage":"1100Mi"})")}),
            R"({"cpu":"10m","ephemeral-storage":"16Mi","memory":"16Mi","nvidia.com/gpu":"0"} )"
            R"({"cpu":"200m","ephemeral-storage":"64Mi","memory":"64Mi","nvidia.com/gpu":"0"})");
  EXPECT_THAT(Given({Container(R"("min":{"nvidia.com/gpu":"1"})")}), HasSubstr("nvidia.com/gpu"));
}

TEST(LimitFit, APodThatTheNamespaceMakesBurstableIsNoLongerBestEffort) {
  EXPECT_EQ(Given({Container(R"("default":{"memory":"1Gi"},"defaultRequest":{"memory":"64Mi"})")},
                  R"("containers":[{"name":"a"}])"),
            kDefault);
}

TEST(LimitFit, AGuaranteedPodStaysGuaranteed) {
  const std::string pod = R"("containers":[{"name":"a","resources":{"limits":{"cpu":"100m",)"
                          R"("memory":"64Mi"}}}])";
  EXPECT_EQ(Given({Container(R"("max":{"cpu":"100m","memory":"48Mi"},)"
                             R"("maxLimitRequestRatio":{"cpu":"2"})")},
                  pod),
            R"({"cpu":"100m","memory":"48Mi"} {"cpu":"100m","memory":"48Mi"})");
  EXPECT_EQ(Given({Pod(R"("max":{"cpu":"150m"})")}, pod),
            R"({"cpu":"50m","memory":"64Mi"} {"cpu":"50m","memory":"64Mi"})");
}

TEST(LimitFit, WithResourcesOfThePodItAsksForAsMuchAsTheyLeave) {
  const std::string whole = R"("resources":{"requests":{"cpu":"55m","memory":"32Mi"},)"
                            R"("limits":{"cpu":"100m","memory":"64Mi"}},)";
  EXPECT_EQ(
      Given({Container(R"("default":{"cpu":"1"},"defaultRequest":{"cpu":"1"})")}, whole + kPod),
      R"({"cpu":"5m"} {"cpu":"100m"})");
  EXPECT_THAT(Given({Container(R"("min":{"cpu":"10m"})")}, whole + kPod),
              HasSubstr("leave 5m of cpu for the sidecar, which needs 10m"));
}

TEST(LimitFit, ASmallWishOfAPersonStands) {
  EXPECT_EQ(Given({}, kPod, R"("sidecar":{"resources":{"limits":{"cpu":"3m","memory":"12Mi"}}})"),
            R"({"cpu":"3m","memory":"12Mi"} {"cpu":"3m","memory":"12Mi"})");
}

TEST(LimitFit, APodThatIsLeftAloneSaysWhyAndHasNothingOfOurs) {
  const auto injected = InjectWith({Container(R"("max":{"memory":"8Mi"})")});
  EXPECT_EQ(injected.outcome, InjectionOutcome::kImpossible);
  EXPECT_EQ(injected.pod.At("spec").Find("initContainers"), nullptr);
  EXPECT_EQ(injected.pod.At("spec").Find("volumes"), nullptr);
  EXPECT_EQ(injected.pod.At("metadata").At("annotations").items.size(), 1u);
}

TEST(LimitFit, BeforeTheLimitRangesAreKnownNoPodIsTouched) {
  NamespaceRules rules;
  rules.limits_known = false;
  const auto injected = Inject(ShopPod(kPod), {ShopTarget("\"sidecar\":{}")}, rules);
  EXPECT_EQ(injected.outcome, InjectionOutcome::kImpossible);
  EXPECT_THAT(injected.Annotation("telltale.dev/not-injected"), HasSubstr("LimitRanges"));
}

}  // namespace
}  // namespace telltale
