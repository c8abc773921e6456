// SPDX-License-Identifier: Apache-2.0
//
// Two statuses of a MonitoringTarget side by side: the one in the API, which may be empty or have
// been written by anybody, and the one that it should have. Says whether a write is due, and which
// conditions it turns. Used by StatusReconciler; pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace telltale {

struct StatusCondition {
  std::string type, status, reason, message, time;
};
// None when the status cannot be read.
std::vector<StatusCondition> ReadConditions(const std::string& status_json);

// True when the two differ in more than times, in what is ours: what another manager put there
// beside it does not count, as server-side apply would leave it.
bool StatusDiffers(const std::string& old_json, const std::string& new_json);

// A condition whose status is another than before.
struct ConditionChange {
  std::string type, status, reason, message;
  std::string old_status;  // empty: there was no such condition
};
std::vector<ConditionChange> ConditionChanges(const std::string& old_json,
                                              const std::string& new_json);

// Those of one write that are worth an event: that the resource became Ready or ceased to be, and
// one further condition that turned False for another reason. What is not known yet, and a part
// that turned for the same reason as Ready, are in the status alone.
std::vector<ConditionChange> WorthTelling(const std::vector<ConditionChange>& changes);

// status.observedGeneration; 0 when there is none.
std::int64_t ObservedGeneration(const std::string& status_json);

}  // namespace telltale
