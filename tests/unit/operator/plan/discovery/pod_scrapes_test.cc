// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/discovery/pod_scrapes.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "operator/plan/discovery/port_resolver.h"
#include "operator/plan/duration_text.h"
#include "tests/fakes/whole_plan.h"
#include "tests/unit/operator/plan/golden.h"
#include "tests/unit/operator/plan/world_file.h"

namespace telltale {
namespace {

std::vector<ScrapeTarget> PlanOf(const std::string& golden) {
  const auto file = ParseWorld(ReadGolden(golden));
  return PlanScrapes(MatchAll(file.world, file.pods));
}

TEST(PlanScrapes, GivesOneGroupPerPodAndEndpoint) {
  ExpectGolden("sd/mixed.json", PrettyJson(RenderHttpSd(PlanOf("sd/mixed.world.json"))));
}

TEST(PlanScrapes, AnEmptyClusterIsAnEmptyList) { EXPECT_EQ(WholeDocument(World(), {}), "[]"); }

TEST(PlanScrapes, TargetsAreGroupedByResourceInTheOrderOfTheirKeys) {
  const auto plan = PlanOf("sd/mixed.world.json");
  EXPECT_TRUE(std::ranges::is_sorted(plan, {}, &ScrapeTarget::target_key));
}

TEST(PlanScrapes, OnePodHasOneSidecarHoweverManyResourcesWantIt) {
  const auto plan = PlanOf("sd/mixed.world.json");
  EXPECT_EQ(std::ranges::count(plan, "sidecar", &ScrapeTarget::endpoint), 1);
}

TEST(PlanScrapes, PagesOfOneAddressAreDifferentInstances) {
  const auto file = ParseWorld(R"({"targets":[{"metadata":{"name":"t","namespace":"n"},"spec":{
    "selector":{"matchAll":true},"metrics":{"endpoints":[{"port":80},{"port":80,"path":"/b"},
      {"port":80,"params":{"x":"1","y":"2"}},{"port":80},{"port":81,"path":"/b"}]}}}],
    "pods":[{"metadata":{"name":"p","namespace":"n","uid":"u"},"spec":{"containers":[{"name":"c"}]},
      "status":{"phase":"Running","podIP":"10.0.0.1"}}]})");
  std::vector<std::string> instances;
  for (const auto& target : PlanScrapes(MatchAll(file.world, file.pods))) {
    const std::string* instance = FindLabel(target.labels, "instance");
    instances.push_back(instance ? *instance : "(" + target.address + ")");
  }
  EXPECT_EQ(instances, (std::vector<std::string>{"(10.0.0.1:80)", "10.0.0.1:80/b",
                                                 "10.0.0.1:80/metrics?x=1&y=2", "(10.0.0.1:81)"}));
}

std::shared_ptr<const Pod> PodWithPorts() {
  return ParsePod(R"({"metadata":{"name":"p","namespace":"n"},"spec":{
    "initContainers":[{"name":"setup","ports":[{"name":"setup","containerPort":1}]},
      {"name":"telltale-sidecar","restartPolicy":"Always","ports":[{"name":"telltale","containerPort":9847}]}],
    "containers":[{"name":"a","ports":[{"name":"http","containerPort":80}]},
      {"name":"b","ports":[{"name":"http","containerPort":81},{"containerPort":9090}]}]}})");
}

ResolvedPort Resolve(const std::string& name, int number, const std::string& container = "") {
  Endpoint endpoint;
  endpoint.port = {name, number};
  endpoint.container = container;
  return ResolvePort(PodWithPorts()->containers, endpoint);
}

TEST(ResolvePort, FindsANameInAnyContainerThatKeepsRunning) {
  EXPECT_EQ(Resolve("http", 0).number, 80);
  EXPECT_EQ(Resolve("http", 0, "b").number, 81);
  EXPECT_EQ(Resolve("http", 0, "b").container, "b");
  EXPECT_EQ(Resolve("setup", 0).number, 0);
  EXPECT_EQ(Resolve("telltale", 0).number, 0);
  EXPECT_EQ(Resolve("telltale", 0, "telltale-sidecar").number, 9847);
}

TEST(ResolvePort, ANumberNeedsNoDeclarationAndBelongsToWhoDeclaresIt) {
  EXPECT_EQ(Resolve("", 9090).container, "b");
  EXPECT_EQ(Resolve("", 1234).number, 1234);
  EXPECT_EQ(Resolve("", 1234).container, "a");
  EXPECT_EQ(Resolve("", 80, "b").container, "b");
}

TEST(ResolvePort, SaysWhichPortsAndContainersThereAre) {
  EXPECT_EQ(Resolve("web", 0).missing,
            "has no TCP port named web; it declares: http (80), http (81), 9090");
  EXPECT_EQ(Resolve("web", 0, "a").missing,
            "has no TCP port named web in container a; it declares: http (80)");
  EXPECT_EQ(Resolve("", 80, "c").missing, "has no container c that keeps running; it has: a, b");
}

TEST(DurationText, IsWhatPrometheusAndGoRead) {
  EXPECT_EQ(DurationText(15'000), "15s");
  EXPECT_EQ(DurationText(90'000), "1m30s");
  EXPECT_EQ(DurationText(1'500), "1s500ms");
  EXPECT_EQ(DurationText(3'600'000), "1h");
  EXPECT_EQ(DurationText(90'061'001), "25h1m1s1ms");
  EXPECT_EQ(DurationText(0), "0s");
}

}  // namespace
}  // namespace telltale
