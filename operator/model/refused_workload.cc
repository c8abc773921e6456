// SPDX-License-Identifier: Apache-2.0
#include "operator/model/refused_workload.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "operator/model/decode.h"
#include "operator/model/object_meta.h"
#include "operator/model/workload_parts.h"

namespace telltale {
namespace {

struct Kind {
  std::string_view name, group, plural;
};
constexpr std::array kKinds = {Kind{"StatefulSet", "apps", "statefulsets"},
                               Kind{"DaemonSet", "apps", "daemonsets"},
                               Kind{"Job", "batch", "jobs"}};

struct Event {
  RefusedWorkload about;
  std::string time;  // in one form, so that times are ordered as their texts
  std::string reason;
};

// Micro-times have a fraction, which the others have not.
void Newest(std::string_view time, std::string& out) {
  time = time.substr(0, time.find_first_of(".Z"));
  if (time > out) out = time;
}

Status DecodeTime(JsonValue value, std::string& out) {
  std::string_view time;
  TELLTALE_TRY(decode::Text(value, time));
  Newest(time, out);
  return {};
}

Status DecodeEvent(JsonValue value, Event& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "reason") return decode::Text(member, out.reason);
    if (key == "note") return decode::Text(member, out.about.message);
    if (key == "eventTime" || key == "deprecatedLastTimestamp") {
      return DecodeTime(member, out.time);
    }
    if (key == "series") {
      return decode::Fields(member, [&](std::string_view part, JsonValue time) -> Status {
        return part == "lastObservedTime" ? DecodeTime(time, out.time) : Status();
      });
    }
    if (key != "regarding") return {};
    return decode::Fields(member, [&](std::string_view part, JsonValue text) -> Status {
      if (part == "kind") return decode::Text(text, out.about.kind);
      if (part == "namespace") return decode::Text(text, out.about.ns);
      return part == "name" ? decode::Text(text, out.about.name) : Status();
    });
  });
}

// What the recorder of events puts before the last of many.
void DropPrefix(std::string& message) {
  constexpr std::string_view kCombined = "(combined from similar events): ";
  if (message.starts_with(kCombined)) message.erase(0, kCombined.size());
}

bool SameWorkload(const RefusedWorkload& a, const RefusedWorkload& b) {
  return a.kind == b.kind && a.ns == b.ns && a.name == b.name;
}

Status DecodeSpec(JsonValue value, WorkloadNeeds& out) {
  std::int64_t replicas = 1;
  bool suspended = false;
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "replicas") return decode::Whole(member, replicas);
    if (key == "suspend") return decode::Flag(member, suspended);
    return key == "template" ? DecodeTemplateLabels(member, out.pod_labels) : Status();
  }));
  if (replicas == 0 || suspended) out.pods = false;
  return {};
}

// Of a Job.
Status DecodeCondition(JsonValue value, WorkloadNeeds& out) {
  std::string_view type, status;
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "type") return decode::Text(member, type);
    return key == "status" ? decode::Text(member, status) : Status();
  }));
  if ((type == "Complete" || type == "Failed") && status == "True") out.pods = false;
  return {};
}

Status DecodeParts(JsonValue root, WorkloadNeeds& out) {
  return decode::Fields(root, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "metadata") {
      ObjectMeta meta;
      TELLTALE_TRY(DecodeObjectMeta(member, meta));
      if (meta.deleting) out.pods = false;
      return {};
    }
    if (key == "spec") return DecodeSpec(member, out);
    if (key != "status") return {};
    return ForEachCondition(member, [&](JsonValue item) { return DecodeCondition(item, out); });
  });
}

}  // namespace

Result<std::vector<RefusedWorkload>> RefusedWorkloads(std::string_view list_json) {
  std::vector<Event> events;
  const auto take = [&](JsonValue item) -> Status {
    Event event;
    TELLTALE_TRY(DecodeEvent(item, event));
    const bool known = std::ranges::find(kKinds, event.about.kind, &Kind::name) != kKinds.end();
    if (known && event.reason == kFailedCreate) events.push_back(std::move(event));
    return {};
  };
  JsonParser parser;
  const Status read = parser.Parse(list_json, [&](JsonValue root) -> Status {
    return decode::Fields(root, [&](std::string_view key, JsonValue member) -> Status {
      return key == "items" ? decode::Elements(member, take) : Status();
    });
  });
  if (!read.ok()) return decode::Rooted("EventList", read).error();
  std::ranges::stable_sort(events, std::ranges::greater(), &Event::time);
  std::vector<RefusedWorkload> workloads;
  for (auto& event : events) {
    const bool told = std::ranges::any_of(workloads, [&](const RefusedWorkload& workload) {
      return SameWorkload(workload, event.about);
    });
    if (told) continue;
    DropPrefix(event.about.message);
    workloads.push_back(std::move(event.about));
  }
  return workloads;
}

std::string WorkloadPath(const RefusedWorkload& workload) {
  const auto kind = std::ranges::find(kKinds, workload.kind, &Kind::name);
  std::string path = "/apis/";
  path.append(kind->group).append("/v1/namespaces/").append(workload.ns).append("/");
  return path.append(kind->plural).append("/").append(workload.name);
}

Result<WorkloadNeeds> DecodeWorkload(std::string_view json) {
  WorkloadNeeds needs;
  JsonParser parser;
  const Status read =
      parser.Parse(json, [&](JsonValue root) -> Status { return DecodeParts(root, needs); });
  if (!read.ok()) return decode::Rooted("workload", read).error();
  return needs;
}

}  // namespace telltale
