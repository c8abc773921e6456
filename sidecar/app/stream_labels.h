// SPDX-License-Identifier: Apache-2.0
//
// From the configuration and the pod to what the log pipeline is told: sources with their stream
// labels, and its options. Pure.
#pragma once

#include <string>
#include <vector>

#include "sidecar/config/pod_info.h"
#include "sidecar/config/sidecar_config.h"
#include "sidecar/ship/log_pipeline.h"

namespace telltale {

// Labels of a stream: those of the configuration, over them those of the entry, over both who the
// pod is (namespace, pod, container, node, app), so that no configuration passes a pod off as
// another.
std::vector<LogSource> LogSources(const SidecarConfig& config, const PodInfo& pod);

LogPipelineOptions PipelineOptions(const SidecarConfig& config);

}  // namespace telltale
