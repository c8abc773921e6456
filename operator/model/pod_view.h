// SPDX-License-Identifier: Apache-2.0
//
// PodView: what a status says of a pod, as views into whoever holds the pod (the index's records),
// so that fifty pods can be looked at without a copy of one string. Plain values; they live as long
// as what they look into.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "operator/model/pod.h"

namespace telltale {

// "false": the pod wants no sidecar. A label of this name on a Namespace is for all of its pods.
inline constexpr std::string_view kInjectAnnotation = "telltale.dev/inject";

// Written at admission: why injection left the pod alone, a sentence without its end.
inline constexpr std::string_view kNotInjectedAnnotation = "telltale.dev/not-injected";
// Written at admission: log folders that the pod's sidecar does not see, or not all of, one a line:
// "/folder: why".
inline constexpr std::string_view kUnseenLogsAnnotation = "telltale.dev/unseen-logs";
// Written at admission: the image of the sidecar.
inline constexpr std::string_view kTemplateHashLabel = "pod-template-hash";
inline constexpr std::string_view kRevisionHashLabel = "controller-revision-hash";
inline constexpr std::string_view kSidecarAnnotation = "telltale.dev/sidecar";

struct PodView {
  std::string_view ns, name, uid, phase, ip;
  bool deleting = false;
  bool host_network = false;
  bool windows = false;
  bool has_sidecar = false;
  bool opted_out = false;                 // by kInjectAnnotation
  bool static_pod = false;                // has kMirrorAnnotation
  std::int64_t created = 0, started = 0;  // as in Pod
  // Labels by which controllers mark their pods: of a Deployment, of a StatefulSet or DaemonSet.
  std::string_view template_hash, revision_hash;
  std::string_view trouble, sidecar_mounts;    // as in Pod
  std::string_view sidecar_image;              // that was injected; empty: not known
  std::string_view not_injected, unseen_logs;  // of the annotations
  // Pods of one template may share it: the same address means the same content.
  const std::vector<Container>* containers = nullptr;

  bool Running() const { return phase == "Running" && !ip.empty(); }
  std::string Key() const { return std::string(ns).append("/").append(name); }
};

}  // namespace telltale
