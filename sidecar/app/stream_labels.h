// SPDX-License-Identifier: Apache-2.0
//
// From the configuration and the pod to the log pipeline's sources, with their stream labels, its
// options, the targets of alerts and what may be pushed. Pure.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sidecar/alert/alert_sender.h"
#include "sidecar/collect/textfile_scan.h"
#include "sidecar/config/pod_info.h"
#include "sidecar/config/sidecar_config.h"
#include "sidecar/push/push_handler.h"
#include "sidecar/ship/log_pipeline.h"

namespace telltale {

// The containers of the pod whose output an entry of `logs` reads, in the pod's order.
std::vector<std::string> OutputContainers(const SidecarConfig& config, const PodInfo& pod);

// Labels of a stream: the configuration's, overridden by those of the entry in `logs`, overridden
// by the pod's identity (namespace, pod, container, node, app). So no configuration can impersonate
// another pod.
std::vector<LogSource> LogSources(const SidecarConfig& config, const PodInfo& pod);

LogPipelineOptions PipelineOptions(const SidecarConfig& config);

// Families of files as they stand on the page; null has none.
PushedFamilies FamiliesOf(const std::shared_ptr<const TextfilePage>& files);

// Nothing if pushes are off.
std::optional<PushOptions> PushOptionsOf(const SidecarConfig& config);

std::vector<AlertTarget> AlertTargets(const AlertmanagerConfig& config);

}  // namespace telltale
