// SPDX-License-Identifier: Apache-2.0
//
// Shows which generation of each MonitoringTarget is in effect, for the status of the resource. In
// a pod's sidecar ConfigWatcher tells, in a node agent PodFeed. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "common/metrics/series_table.h"

namespace telltale {

struct TargetState {
  std::int64_t generation = 0;  // of what is in effect; 0: nothing of it was ever good
  bool refused = false;         // the newest is wrong, the last good one is in effect
  bool operator==(const TargetState&) const = default;
};

using TargetStates = std::map<std::string, TargetState>;  // by "NAMESPACE/NAME"

class TargetGauges {
 public:
  static constexpr std::size_t kMax = 1'000;  // further ones have no series

  explicit TargetGauges(Registry& registry);
  // The series of targets that are not in `targets` go.
  void Publish(const TargetStates& targets);

 private:
  SeriesTable table_;
};

}  // namespace telltale
