// SPDX-License-Identifier: Apache-2.0
#include "operator/model/object_meta.h"

#include <algorithm>
#include <optional>

#include "common/base/rfc3339.h"
#include "operator/model/decode.h"

namespace telltale {
namespace {

constexpr std::string_view kOurAnnotations = "telltale.dev/";

// The API server sends maps in the order of their keys, so a pair nearly always goes to the end.
template <class Pairs>
void SetPair(Pairs& pairs, std::string_view key, std::string_view value) {
  if (pairs.empty() || pairs.back().first < key) {
    pairs.emplace_back(key, value);
    return;
  }
  const auto at = std::ranges::lower_bound(
      pairs, key, {}, [](const auto& pair) { return std::string_view(pair.first); });
  if (at != pairs.end() && at->first == key) {
    at->second = value;
  } else {
    pairs.emplace(at, key, value);
  }
}

template <class Pairs>
Status DecodePairs(JsonValue value, Pairs& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    const auto text = member.String();
    if (!text) return decode::Wrong("must be a string");
    SetPair(out, key, *text);
    return {};
  });
}

// Annotations carry whole manifests of other tools: only ours are kept, and only ours are read.
template <class Pairs>
Status DecodeAnnotations(JsonValue value, Pairs& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (!key.starts_with(kOurAnnotations) && key != kMirrorAnnotation &&
        key != kUidRangeAnnotation) {
      return {};
    }
    std::string_view text;
    TELLTALE_TRY(decode::Text(member, text));
    SetPair(out, key, text);
    return {};
  });
}

// An element of ownerReferences.
template <class Text>
Status DecodeOwner(JsonValue value, BasicObjectMeta<Text>& out) {
  std::string_view kind, name;
  bool controller = false;
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "kind") return decode::Text(member, kind);
    if (key == "name") return decode::Text(member, name);
    return key == "controller" ? decode::Flag(member, controller) : Status();
  }));
  if (controller) {
    out.owner_kind = kind;
    out.owner_name = name;
  }
  return {};
}

// An element of managedFields.
Status DecodeManager(JsonValue value, std::int64_t& edited) {
  std::string_view time, subresource;
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "time") return decode::Text(member, time);
    return key == "subresource" ? decode::Text(member, subresource) : Status();
  }));
  const auto nanos = subresource.empty() ? ParseRfc3339(time) : std::nullopt;
  if (nanos) edited = std::max(edited, *nanos / 1'000'000'000);
  return {};
}

}  // namespace

Status DecodeStringMap(JsonValue value, Labels& out) { return DecodePairs(value, out); }

template <class Text>
Status DecodeObjectMeta(JsonValue value, BasicObjectMeta<Text>& out, std::int64_t* edited) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "name") return decode::Text(member, out.name);
    if (key == "namespace") return decode::Text(member, out.ns);
    if (key == "uid") return decode::Text(member, out.uid);
    if (key == "resourceVersion") return decode::Text(member, out.resource_version);
    if (key == "generation") return decode::Whole(member, out.generation);
    if (key == "creationTimestamp" && member.type() != JsonValue::Type::kNull) {
      return decode::Text(member, out.created);
    }
    if (key == "labels") return DecodePairs(member, out.labels);
    if (key == "annotations") return DecodeAnnotations(member, out.annotations);
    if (key == "deletionTimestamp") out.deleting = member.type() != JsonValue::Type::kNull;
    if (key == "ownerReferences") {
      return decode::Elements(member, [&](JsonValue item) { return DecodeOwner(item, out); });
    }
    if (key == "managedFields" && edited) {
      return decode::Elements(member, [&](JsonValue item) { return DecodeManager(item, *edited); });
    }
    return {};
  });
}

template Status DecodeObjectMeta(JsonValue, ObjectMeta&, std::int64_t*);
template Status DecodeObjectMeta(JsonValue, ObjectMetaText&, std::int64_t*);

}  // namespace telltale
