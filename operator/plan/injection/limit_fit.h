// SPDX-License-Identifier: Apache-2.0
//
// Brings the sidecar's resources within what the namespace's LimitRanges and the pod's own
// resources allow, by the rules of the API server's LimitRanger (plugin/pkg/admission/limitranger).
// Internal to operator/plan; pure.
#pragma once

#include "operator/model/limit_range.h"
#include "operator/plan/injection/admitted_pod.h"

namespace telltale {

// Gives the containers what the API server gives those that say nothing, where it did not yet.
void ApplyLimitDefaults(const LimitRanges& ranges, AdmittedPod& pod);

// `wish` as near as it may be. `equal`: each request stays its limit. An error says, as a sentence
// without its end, why the pod cannot have a sidecar.
Result<Resources> FitLimits(const AdmittedPod& pod, const LimitRanges& ranges,
                            const Resources& wish, bool equal);

}  // namespace telltale
