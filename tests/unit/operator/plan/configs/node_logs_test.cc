// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/node_logs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace telltale {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

NodeLogPod PodOf(const std::string& name) {
  auto target = std::make_shared<MonitoringTarget>();
  target->meta.ns = "shop";
  target->meta.name = "out";
  target->meta.generation = 7;
  target->logs.emplace().collector = LogsSpec::Collector::kNode;
  NodeLogPod made{target, {}};
  made.pod.meta.ns = "shop";
  made.pod.meta.name = name;
  made.pod.meta.uid = "u-" + name;
  made.pod.containers = {{.name = "app", .ports = {}},
                         {.name = "setup", .init = true, .ports = {}}};
  return made;
}

TEST(RenderNodeLogs, ATargetOfSeveralPodsIsThereOnce) {
  NodeLogPod first = PodOf("a"), second = PodOf("b");
  second.target = first.target;
  const std::string json = RenderNodeLogs({first, second, PodOf("c")});
  EXPECT_THAT(json, HasSubstr(R"("uid":"u-b","app":"","target":0,)"));
  EXPECT_THAT(json, HasSubstr(R"("uid":"u-c","app":"","target":1,)"));
}

TEST(RenderNodeLogs, TheGenerationIsThereSoThatTheAgentCanSayWhichOneItRuns) {
  EXPECT_THAT(RenderNodeLogs({PodOf("a")}), HasSubstr(R"({"name":"shop/out","generation":7,)"));
}

TEST(RenderNodeLogs, InitContainersAreReadToo) {
  EXPECT_THAT(RenderNodeLogs({PodOf("a")}), HasSubstr(R"("containers":["app","setup"])"));
}

TEST(RenderNodeLogs, EachContainerBelongsToTheFirstTargetThatReadsIt) {
  NodeLogPod first = PodOf("a"), second = PodOf("a"), third = PodOf("a"), other = PodOf("b");
  const auto choose = [](NodeLogPod& each, const std::string& name,
                         std::vector<std::string> include, std::vector<std::string> exclude) {
    auto target = std::make_shared<MonitoringTarget>(*each.target);
    target->meta.name = name;
    target->logs->containers = std::move(include);
    target->logs->exclude_containers = std::move(exclude);
    each.target = target;
    each.pod.containers.push_back({.name = "istio-proxy", .ports = {}});
  };
  choose(first, "1", {"setup", "elsewhere"}, {});
  choose(second, "2", {}, {"istio-proxy"});
  choose(third, "3", {}, {});
  choose(other, "4", {"app"}, {"app"});
  const std::string json = RenderNodeLogs({first, second, third, other});
  EXPECT_THAT(json, HasSubstr(R"("target":0,"containers":["setup"])"));
  EXPECT_THAT(json, HasSubstr(R"("target":1,"containers":["app"])"));
  EXPECT_THAT(json, HasSubstr(R"("target":2,"containers":["istio-proxy"])"));
  EXPECT_THAT(json, HasSubstr(R"("uid":"u-b","app":"","target":3,"containers":[])"));
}

TEST(RenderNodeLogs, ATargetMayHaveATenantOfItsOwn) {
  EXPECT_THAT(RenderNodeLogs({PodOf("a")}), Not(HasSubstr("tenant")));
  auto target = std::make_shared<MonitoringTarget>(*PodOf("a").target);
  target->logs->tenant = "team-a";
  EXPECT_THAT(RenderNodeLogs({{target, {}}}),
              HasSubstr(R"("labels":{},"tenant":"team-a","pipeline")"));
}

TEST(RenderNodeLogs, AStaticPodHasTheUidOfItsFolder) {
  NodeLogPod each = PodOf("etcd-n1");
  each.pod.meta.annotations = {{std::string(kMirrorAnnotation), "0a1b2c"}};
  EXPECT_THAT(RenderNodeLogs({each}), HasSubstr(R"("uid":"0a1b2c")"));
}

}  // namespace
}  // namespace telltale
