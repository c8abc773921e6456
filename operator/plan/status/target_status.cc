// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/status/target_status.h"

#include <algorithm>
#include <vector>

#include "common/base/rfc3339.h"
#include "common/text/json_writer.h"
#include "operator/plan/status/conditions.h"
#include "operator/plan/status/status_compare.h"
#include "operator/plan/status/target_health.h"

namespace telltale {
namespace {

constexpr std::string_view kTime = "lastTransitionTime";

std::string TransitionTime(const std::vector<StatusCondition>& old, const Condition& condition,
                           std::int64_t now_nanos) {
  const auto it = std::ranges::find(old, condition.type, &StatusCondition::type);
  const bool same = it != old.end() && it->status == StateName(condition.state);
  return same && ParseRfc3339(it->time) ? it->time : FormatRfc3339(now_nanos);
}

void WriteConditions(const StatusInput& input, const TargetHealth& health, JsonWriter& writer) {
  const auto old = ReadConditions(input.target.status_json);
  writer.Key("conditions").BeginArray();
  for (const auto& condition : MakeConditions(input, health)) {
    writer.BeginObject().Field("type", condition.type);
    writer.Field("status", StateName(condition.state));
    writer.Key("observedGeneration").Int(input.target.meta.generation);
    writer.Field("reason", Info(condition.reason).code).Field("message", condition.message);
    writer.Field(kTime, TransitionTime(old, condition, input.now_nanos)).EndObject();
  }
  writer.EndArray();
}

void WriteProblems(const TargetHealth& health, JsonWriter& writer) {
  writer.Key("problemsCount").Int(static_cast<std::int64_t>(health.problems_count));
  writer.Key("problems").BeginArray();
  for (std::size_t i = 0; i < std::min(kShownProblems, health.problems.size()); ++i) {
    const TargetProblem& problem = health.problems[i];
    writer.BeginObject().Field("pod", problem.pod).Field("endpoint", problem.endpoint);
    writer.Field("reason", Info(problem.reason).code).Field("message", problem.message);
    writer.EndObject();
  }
  writer.EndArray();
}

}  // namespace

std::string RenderTargetStatus(const StatusInput& input) {
  const TargetHealth health = Assess(input);
  std::string json;
  JsonWriter writer(&json);
  writer.BeginObject();
  writer.Key("observedGeneration").Int(input.target.meta.generation);
  WriteConditions(input, health, writer);
  writer.Key("pods").BeginObject();
  writer.Key("matched").Int(health.matched).Key("injected").Int(health.injected);
  // What Prometheus did not say is left out, which removes it (server-side apply): a zero would be
  // a statement.
  if (input.view.known) {
    writer.Key("up").Int(health.up).Key("down").Int(health.down);
    writer.Key("logging").Int(health.logging);
  }
  writer.EndObject();
  WriteProblems(health, writer);
  writer.EndObject();
  return json;
}

}  // namespace telltale
