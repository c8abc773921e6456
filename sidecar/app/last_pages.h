// SPDX-License-Identifier: Apache-2.0
//
// From the configuration and the pod to the pages whose last samples are kept, with the labels that
// the operator's service discovery gives their targets (operator/plan/discovery). Pure.
#pragma once

#include <cstdint>

#include "sidecar/config/pod_info.h"
#include "sidecar/config/sidecar_config.h"
#include "sidecar/lastsample/last_sample.h"

namespace telltale {

// `port`: of our own page. A page of a port that the pod does not have is left out, with a warning.
LastSampleOptions LastSampleOptionsOf(const SidecarConfig& config, const PodInfo& pod,
                                      std::uint16_t port);

}  // namespace telltale
