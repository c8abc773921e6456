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
  std::vector<std::shared_ptr<const MonitoringTarget>> targets;
  for (const auto* directory : {"/var/log/shop", "/data/logs"}) {
    auto target = std::make_shared<MonitoringTarget>();
    target->logs.emplace();
    target->logs->directory = directory;
    targets.push_back(target);
  }
  return targets;
}

}  // namespace

void FuzzOne(std::string_view text) {
  static const auto targets = MakeTargets();
  static const InjectionOptions options{"example.test/sidecar:1", "IfNotPresent"};
  const auto answer =
      AnswerAdmission(text, options, [](const std::string&, const Labels&) { return targets; });
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
