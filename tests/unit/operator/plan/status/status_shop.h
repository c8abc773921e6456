// SPDX-License-Identifier: Apache-2.0
//
// One MonitoringTarget n/t and its pods, for tests of its status.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

#include "common/base/rfc3339.h"
#include "operator/plan/status/target_status.h"
#include "tests/fakes/whole_plan.h"
#include "tests/unit/operator/plan/json_tree.h"
#include "tests/unit/operator/plan/world_file.h"

namespace telltale {

inline constexpr std::string_view kNow = "2026-11-20T12:00:00Z";

// A shop with a given number of pods that have the sidecar, and what Prometheus says.
inline WorldFile Shop(const std::string& spec, const std::string& pods,
                      const std::string& prometheus, const std::string& status = "null") {
  return ParseWorld(
      R"({"targets":[{"metadata":{"name":"t","namespace":"n","generation":1},"spec":{)"
      R"("selector":{"matchLabels":{"app":"x"}},)" +
      spec + R"(},"status":)" + status + R"(}],"pods":[)" + pods + R"(],"prometheus":)" +
      prometheus + "}");
}

inline std::string RunningPod(const std::string& name, const std::string& metadata = "",
                              bool sidecar = true) {
  return R"({"metadata":{"name":")" + name + R"(","namespace":"n","uid":"u-)" + name +
         R"(","labels":{"app":"x"})" + metadata + R"(},"spec":{"nodeName":"node",)" +
         (sidecar ? R"("initContainers":[{"name":"telltale-sidecar","restartPolicy":"Always"}],)"
                  : std::string()) +
         R"("containers":[{"name":"c","ports":[{"name":"http","containerPort":80}]}]},)"
         R"("status":{"phase":"Running","podIP":"10.0.0.1"}})";
}

inline const std::string kMetrics = R"("metrics":{"endpoints":[{"port":"http"}]})";

// "True/Up" for a condition.
inline std::string State(const std::string& status, const std::string& type) {
  const JsonTree tree = ParseTree(status);
  for (const auto& [none, condition] : tree.At("conditions").items) {
    if (condition.At("type").scalar != "\"" + type + "\"") continue;
    const std::string state = condition.At("status").scalar, reason = condition.At("reason").scalar;
    EXPECT_GT(condition.At("message").scalar.size(), 10u);
    return state.substr(1, state.size() - 2) + "/" + reason.substr(1, reason.size() - 2);
  }
  return "absent";
}

inline std::string Pods(const std::string& status) { return ParseTree(status).At("pods").Text(); }

inline std::string StatusWith(const WorldFile& file, ConfigState config, bool promtail = false) {
  const auto matched = MatchAll(file.world, file.pods);
  const auto pods = ViewsOf(matched[0].pods);
  return RenderTargetStatus({*matched[0].target,
                             pods,
                             file.view,
                             file.world.trusted_namespaces,
                             ParseRfc3339(kNow).value(),
                             std::move(config),
                             {.writes_config = true, .promtail = promtail}});
}

inline std::string Observed(const std::string& status) {
  const JsonTree tree = ParseTree(status);
  for (const auto& [none, condition] : tree.At("conditions").items) {
    EXPECT_EQ(condition.At("observedGeneration").scalar, tree.At("observedGeneration").scalar);
  }
  return tree.At("observedGeneration").scalar;
}

}  // namespace telltale
