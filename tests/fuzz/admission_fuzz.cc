// SPDX-License-Identifier: Apache-2.0
//
// What the API server, or whoever reaches the port, posts to the webhook: the answer is always an
// AdmissionReview that allows, or an error.
#include "common/base/check.h"
#include "operator/plan/injection/sidecar_patch.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {
namespace {

std::vector<std::shared_ptr<const MonitoringTarget>> MakeTargets() {
  std::vector<std::shared_ptr<MonitoringTarget>> targets;
  for (const auto* directory : {"/var/log/shop", "/data/logs"}) {
    auto target = std::make_shared<MonitoringTarget>();
    target->logs.emplace();
    target->logs->directory = directory;
    targets.push_back(target);
  }
  targets.front()->sidecar.emplace();
  return {targets.begin(), targets.end()};
}

// Whatever resources the pod says it has are fitted into this.
NamespaceRules MakeRules() {
  LimitRangeItem container, pod;
  container.min = {{"cpu", "5m"}};
  container.max = {{"cpu", "2"}, {"memory", "1Gi"}};
  container.max_ratio = {{"cpu", "3"}};
  container.default_limits = {{"example.com/device", "1"}};
  pod.of_pod = true;
  pod.max = {{"cpu", "4"}, {"ephemeral-storage", "1Gi"}};
  auto range = std::make_shared<LimitRange>();
  range->items = {container, pod};
  return {.limits = {range}};
}

}  // namespace

void FuzzOne(std::string_view text) {
  static const auto targets = MakeTargets();
  static const InjectionOptions options{"example.test/sidecar:1", "IfNotPresent", "loki", {"pull"}};
  static const NamespaceRules rules = MakeRules();
  const auto answer = AnswerAdmission(
      text, options, [](const std::string&, const Labels&) { return targets; },
      [](const std::string&) { return rules; });
  if (!answer.ok()) return;
  bool allowed = false;
  JsonParser parser;
  const Status read = parser.Parse(answer->body, [&](JsonValue root) {
    return root.ForEachField([&](std::string_view key, JsonValue member) -> Status {
      if (key != "response") return {};
      return member.ForEachField([&](std::string_view name, JsonValue value) -> Status {
        if (name == "allowed") allowed = value.Bool().value_or(false);
        return {};
      });
    });
  });
  TELLTALE_CHECK(read.ok() && allowed);
}

}  // namespace telltale
