// SPDX-License-Identifier: Apache-2.0
//
// What Telltale needs of a Pod and of a Namespace. Decoded from watch events (compact records, no
// JSON tree) and immutable afterwards.
#pragma once

#include <string>
#include <vector>

#include "operator/model/object_meta.h"

namespace telltale {

inline constexpr std::string_view kSidecarContainer = "telltale-sidecar";
inline constexpr int kSidecarPort = 9847;

struct ContainerPort {
  std::string name;  // may be empty
  int number = 0;
};

struct Container {
  std::string name;
  bool init = false;                 // an init container; with native_sidecar it keeps running
  bool native_sidecar = false;       // restartPolicy: Always
  std::vector<ContainerPort> ports;  // TCP only
};

struct Pod {
  ObjectMeta meta;
  std::string node;
  std::string phase;  // Pending, Running, Succeeded, Failed, Unknown
  std::string ip;
  bool host_network = false;
  bool windows = false;
  std::vector<Container> containers;  // in order: containers, then init containers

  bool Running() const { return phase == "Running" && !ip.empty(); }
  bool Finished() const { return phase == "Succeeded" || phase == "Failed"; }
  // Empty again, for the next one; the memory is kept where it can be.
  void Clear();
  const Container* FindContainer(std::string_view name) const;
  bool HasSidecar() const { return FindContainer(kSidecarContainer) != nullptr; }
};

struct Namespace {
  ObjectMeta meta;
};

Status DecodePod(JsonValue value, Pod& out);

// Sets `windows` when the value, spec.os or spec.nodeSelector, says so in its field `name_key`.
Status DecodeOs(std::string_view name_key, JsonValue value, bool& windows);
inline constexpr std::string_view kOsLabel = "kubernetes.io/os";

Status DecodeNamespace(JsonValue value, Namespace& out);

// The label `app` of a pod's metrics and log streams: app.kubernetes.io/name, else app, else
// k8s-app, else the container's name; the sidecar and Promtail follow the same rule.
std::string AppLabel(const Labels& pod_labels, std::string_view container);

}  // namespace telltale
