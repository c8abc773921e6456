// SPDX-License-Identifier: Apache-2.0
//
// The part of metadata that every object of ours has. Plain values, decoded once, then immutable.
// With std::string_view instead of std::string for `Text` it is what a document says, without a
// copy of it: valid as long as that is, for a look at objects of which few are kept.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/base/strings.h"
#include "common/text/json_reader.h"

namespace telltale {

// On a static pod's shadow in the API: changing it changes nothing.
inline constexpr std::string_view kMirrorAnnotation = "kubernetes.io/config.mirror";

// On a Namespace of OpenShift: the users that its pods get.
inline constexpr std::string_view kUidRangeAnnotation = "openshift.io/sa.scc.uid-range";

template <class Text>
struct BasicObjectMeta {
  // Sorted by key, no key twice.
  using Pairs = std::vector<std::pair<Text, Text>>;

  Text ns;
  Text name;
  Text uid;
  Text resource_version;
  std::int64_t generation = 0;
  bool deleting = false;  // deletionTimestamp is set
  Text created;           // creationTimestamp as it stands there
  Text owner_kind;        // of the owner that is its controller; empty: it has none
  Text owner_name;
  Pairs labels;
  Pairs annotations;  // only those under telltale.dev/, and the two above

  void Clear() {  // empty again, with its memory
    ns = name = uid = resource_version = created = owner_kind = owner_name = Text();
    generation = 0;
    deleting = false;
    labels.clear();
    annotations.clear();
  }
  std::string Key() const {
    return ns.empty() ? std::string(name) : std::string(ns).append("/").append(name);
  }
};
using ObjectMeta = BasicObjectMeta<std::string>;
using ObjectMetaText = BasicObjectMeta<std::string_view>;

// For either. Errors are in the form of operator/model/decode.h: they start below this value.
// `edited` (may be null) becomes the last time at which anything but the status was written, as
// managedFields have it, in seconds since the epoch; it stays where they say nothing.
template <class Text>
Status DecodeObjectMeta(JsonValue value, BasicObjectMeta<Text>& out,
                        std::int64_t* edited = nullptr);
extern template Status DecodeObjectMeta(JsonValue, ObjectMeta&, std::int64_t*);
extern template Status DecodeObjectMeta(JsonValue, ObjectMetaText&, std::int64_t*);

// An object of strings: labels, nodeSelector, params.
Status DecodeStringMap(JsonValue value, Labels& out);

}  // namespace telltale
