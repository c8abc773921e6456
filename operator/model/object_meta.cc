// SPDX-License-Identifier: Apache-2.0
#include "operator/model/object_meta.h"

#include "operator/model/decode.h"

namespace telltale {
namespace {

constexpr std::string_view kOurAnnotations = "telltale.dev/";

// Annotations carry whole manifests of other tools: only ours are kept, and only ours are read.
Status DecodeAnnotations(JsonValue value, Labels& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (!key.starts_with(kOurAnnotations) && key != kMirrorAnnotation) return {};
    std::string text;
    TELLTALE_TRY(decode::Text(member, text));
    SetLabel(out, key, text);
    return {};
  });
}

}  // namespace

void ObjectMeta::Clear() {
  for (std::string* text : {&ns, &name, &uid, &resource_version}) text->clear();
  generation = 0;
  deleting = false;
  labels.clear();
  annotations.clear();
}

Status DecodeStringMap(JsonValue value, Labels& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    const auto text = member.String();
    if (!text) return decode::Wrong("must be a string");
    SetLabel(out, key, *text);
    return {};
  });
}

Status DecodeObjectMeta(JsonValue value, ObjectMeta& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "name") return decode::Text(member, out.name);
    if (key == "namespace") return decode::Text(member, out.ns);
    if (key == "uid") return decode::Text(member, out.uid);
    if (key == "resourceVersion") return decode::Text(member, out.resource_version);
    if (key == "generation") return decode::Whole(member, out.generation);
    if (key == "labels") return DecodeStringMap(member, out.labels);
    if (key == "annotations") return DecodeAnnotations(member, out.annotations);
    if (key == "deletionTimestamp") out.deleting = member.type() != JsonValue::Type::kNull;
    return {};
  });
}

}  // namespace telltale
