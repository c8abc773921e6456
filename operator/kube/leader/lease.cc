// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/leader/lease.h"

#include "common/text/json_reader.h"
#include "common/text/json_writer.h"
#include "operator/kube/client/api.h"

namespace telltale {
namespace {

std::string Text(JsonValue value) { return std::string(value.String().value_or("")); }

Status ReadSpec(JsonValue spec, LeaseSpec& into) {
  if (spec.type() == JsonValue::Type::kNull) return {};
  return spec.ForEachField([&](std::string_view key, JsonValue value) -> Status {
    if (key == "holderIdentity")
      into.holder = Text(value);
    else if (key == "leaseDurationSeconds")
      into.duration_seconds = value.Int().value_or(0);
    else if (key == "acquireTime")
      into.acquire_time = Text(value);
    else if (key == "renewTime")
      into.renew_time = Text(value);
    else if (key == "leaseTransitions")
      into.transitions = value.Int().value_or(0);
    return {};
  });
}

}  // namespace

Result<Lease> ParseLease(std::string_view body) {
  Lease lease;
  JsonParser parser;
  Status read = parser.Parse(body, [&](JsonValue root) -> Status {
    return root.ForEachField([&](std::string_view key, JsonValue value) -> Status {
      if (key == "metadata") lease.metadata_json = value.Raw().value_or("");
      if (key == "spec") return ReadSpec(value, lease.spec);
      return {};
    });
  });
  if (read.ok() && !lease.metadata_json.empty()) {
    read = parser.Parse(lease.metadata_json, [&](JsonValue root) -> Status {
      return root.ForEachField([&](std::string_view key, JsonValue value) -> Status {
        if (key == "resourceVersion") lease.resource_version = Text(value);
        return {};
      });
    });
  }
  if (!read.ok()) return Context("reading the Lease that the API server sent", read.error());
  if (lease.resource_version.empty()) {
    return Fail(Code::kInvalid, "the Lease that the API server sent has no resourceVersion");
  }
  return lease;
}

std::string RenderLease(std::string_view metadata_json, const LeaseSpec& spec) {
  std::string json;
  JsonWriter w(&json);
  w.BeginObject().Field("apiVersion", "coordination.k8s.io/v1").Field("kind", "Lease");
  w.Key("metadata").Raw(metadata_json);
  w.Key("spec").BeginObject().Field("holderIdentity", spec.holder);
  w.Key("leaseDurationSeconds").Int(spec.duration_seconds);
  w.Field("acquireTime", spec.acquire_time).Field("renewTime", spec.renew_time);
  w.Key("leaseTransitions").Int(spec.transitions).EndObject().EndObject();
  return json;
}

std::string NewLeaseMetadata(std::string_view ns, std::string_view name, const std::string& owner) {
  std::string json;
  JsonWriter w(&json);
  w.BeginObject().Field("name", name).Field("namespace", ns).Key("labels").BeginObject();
  w.Field("app.kubernetes.io/managed-by", kFieldManager);
  w.Field("app.kubernetes.io/part-of", "telltale").EndObject();
  if (!owner.empty()) w.Key("ownerReferences").BeginArray().Raw(owner).EndArray();
  w.EndObject();
  return json;
}

}  // namespace telltale
