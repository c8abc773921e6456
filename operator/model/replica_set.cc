// SPDX-License-Identifier: Apache-2.0
#include "operator/model/replica_set.h"

#include <cstdint>
#include <utility>

#include "operator/model/decode.h"
#include "operator/model/object_meta.h"
#include "operator/model/workload_parts.h"

namespace telltale {
namespace {

struct ReplicaSet {
  RefusedReplicaSet refused;
  std::string created;
  std::int64_t replicas = 1;
  bool fails = false;
};

Status DecodeSpec(JsonValue value, ReplicaSet& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "replicas") return decode::Whole(member, out.replicas);
    return key == "template" ? DecodeTemplateLabels(member, out.refused.pod_labels) : Status();
  });
}

Status DecodeCondition(JsonValue value, ReplicaSet& out) {
  std::string_view type, status, reason;
  std::string message;
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "type") return decode::Text(member, type);
    if (key == "status") return decode::Text(member, status);
    if (key == "reason") return decode::Text(member, reason);
    return key == "message" ? decode::Text(member, message) : Status();
  }));
  // The same type says FailedDelete as well.
  if (type == "ReplicaFailure" && status == "True" && reason == "FailedCreate") {
    out.fails = true;
    out.refused.message = std::move(message);
  }
  return {};
}

Status DecodeReplicaSet(JsonValue value, ReplicaSet& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "metadata") {
      ObjectMeta meta;
      TELLTALE_TRY(DecodeObjectMeta(member, meta));
      out.refused.ns = std::move(meta.ns);
      out.refused.name = std::move(meta.name);
      out.created = std::move(meta.created);
      return {};
    }
    if (key == "spec") return DecodeSpec(member, out);
    if (key != "status") return {};
    return ForEachCondition(member, [&](JsonValue item) { return DecodeCondition(item, out); });
  });
}

}  // namespace

Result<std::optional<RefusedReplicaSet>> FindRefusedReplicaSet(
    std::string_view list_json, FunctionRef<bool(const RefusedReplicaSet&)> wanted) {
  std::optional<RefusedReplicaSet> found;
  std::string newest;
  const auto take = [&](JsonValue item) -> Status {
    ReplicaSet set;
    TELLTALE_TRY(DecodeReplicaSet(item, set));
    // Times of one form are ordered as their texts.
    if (!set.fails || set.replicas == 0 || (found && set.created <= newest)) return {};
    if (!wanted(set.refused)) return {};
    newest = std::move(set.created);
    found = std::move(set.refused);
    return {};
  };
  JsonParser parser;
  const Status read = parser.Parse(list_json, [&](JsonValue root) -> Status {
    return decode::Fields(root, [&](std::string_view key, JsonValue member) -> Status {
      return key == "items" ? decode::Elements(member, take) : Status();
    });
  });
  if (!read.ok()) return decode::Rooted("ReplicaSetList", read).error();
  return found;
}

}  // namespace telltale
