// SPDX-License-Identifier: Apache-2.0
//
// Which volumes let the sidecar read the folders that applications log into. A volume that is there
// already is read where it is; else an emptyDir is put under every application container that has
// nothing there. Internal to operator/plan; pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "operator/plan/injection/admitted_pod.h"

namespace telltale {

struct LogMounts {
  struct InContainer {
    std::size_t container = 0;  // index in AdmittedPod::containers
    VolumeMount mount;
  };
  std::vector<std::string> new_volumes;    // names of emptyDirs
  std::vector<InContainer> in_containers;  // to be added, writable
  std::vector<VolumeMount> in_sidecar;     // read-only
  std::string container;                   // the application container whose logs these are
  RunAs run_as;                            // of that container; of none when no logs are read
};

// `directories` are normalised, sorted and without repetition.
LogMounts PlanLogMounts(const AdmittedPod& pod, const std::vector<std::string>& directories);

// `base`, or base-2, base-3, ... when the pod has a volume of that name.
std::string FreeVolumeName(const AdmittedPod& pod, const std::vector<std::string>& taken,
                           const std::string& base);

}  // namespace telltale
