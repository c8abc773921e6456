// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/status/status_compare.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "common/base/strings.h"
#include "common/text/json_reader.h"
#include "common/text/json_writer.h"
#include "operator/model/decode.h"

namespace telltale {
namespace {

constexpr std::string_view kTime = "lastTransitionTime";
constexpr std::array<std::string_view, 5> kOurMembers = {"observedGeneration", "conditions", "pods",
                                                         "problemsCount", "problems"};
constexpr std::array<std::string_view, 6> kOurConditions = {"\"Accepted\"",    "\"Discovered\"",
                                                            "\"Injected\"",    "\"Scraped\"",
                                                            "\"LogsFlowing\"", "\"Ready\""};

template <class Names>
bool Has(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

using Members = std::vector<std::pair<std::string, std::string>>;

// The same text for the same content: members sorted, the API server sorts them too, and no times.
Status Canonical(JsonValue value, std::string& out);

Status ReadMembers(JsonValue value, Members& members) {
  TELLTALE_TRY(value.ForEachField([&](std::string_view key, JsonValue member) -> Status {
    if (key == kTime) return {};
    auto& entry = members.emplace_back();
    AppendJsonString(key, entry.first);
    return Canonical(member, entry.second);
  }));
  std::ranges::sort(members);
  return {};
}

void WriteMembers(const Members& members, std::string& out) {
  out.push_back('{');
  for (const auto& [key, text] : members) out.append(key).append(":").append(text).append(",");
  out.push_back('}');
}

Status Canonical(JsonValue value, std::string& out) {
  const auto type = value.type();
  if (type == JsonValue::Type::kObject) {
    Members members;
    TELLTALE_TRY(ReadMembers(value, members));
    WriteMembers(members, out);
    return {};
  }
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

// The list of conditions without those of others; a list-map keeps no order of ours.
Status CanonicalConditions(JsonValue value, std::string& out) {
  std::vector<std::string> conditions;
  TELLTALE_TRY(value.ForEachElement([&](JsonValue item) -> Status {
    Members members;
    TELLTALE_TRY(ReadMembers(item, members));
    const auto type = std::ranges::find(members, "\"type\"", &Members::value_type::first);
    if (type == members.end() || !Has(kOurConditions, type->second)) return {};
    WriteMembers(members, conditions.emplace_back());
    return {};
  }));
  std::ranges::sort(conditions);
  for (const auto& condition : conditions) out.append(condition).append(",");
  return {};
}

std::optional<std::string> CanonicalStatus(const std::string& json) {
  std::string out;
  JsonParser parser;
  const Status read = parser.Parse(json, [&](JsonValue root) -> Status {
    Members members;
    TELLTALE_TRY(root.ForEachField([&](std::string_view key, JsonValue member) -> Status {
      if (!Has(kOurMembers, key)) return {};
      auto& entry = members.emplace_back(key, "");
      return key == "conditions" ? CanonicalConditions(member, entry.second)
                                 : Canonical(member, entry.second);
    }));
    std::ranges::sort(members);
    WriteMembers(members, out);
    return {};
  });
  if (!read.ok()) return std::nullopt;
  return out;
}

}  // namespace

std::vector<StatusCondition> ReadConditions(const std::string& status_json) {
  std::vector<StatusCondition> conditions;
  if (status_json.empty()) return conditions;
  const auto read_condition = [&](JsonValue item) -> Status {
    StatusCondition& condition = conditions.emplace_back();
    return decode::Fields(item, [&](std::string_view key, JsonValue member) -> Status {
      if (key == "type") return decode::Text(member, condition.type);
      if (key == "status") return decode::Text(member, condition.status);
      if (key == "reason") return decode::Text(member, condition.reason);
      if (key == "message") return decode::Text(member, condition.message);
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

bool StatusDiffers(const std::string& old_json, const std::string& new_json) {
  const auto before = CanonicalStatus(old_json);
  return !before || before != CanonicalStatus(new_json);
}

std::vector<ConditionChange> ConditionChanges(const std::string& old_json,
                                              const std::string& new_json) {
  const auto before = ReadConditions(old_json);
  std::vector<ConditionChange> changes;
  for (auto& now : ReadConditions(new_json)) {
    const auto old = std::ranges::find(before, now.type, &StatusCondition::type);
    std::string old_status = old == before.end() ? "" : old->status;
    if (old_status == now.status) continue;
    changes.push_back({std::move(now.type), std::move(now.status), std::move(now.reason),
                       std::move(now.message), std::move(old_status)});
  }
  return changes;
}

std::vector<ConditionChange> WorthTelling(const std::vector<ConditionChange>& changes) {
  std::vector<ConditionChange> told;
  const auto ready = std::ranges::find(changes, "Ready", &ConditionChange::type);
  const bool has_ready = ready != changes.end();
  if (has_ready && (ready->status != "Unknown" || ready->old_status == "True")) {
    told.push_back(*ready);
  }
  for (const auto& change : changes) {
    if (change.type == "Ready" || change.status != "False") continue;
    if (has_ready && change.reason == ready->reason) continue;
    told.push_back(change);
    break;
  }
  return told;
}

std::int64_t ObservedGeneration(const std::string& status_json) {
  std::int64_t generation = 0;
  if (status_json.empty()) return generation;
  JsonParser parser;
  const Status read = parser.Parse(status_json, [&](JsonValue root) -> Status {
    return decode::Fields(root, [&](std::string_view key, JsonValue member) -> Status {
      return key == "observedGeneration" ? decode::Whole(member, generation) : Status();
    });
  });
  return read.ok() ? generation : 0;
}

}  // namespace telltale
