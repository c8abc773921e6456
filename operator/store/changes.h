// SPDX-License-Identifier: Apache-2.0
//
// Changes: what the publisher must render anew, taken from the index in one consistent cut.
// Values; the records in it are shared and immutable.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "operator/model/monitoring_target.h"
#include "operator/store/pod_record.h"

namespace telltale {

struct PodChange {
  PodRef pod;                 // when it is gone, as it last was
  bool present = false;       // the target matches it now
  bool owns_sidecar = false;  // the target is the one under which the pod's sidecar is listed
};

struct TargetChange {
  std::string key;
  std::shared_ptr<const MonitoringTarget> target;  // null: it is gone
  bool whole = false;           // `pods` is all that it matches now; nothing from before remains
  std::vector<PodChange> pods;  // by namespace and name, each once
};

struct Changes {
  std::vector<TargetChange> targets;  // by key
  SteadyTime oldest;                  // when the first of them came
  bool replaced = false;              // a whole new content of a kind is among them

  bool empty() const { return targets.empty(); }
};

}  // namespace telltale
