// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/injection/admitted_pod.h"

#include "operator/model/decode.h"
#include "operator/model/object_meta.h"
#include "operator/model/paths.h"
#include "operator/model/pod.h"
#include "operator/model/pod_view.h"

namespace telltale {
namespace {

bool IsArray(JsonValue& value) { return value.type() == JsonValue::Type::kArray; }

Status DecodeMetadata(JsonValue value, AdmittedPod& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "labels") return DecodeStringMap(member, out.labels);
    if (key != "annotations") return {};
    out.has_annotations = member.type() == JsonValue::Type::kObject;
    return decode::Fields(member, [&](std::string_view name, JsonValue annotation) -> Status {
      if (name == kMirrorAnnotation) out.mirror = true;
      if (name != kInjectAnnotation) return {};
      std::string text;
      TELLTALE_TRY(decode::Text(annotation, text));
      out.opted_out = text == "false";
      return {};
    });
  });
}

Status DecodeMount(JsonValue value, std::vector<VolumeMount>& out) {
  VolumeMount& mount = out.emplace_back();
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "name") return decode::Text(member, mount.volume);
    if (key == "subPath") return decode::Text(member, mount.sub_path);
    if (key == "mountPath") {
      std::string path;
      TELLTALE_TRY(decode::Text(member, path));
      mount.path = NormalisedPath(path);
    }
    if (key == "subPathExpr") {
      std::string expression;
      TELLTALE_TRY(decode::Text(member, expression));
      mount.expanded = !expression.empty();
    }
    return {};
  });
}

Status DecodePort(JsonValue value, AdmittedPod& out) {
  std::int64_t number = 0;
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    return key == "containerPort" ? decode::Whole(member, number) : Status();
  }));
  if (number == kSidecarPort) out.takes_our_port = true;
  return {};
}

Status DecodeRunAs(JsonValue value, RunAs& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (member.type() == JsonValue::Type::kNull) return {};
    if (key == "runAsUser") return decode::Whole(member, out.user.emplace());
    if (key == "runAsGroup") return decode::Whole(member, out.group.emplace());
    return {};
  });
}

Status DecodeContainer(JsonValue value, AdmittedPod& out, AdmittedContainer& container) {
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "name") return decode::Text(member, container.name);
    if (key == "ports") {
      return decode::Elements(member, [&](JsonValue item) { return DecodePort(item, out); });
    }
    if (key == "securityContext") return DecodeRunAs(member, container.run_as);
    if (key != "volumeMounts") return {};
    container.has_mounts = IsArray(member);
    return decode::Elements(member,
                            [&](JsonValue item) { return DecodeMount(item, container.mounts); });
  }));
  if (container.name.empty()) return decode::Wrong("needs a name");
  if (container.name == kSidecarContainer) out.has_sidecar = true;
  return {};
}

Status DecodeVolume(JsonValue value, AdmittedPod& out) {
  std::string& name = out.volumes.emplace_back();
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    return key == "name" ? decode::Text(member, name) : Status();
  });
}

Status DecodeSpec(JsonValue value, AdmittedPod& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "containers") {
      return decode::Elements(member, [&](JsonValue item) -> Status {
        return DecodeContainer(item, out, out.containers.emplace_back());
      });
    }
    if (key == "initContainers") {
      out.has_init_containers = IsArray(member);
      return decode::Elements(member, [&](JsonValue item) -> Status {
        AdmittedContainer container;
        TELLTALE_TRY(DecodeContainer(item, out, container));
        out.init_containers.push_back(std::move(container.name));
        return {};
      });
    }
    if (key == "volumes") {
      out.has_volumes = IsArray(member);
      return decode::Elements(member, [&](JsonValue item) { return DecodeVolume(item, out); });
    }
    if (key == "hostNetwork") return decode::Flag(member, out.host_network);
    if (key == "securityContext") return DecodeRunAs(member, out.run_as);
    if (key == "os") return DecodeOs("name", member, out.windows);
    if (key == "nodeSelector") return DecodeOs(kOsLabel, member, out.windows);
    return {};
  });
}

}  // namespace

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
