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

}  // namespace
}  // namespace telltale
