// SPDX-License-Identifier: Apache-2.0
//
// The sidecar's container and volumes as JSON: restricted Pod Security, requests and limits always
// set (a container without requests breaks a HorizontalPodAutoscaler). Internal to operator/plan;
// pure.
#pragma once

#include <string>
#include <vector>

#include "common/text/json_writer.h"
#include "operator/plan/injection/admitted_pod.h"
#include "operator/plan/injection/log_mounts.h"
#include "operator/plan/injection/sidecar_patch.h"

namespace telltale {

struct SidecarResources {
  Labels requests, limits;  // cpu and memory, both in both
};

// What the first target with resources says over the defaults; a limit is never below its request.
SidecarResources ResolveResources(
    const std::vector<std::shared_ptr<const MonitoringTarget>>& targets);

struct SidecarVolumes {
  std::string config, pod, state;  // names
  std::string api;                 // with the ServiceAccount's token; empty: the API is not asked
  std::string loki;                // empty: there is no Secret
};

void WriteSidecarContainer(const InjectionOptions& options, const AdmittedPod& pod,
                           const SidecarResources& resources, const SidecarVolumes& volumes,
                           const LogMounts& logs, JsonWriter& writer);

// One JSON object per volume to add.
std::vector<std::string> RenderSidecarVolumes(const InjectionOptions& options,
                                              const SidecarVolumes& volumes, const LogMounts& logs);

}  // namespace telltale
