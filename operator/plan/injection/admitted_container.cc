// SPDX-License-Identifier: Apache-2.0
//
// Decoding of one container of an admitted pod.
#include "operator/model/decode.h"
#include "operator/model/object_meta.h"
#include "operator/model/paths.h"
#include "operator/model/pod.h"
#include "operator/plan/injection/admitted_pod.h"

namespace telltale {
namespace {

Status DecodeMount(JsonValue value, VolumeMount& mount) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "name") return decode::Text(member, mount.volume);
    if (key == "subPath") return decode::Text(member, mount.sub_path);
    if (key == "subPathExpr") return decode::Text(member, mount.sub_path_expr);
    if (key == "readOnly") return decode::Flag(member, mount.read_only);
    if (key != "mountPath") return {};
    std::string path;
    TELLTALE_TRY(decode::Text(member, path));
    mount.path = NormalisedPath(path);
    return {};
  });
}

Status DecodePort(JsonValue value, bool& takes_our_port) {
  std::int64_t number = 0;
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    return key == "containerPort" ? decode::Whole(member, number) : Status();
  }));
  if (number == kSidecarPort) takes_our_port = true;
  return {};
}

Status DecodeValueFrom(JsonValue value, EnvVariable& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (member.type() == JsonValue::Type::kNull) return {};
    if (key != "fieldRef") {
      out.elsewhere = true;
      return {};
    }
    return decode::Fields(member, [&](std::string_view name, JsonValue text) -> Status {
      return name == "fieldPath" ? decode::Text(text, out.field_path) : Status();
    });
  });
}

Status DecodeVariable(JsonValue value, EnvVariable& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "name") return decode::Text(member, out.name);
    if (key == "value") return decode::Text(member, out.value);
    return key == "valueFrom" ? DecodeValueFrom(member, out) : Status();
  });
}

Status DecodeQuantities(JsonValue value, Labels& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    std::string text;
    TELLTALE_TRY(decode::TextOrNumber(member, text));
    if (!text.empty()) SetLabel(out, key, text);
    return {};
  });
}

}  // namespace

Status DecodeResources(JsonValue value, Resources& out) {
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "requests") return DecodeQuantities(member, out.requests);
    return key == "limits" ? DecodeQuantities(member, out.limits) : Status();
  }));
  for (const auto& [name, limit] : out.limits) {
    if (!FindLabel(out.requests, name)) SetLabel(out.requests, name, limit);
  }
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

Status DecodeAdmittedContainer(JsonValue value, AdmittedContainer& out, bool& takes_our_port) {
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "name") return decode::Text(member, out.name);
    if (key == "ports") {
      return decode::Elements(member,
                              [&](JsonValue item) { return DecodePort(item, takes_our_port); });
    }
    if (key == "env") {
      return decode::Elements(
          member, [&](JsonValue item) { return DecodeVariable(item, out.env.emplace_back()); });
    }
    if (key == "securityContext") return DecodeRunAs(member, out.run_as);
    if (key == "resources") return DecodeResources(member, out.resources);
    if (key == "restartPolicy") {
      std::string policy;
      TELLTALE_TRY(decode::Text(member, policy));
      out.restarts = policy == "Always";
      return {};
    }
    if (key != "volumeMounts") return {};
    out.has_mounts = member.type() == JsonValue::Type::kArray;
    return decode::Elements(
        member, [&](JsonValue item) { return DecodeMount(item, out.mounts.emplace_back()); });
  }));
  if (out.name.empty()) return decode::Wrong("needs a name");
  return {};
}

}  // namespace telltale
