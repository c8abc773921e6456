// SPDX-License-Identifier: Apache-2.0
//
// Counts what pipeline stages could not do, and warns with an example at most every ten minutes for
// each stage and reason. Owned by LogWorker, on its thread.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/metrics/registry.h"
#include "sidecar/pipeline/stage.h"

namespace telltale {

class StageFailures {
 public:
  StageFailures(Registry& registry, Clock& clock) : registry_(registry), clock_(clock) {}

  // Takes over the counts of one batch of the file at `path`.
  void Add(const std::string& path, const std::vector<StageFailure>& failures);

 private:
  Registry& registry_;
  Clock& clock_;
  std::map<std::pair<std::string, std::string>, SteadyTime> warned_;  // by stage and reason
};

}  // namespace telltale
