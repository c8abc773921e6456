// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/status/target_status.h"

#include <algorithm>
#include <vector>

#include "common/base/cut_text.h"
#include "common/base/rfc3339.h"
#include "common/text/json_writer.h"
#include "operator/plan/status/conditions.h"
#include "operator/plan/status/resource_checks.h"
#include "operator/plan/status/status_compare.h"
#include "operator/plan/status/target_health.h"

namespace telltale {
namespace {

constexpr std::string_view kTime = "lastTransitionTime";
// Of the CRD's 4,096 for a problem.
constexpr std::size_t kMaxMessage = 2'048;

std::string TransitionTime(const std::vector<StatusCondition>& old, const Condition& condition,
                           std::int64_t now_nanos) {
  const auto it = std::ranges::find(old, condition.type, &StatusCondition::type);
  const bool same = it != old.end() && it->status == StateName(condition.state);
  return same && ParseRfc3339(it->time) ? it->time : FormatRfc3339(now_nanos);
}

void WriteConditions(const StatusInput& input, const TargetHealth& health, JsonWriter& writer) {
  const auto old = ReadConditions(input.target.status_json);
  const std::int64_t generation = TakenGeneration(input);
  writer.Key("conditions").BeginArray();
  for (const auto& condition : MakeConditions(input, health)) {
    writer.BeginObject().Field("type", condition.type);
    writer.Field("status", StateName(condition.state));
    writer.Key("observedGeneration").Int(generation);
    writer.Field("reason", Info(condition.reason).code);
    writer.Field("message", CutText(condition.message, kMaxMessage));
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
    writer.Field("reason", Info(problem.reason).code);
    writer.Field("message", CutText(problem.message, kMaxMessage));
    writer.EndObject();
  }
  writer.EndArray();
}

}  // namespace

bool HaveFinished(const StatusInput& input) {
  if (input.finished > 0 || input.runs_jobs) return true;
  // What a process before this one knew.
  const auto old = ReadConditions(input.target.status_json);
  const auto ready = std::ranges::find(old, "Ready", &StatusCondition::type);
  return ready != old.end() && ready->status == "True" && ready->message == kJobsFinished &&
         ObservedGeneration(input.target.status_json) == input.target.meta.generation;
}

std::int64_t TakenGeneration(const StatusInput& input) {
  const std::int64_t newest = input.target.meta.generation;
  if (!ConfigMissing(input)) return newest;
  const std::int64_t old = ObservedGeneration(input.target.status_json);
  return old <= newest ? old : 0;
}

std::string RenderTargetStatus(const StatusInput& input, std::int64_t* look_again) {
  const TargetHealth health = Assess(input);
  if (look_again) *look_again = health.look_again;
  std::string json;
  JsonWriter writer(&json);
  writer.BeginObject();
  writer.Key("observedGeneration").Int(TakenGeneration(input));
  WriteConditions(input, health, writer);
  writer.Key("pods").BeginObject();
  writer.Key("matched").Int(health.matched).Key("injected").Int(health.injected);
  if (health.outdated > 0) writer.Key("outdated").Int(health.outdated);
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
