// SPDX-License-Identifier: Apache-2.0
//
// The annotations that injection adds to a pod, as far as there is room: the API server refuses a
// pod with more than 256 KiB of them. Internal to operator/plan; pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "operator/plan/injection/admitted_pod.h"
#include "operator/plan/injection/log_mounts.h"

namespace telltale {

class PodAnnotations {
 public:
  explicit PodAnnotations(const AdmittedPod& pod) : pod_(pod), bytes_(pod.annotation_bytes) {}

  // The more important first: what no longer fits is left out. `replaced` is the size of the value
  // that is there.
  void Add(std::string_view name, std::string value, std::size_t replaced = 0);
  // The pod's emptyDirs of ours do not keep the cluster autoscaler from removing its node.
  void AddSafeToEvict(const std::vector<std::string>& volumes);
  // What the status says of log folders.
  void AddUnseenLogs(const std::vector<LogMounts::Unseen>& unseen);

  const std::vector<std::pair<std::string, std::string>>& added() const { return added_; }

 private:
  const AdmittedPod& pod_;
  std::size_t bytes_;
  std::vector<std::pair<std::string, std::string>> added_;
};

}  // namespace telltale
