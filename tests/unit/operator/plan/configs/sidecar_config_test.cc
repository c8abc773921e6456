// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/sidecar_config.h"

#include <gtest/gtest.h>

#include "operator/plan/configs/world_digest.h"
#include "tests/unit/operator/plan/golden.h"
#include "tests/unit/operator/plan/world_file.h"

namespace telltale {
namespace {

std::string Rendered(const SidecarConfigOptions& options) {
  const auto file = ParseWorld(ReadGolden("sidecar/mixed.world.json"));
  std::string text;
  for (const auto& [ns, keys] : PlanSidecarConfigs(file.world, options)) {
    text += "# namespace " + ns + "\n";
    for (const auto& [key, json] : keys) text += "## " + key + "\n" + PrettyJson(json);
  }
  return text;
}

TEST(PlanSidecarConfigs, HasOneKeyPerTargetInEachNamespaceItLooksInto) {
  ExpectGolden("sidecar/mixed.txt", Rendered({"http://telltale-loki.telltale.svc:3100"}));
}

TEST(PlanSidecarConfigs, ShipsNoLogsWithoutALoki) {
  const std::string text = Rendered({""});
  EXPECT_EQ(text.find("loki"), std::string::npos);
  EXPECT_EQ(text.find("/var/log/shop"), std::string::npos);
  EXPECT_NE(text.find("collectors"), std::string::npos);
}

TEST(PlanSidecarConfig, OfEachNamespaceIsItsPartOfThePlanOfAll) {
  const auto file = ParseWorld(ReadGolden("sidecar/mixed.world.json"));
  const SidecarConfigOptions options = {"http://loki"};
  auto all = PlanSidecarConfigs(file.world, options);
  ASSERT_FALSE(all.empty());
  std::vector<std::string> names = {"no-such-namespace"};
  for (const auto& ns : file.world.namespaces) names.push_back(ns->meta.name);
  for (const auto& [ns, keys] : all) names.push_back(ns);
  for (const auto& ns : names) EXPECT_EQ(PlanSidecarConfig(file.world, ns, options), all[ns]) << ns;
}

TEST(WorldDigest, FollowsSpecsAndNamespacesAndNotStatuses) {
  auto file = ParseWorld(ReadGolden("sidecar/mixed.world.json"));
  const std::uint64_t before = WorldDigest(file.world);
  const auto with_first = [&](auto change) {
    World world = file.world;
    auto target = std::make_shared<MonitoringTarget>(*world.targets.front());
    change(*target);
    world.targets.front() = target;
    return WorldDigest(world);
  };
  EXPECT_EQ(with_first([](auto& target) { target.status_json = "{}"; }), before);
  EXPECT_EQ(with_first([](auto& target) { target.meta.resource_version = "99"; }), before);
  EXPECT_NE(with_first([](auto& target) { ++target.meta.generation; }), before);
  EXPECT_NE(with_first([](auto& target) { target.meta.uid += "x"; }), before);
  World fewer = file.world;
  fewer.targets.pop_back();
  EXPECT_NE(WorldDigest(fewer), before);
  World labelled = file.world;
  auto ns = std::make_shared<Namespace>();
  ns->meta.name = "zzz";
  labelled.namespaces.push_back(ns);
  const std::uint64_t with_namespace = WorldDigest(labelled);
  EXPECT_NE(with_namespace, before);
  ns->meta.labels = {{"a", "b"}};
  EXPECT_NE(WorldDigest(labelled), with_namespace);
}

}  // namespace
}  // namespace telltale
