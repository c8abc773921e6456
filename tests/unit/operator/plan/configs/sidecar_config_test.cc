// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/sidecar_config.h"

#include <gtest/gtest.h>

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

TEST(PlanSidecarConfigs, AsksForTheContainersOutputInPlaceOfFiles) {
  const auto target = ParseTarget(
      R"({"metadata":{"name":"t","namespace":"shop"},"spec":{"selector":{"matchAll":true},)"
      R"("logs":{"source":"Stdout","collector":"Sidecar","labels":{"team":"web"}}}})");
  World world;
  world.targets = {target};
  const auto configs = PlanSidecarConfigs(world, {"http://loki"});
  EXPECT_NE(configs.at("shop")
                .at("shop.t.json")
                .find(R"("logs":[{"stdout":{},"labels":{"team":"web"}}])"),
            std::string::npos)
      << configs.at("shop").at("shop.t.json");
}

TEST(PlanSidecarConfigs, AsksForTheOutputOfTheChosenContainers) {
  World world;
  world.targets = {ParseTarget(
      R"({"metadata":{"name":"t","namespace":"shop"},"spec":{"selector":{"matchAll":true},)"
      R"("logs":{"source":"Stdout","collector":"Sidecar",)"
      R"("containers":{"include":["app-1","2"],"exclude":["istio-proxy"]}}}})")};
  const std::string text = PlanSidecarConfigs(world, {"http://loki"}).at("shop").at("shop.t.json");
  EXPECT_NE(text.find(R"({"stdout":{"include":["app-1","2"],"exclude":["istio-proxy"]},)"),
            std::string::npos)
      << text;
}

TEST(PlanSidecarConfigs, PollsAskThePodsLoopbackAndFilesAreReadInTheirFolder) {
  World world;
  world.targets = {ParseTarget(
      R"({"metadata":{"name":"t","namespace":"shop"},"spec":{"selector":{"matchAll":true},)"
      R"("sidecar":{"collectors":[],"textfile":{"directory":"/metrics","maxAge":"1h"},"http":[)"
      R"({"name":"a","port":80},{"name":"b","port":443,"path":"/x","scheme":"https",)"
      R"("insecureSkipVerify":true,"interval":"30s","status":[204],"body":"ok"}]}}})")};
  const std::string config = PlanSidecarConfigs(world, {""}).at("shop").at("shop.t.json");
  EXPECT_NE(config.find(R"("collectors":{"http":{"polls":[)"
                        R"({"name":"a","url":"http://localhost:80/","timeout":"5s"},)"
                        R"({"name":"b","url":"https://localhost:443/x","interval":"30s",)"
                        R"("timeout":"5s","status":[204],"body":"ok",)"
                        R"("tls":{"insecureSkipVerify":true}}]},)"
                        R"("textfile":{"directory":"/metrics","maxAge":"1h"}}})"),
            std::string::npos)
      << config;
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

TEST(PlanSidecarConfigs, NamesTheTenantAndTheFolderOfTheSecretAndNoSecret) {
  const std::string text =
      Rendered({.loki_url = "https://loki", .loki_tenant = "blue", .loki_credentials = true});
  EXPECT_NE(text.find("\"tenant\": \"blue\""), std::string::npos);
  EXPECT_NE(text.find("\"credentials\": \"/etc/telltale/loki\""), std::string::npos);
  EXPECT_EQ(Rendered({.loki_url = "https://loki"}).find("credentials"), std::string::npos);
}

}  // namespace
}  // namespace telltale
