// SPDX-License-Identifier: Apache-2.0
//
// What the sidecar asks of the node and may use, so that the pod keeps its QoS class and the API
// server takes it. Internal to operator/plan; pure.
#pragma once

#include <memory>
#include <vector>

#include "operator/model/limit_range.h"
#include "operator/model/monitoring_target.h"
#include "operator/plan/injection/admitted_pod.h"

namespace telltale {

// The larger of what the targets ask for; what none of them asks for, or only by the CRD's default,
// is the default. A limit is never below its request.
//
// A pod without any requests and limits keeps its class BestEffort when no target asks for
// something else; in a Guaranteed pod the sidecar's requests are its limits. A resource that the
// pod has as a whole covers the sidecar too: it asks for nothing of its own there. Where every
// container of the pod counts its ephemeral storage, the sidecar does too.
//
// All within what the namespace's LimitRanges and the pod leave. An error says why that cannot be.
Result<Resources> PlanSidecarResources(
    const AdmittedPod& admitted, const LimitRanges& limits,
    const std::vector<std::shared_ptr<const MonitoringTarget>>& targets);

}  // namespace telltale
