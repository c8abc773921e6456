// SPDX-License-Identifier: Apache-2.0
//
// What Telltale needs of a Pod and of a Namespace. Decoded from watch events (compact records, no
// JSON tree) and immutable afterwards. PodText is a pod as it stands in a document: nothing of it
// is copied, and it is valid as long as the document, for events of which most change nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "operator/model/object_meta.h"

namespace telltale {

inline constexpr std::string_view kSidecarContainer = "telltale-sidecar";
inline constexpr int kSidecarPort = 9847;

template <class Text>
struct BasicContainerPort {
  Text name;  // may be empty
  int number = 0;
};
using ContainerPort = BasicContainerPort<std::string>;

template <class Text>
struct BasicContainer {
  using Ports = std::vector<BasicContainerPort<Text>>;

  Text name;
  bool init = false;            // an init container; with native_sidecar it keeps running
  bool native_sidecar = false;  // restartPolicy: Always
  Ports ports;                  // TCP only
};
using Container = BasicContainer<std::string>;
using ContainerText = BasicContainer<std::string_view>;

template <class Text>
struct BasicPod {
  BasicObjectMeta<Text> meta;
  Text node;
  Text phase;  // Pending, Running, Succeeded, Failed, Unknown
  Text ip;
  bool host_network = false;
  bool windows = false;
  std::vector<BasicContainer<Text>> containers;  // in order: containers, then init containers
  std::int64_t created = 0;                      // seconds since the epoch; 0: not known
  // When the pod was made or one of its containers last started, whichever is later, in seconds
  // since the epoch; 0: not known.
  std::int64_t started = 0;
  // What keeps a container from running: "CONTAINER REASON", as in "app CrashLoopBackOff", of the
  // first that has such a reason; empty: nothing that the kubelet names.
  std::string trouble;
  std::string sidecar_mounts;  // where the sidecar mounts something, one path a line

  bool Running() const { return phase == "Running" && !ip.empty(); }
  bool Finished() const { return phase == "Succeeded" || phase == "Failed"; }
  const BasicContainer<Text>* FindContainer(std::string_view name) const {
    const auto it = std::ranges::find_if(containers, [&](const auto& c) { return c.name == name; });
    return it == containers.end() ? nullptr : &*it;
  }
  bool HasSidecar() const { return FindContainer(kSidecarContainer) != nullptr; }
};
using Pod = BasicPod<std::string>;
using PodText = BasicPod<std::string_view>;

struct Namespace {
  ObjectMeta meta;
};

Status DecodePod(JsonValue value, Pod& out);

// Decodes one pod after the other and allocates nothing once it has seen some. Not thread-safe.
template <class Text>
class PodDecoder {
 public:
  // What `out` held before is gone; its memory is used again.
  Status Decode(JsonValue value, BasicPod<Text>& out);

 private:
  std::vector<typename BasicContainer<Text>::Ports> spare_;  // empty ones, with their memory
  std::string mounts_;                                       // scratch
};
extern template class PodDecoder<std::string>;
extern template class PodDecoder<std::string_view>;

// `pod` as a text, which is valid as long as `pod` is not changed.
PodText TextOf(const Pod& pod);

// Sets `windows` when the value, spec.os or spec.nodeSelector, says so in its field `name_key`.
Status DecodeOs(std::string_view name_key, JsonValue value, bool& windows);
inline constexpr std::string_view kOsLabel = "kubernetes.io/os";

Status DecodeNamespace(JsonValue value, Namespace& out);

// The label `app` of a pod's metrics and log streams: app.kubernetes.io/name, else app, else
// k8s-app, else the container's name; the sidecar and Promtail follow the same rule.
std::string AppLabel(const Labels& pod_labels, std::string_view container);

}  // namespace telltale
