// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/status/target_status.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/base/rfc3339.h"
#include "common/text/json_reader.h"
#include "common/text/json_writer.h"
#include "operator/model/decode.h"
#include "operator/plan/status/conditions.h"
#include "operator/plan/status/target_health.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxProblems = 10;
constexpr std::string_view kTime = "lastTransitionTime";

struct OldCondition {
  std::string type, status, time;
};

// A status that somebody else wrote and that cannot be read counts as none.
std::vector<OldCondition> ReadOldConditions(const std::string& status_json) {
  std::vector<OldCondition> conditions;
  if (status_json.empty()) return conditions;
  auto read_condition = [&](JsonValue item) -> Status {
    OldCondition& condition = conditions.emplace_back();
    return decode::Fields(item, [&](std::string_view key, JsonValue member) -> Status {
      if (key == "type") return decode::Text(member, condition.type);
      if (key == "status") return decode::Text(member, condition.status);
      if (key == kTime) return decode::Text(member, condition.time);
      return {};
    });
  };
  JsonParser parser;
  const Status read = parser.Parse(status_json, [&](JsonValue root) -> Status {
    return decode::Fields(root, [&](std::string_view key, JsonValue member) -> Status {
      return key == "conditions" ? decode::Elements(member, read_condition) : Status();
    });
  });
  if (!read.ok()) conditions.clear();
  return conditions;
}

std::string TransitionTime(const std::vector<OldCondition>& old, const Condition& condition,
                           std::int64_t now_nanos) {
  const auto it = std::ranges::find(old, condition.type, &OldCondition::type);
  const bool same = it != old.end() && it->status == StateName(condition.state);
  return same && ParseRfc3339(it->time) ? it->time : FormatRfc3339(now_nanos);
}

void WriteConditions(const StatusInput& input, const TargetHealth& health, JsonWriter& writer) {
  const auto old = ReadOldConditions(input.matched.target->status_json);
  writer.Key("conditions").BeginArray();
  for (const auto& condition : MakeConditions(input, health)) {
    writer.BeginObject().Field("type", condition.type);
    writer.Field("status", StateName(condition.state));
    writer.Key("observedGeneration").Int(input.matched.target->meta.generation);
    writer.Field("reason", Info(condition.reason).code).Field("message", condition.message);
    writer.Field(kTime, TransitionTime(old, condition, input.now_nanos)).EndObject();
  }
  writer.EndArray();
}

void WriteProblems(const TargetHealth& health, JsonWriter& writer) {
  writer.Key("problemsCount").Int(static_cast<std::int64_t>(health.problems.size()));
  writer.Key("problems").BeginArray();
  for (std::size_t i = 0; i < std::min(kMaxProblems, health.problems.size()); ++i) {
    const TargetProblem& problem = health.problems[i];
    writer.BeginObject().Field("pod", problem.pod).Field("endpoint", problem.endpoint);
    writer.Field("reason", Info(problem.reason).code).Field("message", problem.message);
    writer.EndObject();
  }
  writer.EndArray();
}

// The same text for the same content: members sorted, the API server sorts them too, and no times.
Status Canonical(JsonValue value, std::string& out);

Status CanonicalObject(JsonValue value, std::string& out) {
  std::vector<std::pair<std::string, std::string>> members;
  TELLTALE_TRY(value.ForEachField([&](std::string_view key, JsonValue member) -> Status {
    if (key == kTime) return {};
    auto& entry = members.emplace_back();
    AppendJsonString(key, entry.first);
    return Canonical(member, entry.second);
  }));
  std::ranges::sort(members);
  out.push_back('{');
  for (const auto& [key, text] : members) out.append(key).append(":").append(text).append(",");
  out.push_back('}');
  return {};
}

Status Canonical(JsonValue value, std::string& out) {
  const auto type = value.type();
  if (type == JsonValue::Type::kObject) return CanonicalObject(value, out);
  if (type == JsonValue::Type::kArray) {
    out.push_back('[');
    TELLTALE_TRY(value.ForEachElement([&](JsonValue item) -> Status {
      TELLTALE_TRY(Canonical(item, out));
      out.push_back(',');
      return {};
    }));
    out.push_back(']');
    return {};
  }
  if (type == JsonValue::Type::kString) {
    const auto text = value.String();
    if (!text) return Fail(Code::kInvalid, "a string is malformed");
    AppendJsonString(*text, out);
    return {};
  }
  const auto raw = value.Raw();
  if (!raw) return Fail(Code::kInvalid, "a value is malformed");
  out.append(Trim(*raw));
  return {};
}

std::optional<std::string> Canonical(const std::string& json) {
  std::string out;
  JsonParser parser;
  const Status read = parser.Parse(json, [&](JsonValue root) { return Canonical(root, out); });
  if (!read.ok()) return std::nullopt;
  return out;
}

}  // namespace

void PrometheusView::Add(std::string_view target_key, std::string_view pod_uid,
                         std::string_view endpoint, ScrapeReport report) {
  if (endpoint == kSidecarEndpoint) {
    ScrapeReport& shared = sidecars[std::string(pod_uid)];
    if (!shared.scraped) shared = report;  // of two owners, the one that was scraped knows more
  }
  std::string key(target_key);
  key.append("|").append(pod_uid).append("|").append(endpoint);
  reports[std::move(key)] = std::move(report);
}

std::string RenderTargetStatus(const StatusInput& input) {
  const TargetHealth health = Assess(input);
  std::string json;
  JsonWriter writer(&json);
  writer.BeginObject();
  writer.Key("observedGeneration").Int(input.matched.target->meta.generation);
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

bool StatusDiffers(const std::string& old_json, const std::string& new_json) {
  const auto before = Canonical(old_json);
  return !before || before != Canonical(new_json);
}

}  // namespace telltale
