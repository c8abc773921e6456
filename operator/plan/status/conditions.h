// SPDX-License-Identifier: Apache-2.0
//
// The six conditions of a MonitoringTarget, each with a reason of the table and a sentence. Ready
// sums the others up: False when one is False, True when all that can be known for certain hold.
// Internal to operator/plan; pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "operator/plan/status/target_health.h"

namespace telltale {

struct Condition {
  enum class State { kTrue, kFalse, kUnknown };
  std::string_view type;
  State state = State::kUnknown;
  Reason reason = Reason::kReady;
  std::string message;
};

// Accepted, Discovered, Injected, Scraped, LogsFlowing, Ready.
std::vector<Condition> MakeConditions(const StatusInput& input, const TargetHealth& health);

std::string_view StateName(Condition::State state);

}  // namespace telltale
