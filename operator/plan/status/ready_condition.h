// SPDX-License-Identifier: Apache-2.0
//
// The condition Ready, which sums the others up. Internal to operator/plan/status; pure.
#pragma once

#include <string>
#include <vector>

#include "operator/plan/status/conditions.h"

namespace telltale {

// What is said of a resource none of whose pods runs and whose pods have finished.
std::string FinishedText(const StatusInput& input);

// False when one of `others` is False, True when all hold. LogsFlowing may stay unknown: an
// application is free to be silent.
Condition ReadyCondition(const StatusInput& input, const std::vector<Condition>& others,
                         const TargetHealth& health);

}  // namespace telltale
