// SPDX-License-Identifier: Apache-2.0
//
// The sidecar's container and volumes as JSON, within restricted Pod Security. Internal to
// operator/plan; pure.
#pragma once

#include <string>
#include <vector>

#include "common/text/json_writer.h"
#include "operator/plan/injection/admitted_pod.h"
#include "operator/plan/injection/log_mounts.h"
#include "operator/plan/injection/sidecar_patch.h"

namespace telltale {

struct SidecarVolumes {
  std::string config, pod, state;  // names
  std::string api;                 // with the ServiceAccount's token; empty: the API is not asked
  std::string loki;                // empty: there is no Secret
};

// The sidecar's environment, but for the values that depend on the pod.
std::vector<EnvVariable> SidecarVariables();

void WriteSidecarContainer(const InjectionOptions& options, const NamespaceRules& rules,
                           const AdmittedPod& pod, const Resources& resources,
                           const SidecarVolumes& volumes, const LogMounts& logs,
                           JsonWriter& writer);

// One JSON object per volume to add.
std::vector<std::string> RenderSidecarVolumes(const InjectionOptions& options,
                                              const SidecarVolumes& volumes, const LogMounts& logs);

}  // namespace telltale
