// SPDX-License-Identifier: Apache-2.0
//
// Counts what pipeline stages could not do, and warns with an example at most every ten minutes for
// each MonitoringTarget, stage and reason. A line counts once for each stage that it troubles, also
// if two of them are of one kind. Owned by LogWorker, on its thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "common/base/clock.h"
#include "common/metrics/registry.h"
#include "sidecar/pipeline/stage.h"

namespace telltale {

class StageFailures {
 public:
  StageFailures(Registry& registry, Clock& clock) : registry_(registry), clock_(clock) {}

  static constexpr std::chrono::minutes kWarnEvery{10};
  static constexpr std::size_t kMaxWarned = 1'000;  // beyond it only the counters tell

  // Takes over the counts of one batch of the file at `path`; `target` is the MonitoringTarget that
  // it is read for, or empty.
  void Add(const std::string& path, const std::string& target,
           const std::vector<StageFailure>& failures);

 private:
  bool MayWarn(const std::string& target, const StageFailure& failure);

  Registry& registry_;
  Clock& clock_;
  // By target, stage and reason.
  std::map<std::tuple<std::string, std::string, std::string>, SteadyTime> warned_;
};

}  // namespace telltale
