// SPDX-License-Identifier: Apache-2.0
//
// Which volumes let the sidecar read the folders that applications log into. A volume that is there
// already is read where it is; else an emptyDir is put under every container that has nothing
// there. Internal to operator/plan; pure.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "operator/plan/injection/admitted_pod.h"

namespace telltale {

struct LogMounts {
  struct InContainer {
    bool init = false;
    std::size_t container = 0;  // index in AdmittedPod::containers, or init_containers
    VolumeMount mount;
  };
  // A folder that the sidecar will not see, or see only in part, and why.
  struct Unseen {
    std::string directory, why;
  };
  std::vector<std::string> new_volumes;    // names of emptyDirs
  std::vector<std::string> covered;        // folders over which an emptyDir is put
  std::vector<InContainer> in_containers;  // to be added, writable
  std::vector<VolumeMount> in_sidecar;     // read-only
  std::vector<EnvVariable> env;            // for in_sidecar's sub_path_expr
  std::vector<Unseen> unseen;
  std::string container;  // the application container whose logs these are
  RunAs run_as;           // of that container; of none when no logs are read
};

// Folders of log files, normalised, and whether a pattern looks into folders below.
using LogFolders = std::map<std::string, bool>;

// `own_env` is what the sidecar has.
LogMounts PlanLogMounts(const AdmittedPod& pod, const LogFolders& folders,
                        const std::vector<EnvVariable>& own_env);

// `base`, or base-2, base-3, ... when the pod has a volume of that name.
std::string FreeVolumeName(const AdmittedPod& pod, const std::vector<std::string>& taken,
                           const std::string& base);

}  // namespace telltale
