// SPDX-License-Identifier: Apache-2.0
//
// The part of metadata that every object of ours has. Plain values, decoded once, then immutable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/base/strings.h"
#include "common/text/json_reader.h"

namespace telltale {

// On a static pod's shadow in the API: changing it changes nothing.
inline constexpr std::string_view kMirrorAnnotation = "kubernetes.io/config.mirror";

struct ObjectMeta {
  std::string ns;
  std::string name;
  std::string uid;
  std::string resource_version;
  std::int64_t generation = 0;
  bool deleting = false;  // deletionTimestamp is set
  Labels labels;
  Labels annotations;  // only those under telltale.dev/, and kMirrorAnnotation

  void Clear();  // empty again, with its memory
  std::string Key() const { return ns.empty() ? name : ns + "/" + name; }
};

// Errors are in the form of operator/model/decode.h: they start below this value.
Status DecodeObjectMeta(JsonValue value, ObjectMeta& out);

// An object of strings: labels, nodeSelector, params.
Status DecodeStringMap(JsonValue value, Labels& out);

}  // namespace telltale
