// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/injection/admitted_pod.h"

#include <algorithm>

#include "operator/model/decode.h"
#include "operator/model/object_meta.h"
#include "operator/model/pod.h"
#include "operator/model/pod_view.h"

namespace telltale {
namespace {

bool IsArray(JsonValue& value) { return value.type() == JsonValue::Type::kArray; }

Status DecodeAnnotation(std::string_view name, JsonValue value, AdmittedPod& out) {
  std::string text;
  TELLTALE_TRY(decode::Text(value, text));
  out.annotation_bytes += name.size() + text.size();
  if (name == kMirrorAnnotation) out.mirror = true;
  if (name == kInjectAnnotation) out.opted_out = text == "false";
  if (name == kSafeToEvictAnnotation) out.safe_to_evict = std::move(text);
  return {};
}

Status DecodeMetadata(JsonValue value, AdmittedPod& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "labels") return DecodeStringMap(member, out.labels);
    if (key != "annotations") return {};
    out.has_annotations = member.type() == JsonValue::Type::kObject;
    return decode::Fields(member, [&](std::string_view name, JsonValue annotation) {
      return DecodeAnnotation(name, annotation, out);
    });
  });
}

Status DecodeContainers(JsonValue value, AdmittedPod& out, std::vector<AdmittedContainer>& list) {
  return decode::Elements(value, [&](JsonValue item) -> Status {
    AdmittedContainer& container = list.emplace_back();
    TELLTALE_TRY(DecodeAdmittedContainer(item, container, out.takes_our_port));
    if (container.name == kSidecarContainer) out.has_sidecar = true;
    return {};
  });
}

Status DecodePullSecret(JsonValue value, AdmittedPod& out) {
  std::string& name = out.pull_secrets.emplace_back();
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    return key == "name" ? decode::Text(member, name) : Status();
  });
}

Status DecodeVolumes(JsonValue value, AdmittedPod& out) {
  out.has_volumes = IsArray(value);
  return decode::Elements(value, [&](JsonValue item) {
    return DecodeAdmittedVolume(item, out.volumes.emplace_back());
  });
}

Status DecodeSpec(JsonValue value, AdmittedPod& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "containers") return DecodeContainers(member, out, out.containers);
    if (key == "initContainers") {
      out.has_init_containers = IsArray(member);
      return DecodeContainers(member, out, out.init_containers);
    }
    if (key == "volumes") return DecodeVolumes(member, out);
    if (key == "imagePullSecrets") {
      out.has_pull_secrets = IsArray(member);
      return decode::Elements(member, [&](JsonValue item) { return DecodePullSecret(item, out); });
    }
    if (key == "resources") {
      if (member.type() == JsonValue::Type::kNull) return {};
      return DecodeResources(member, out.resources.emplace());
    }
    if (key == "serviceAccountName") return decode::Text(member, out.service_account);
    if (key == "hostNetwork") return decode::Flag(member, out.host_network);
    if (key == "securityContext") return DecodeRunAs(member, out.run_as);
    if (key == "os") return DecodeOs("name", member, out.windows);
    if (key == "nodeSelector") return DecodeOs(kOsLabel, member, out.windows);
    return {};
  });
}

}  // namespace

const AdmittedVolume* AdmittedPod::FindVolume(std::string_view name) const {
  const auto it = std::ranges::find(volumes, name, &AdmittedVolume::name);
  return it == volumes.end() ? nullptr : &*it;
}

Status DecodeAdmittedPod(JsonValue value, AdmittedPod& out) {
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "metadata") return DecodeMetadata(member, out);
    if (key == "spec") return DecodeSpec(member, out);
    return {};
  }));
  if (out.containers.empty()) return decode::Wrong("has no containers");
  return {};
}

}  // namespace telltale
