// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/injection/sidecar_resources.h"

#include <gtest/gtest.h>

#include "tests/unit/operator/plan/injection/injected_pod.h"

namespace telltale {
namespace {

constexpr const char* kBurstable =
    R"("containers":[{"name":"a","resources":{"requests":{"cpu":"50m"}}},{"name":"b"}])";
constexpr const char* kCrdDefault =
    R"("sidecar":{"resources":{"requests":{"cpu":"10m","memory":"16Mi"},)"
    R"("limits":{"cpu":"200m","memory":"64Mi"}}})";

std::string Asking(const std::string& resources) {
  return R"("sidecar":{"resources":)" + resources + "}";
}

// "requests limits" of the sidecar as JSON, "-" for none.
std::string Given(const std::string& spec, const std::vector<std::string>& targets) {
  std::vector<std::shared_ptr<const MonitoringTarget>> parsed;
  for (const auto& target : targets) parsed.push_back(ShopTarget(target));
  const auto injected = Inject(ShopPod(spec), parsed);
  const JsonTree& resources = injected.Sidecar().At("resources");
  const JsonTree *requests = resources.Find("requests"), *limits = resources.Find("limits");
  return (requests ? requests->Text() : "-") + " " + (limits ? limits->Text() : "-");
}

TEST(SidecarResources, ALimitIsNeverBelowItsRequest) {
  auto given = [](const std::string& resources) {
    return Given(kBurstable, {"\"sidecar\":{}", Asking(resources)});
  };
  EXPECT_EQ(given("{}"), R"({"cpu":"10m","memory":"16Mi"} {"cpu":"200m","memory":"64Mi"})");
  EXPECT_EQ(given(R"({"requests":{"memory":"128Mi"}})"),
            R"({"cpu":"10m","memory":"128Mi"} {"cpu":"200m","memory":"128Mi"})");
  EXPECT_EQ(given(R"({"limits":{"cpu":"5m"}})"),
            R"({"cpu":"5m","memory":"16Mi"} {"cpu":"5m","memory":"64Mi"})");
}

TEST(SidecarResources, TheLargerOfTwoWishesCountsAndADefaultIsNoWish) {
  const std::string big = Asking(R"({"requests":{"memory":"64Mi"},"limits":{"memory":"256Mi"}})");
  const std::string want = R"({"cpu":"10m","memory":"64Mi"} {"cpu":"200m","memory":"256Mi"})";
  EXPECT_EQ(Given(kBurstable, {kCrdDefault, big}), want);
  EXPECT_EQ(Given(kBurstable, {big, kCrdDefault}), want);
  EXPECT_EQ(Given(kBurstable, {"\"sidecar\":{}", big}), want);
  const std::string other = Asking(R"({"requests":{"memory":"32Mi","cpu":"0.5"},)"
                                   R"("limits":{"memory":"1Gi","cpu":"600m"}})");
  const std::string both = R"({"cpu":"0.5","memory":"64Mi"} {"cpu":"600m","memory":"1Gi"})";
  EXPECT_EQ(Given(kBurstable, {big, other}), both);
  EXPECT_EQ(Given(kBurstable, {other, big}), both);
  // One asks for less than the default: that is a wish too.
  EXPECT_EQ(Given(kBurstable, {kCrdDefault, Asking(R"({"limits":{"memory":"32Mi"}})")}),
            R"({"cpu":"10m","memory":"16Mi"} {"cpu":"200m","memory":"32Mi"})");
  // One's request is above the other's limit.
  EXPECT_EQ(
      Given(kBurstable, {Asking(R"({"requests":{"memory":"100Mi"},"limits":{"memory":"100Mi"}})"),
                         Asking(R"({"limits":{"memory":"32Mi"}})")}),
      R"({"cpu":"10m","memory":"100Mi"} {"cpu":"200m","memory":"100Mi"})");
}

TEST(SidecarResources, AGuaranteedPodStaysGuaranteed) {
  const std::string equal = R"("resources":{"requests":{"cpu":"0.05","memory":"32Mi"},)"
                            R"("limits":{"cpu":"50m","memory":"32Mi"}})";
  const std::string limits_alone = R"("resources":{"limits":{"cpu":"50m","memory":"32Mi"}})";
  const std::string pod = R"("initContainers":[{"name":"i",)" + equal +
                          R"(}],"containers":[{"name":"a",)" + equal + R"(},{"name":"b",)" +
                          limits_alone + "}]";
  EXPECT_EQ(Given(pod, {kCrdDefault}),
            R"({"cpu":"100m","memory":"64Mi"} {"cpu":"100m","memory":"64Mi"})");
  EXPECT_EQ(Given(pod, {Asking(R"({"requests":{"cpu":"20m"},"limits":{"cpu":"300m"}})")}),
            R"({"cpu":"300m","memory":"64Mi"} {"cpu":"300m","memory":"64Mi"})");
  EXPECT_EQ(Given(pod, {Asking(R"({"requests":{"memory":"1Gi"}})")}),
            R"({"cpu":"100m","memory":"1Gi"} {"cpu":"100m","memory":"1Gi"})");
  // An init container without is enough to make it Burstable.
  const std::string burstable =
      R"("initContainers":[{"name":"i"}],"containers":[{"name":"a",)" + equal + "}]";
  EXPECT_EQ(Given(burstable, {kCrdDefault}),
            R"({"cpu":"10m","memory":"16Mi"} {"cpu":"200m","memory":"64Mi"})");
}

TEST(SidecarResources, ABestEffortPodStaysBestEffortUnlessSomebodyAsks) {
  const std::string pod = R"("containers":[{"name":"a"},{"name":"b","resources":{}}])";
  EXPECT_EQ(Given(pod, {kCrdDefault, "\"logs\":{\"files\":{\"directory\":\"/l\"}}"}), "- -");
  EXPECT_EQ(Given(pod, {Asking(R"({"limits":{"memory":"32Mi"}})")}),
            R"({"cpu":"10m","memory":"16Mi"} {"cpu":"200m","memory":"32Mi"})");
}

TEST(SidecarResources, WhatThePodHasAsAWholeCoversTheSidecar) {
  const std::string containers =
      R"(,"containers":[{"name":"a","resources":{"requests":{"cpu":"50m","memory":"32Mi"}}}])";
  EXPECT_EQ(Given(R"("resources":{"requests":{"cpu":"50m","memory":"32Mi"},"limits":)"
                  R"({"cpu":"100m","memory":"64Mi"}})" +
                      containers,
                  {kCrdDefault}),
            "- -");
  EXPECT_EQ(Given(R"("resources":{"limits":{"cpu":"1"}})" + containers, {kCrdDefault}),
            R"({"memory":"16Mi"} {"memory":"64Mi"})");
  EXPECT_EQ(
      Given(R"("resources":{"limits":{"cpu":"1"}},"containers":[{"name":"a"}])", {kCrdDefault}),
      R"({"memory":"16Mi"} {"memory":"64Mi"})");
}

}  // namespace
}  // namespace telltale
