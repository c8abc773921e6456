// SPDX-License-Identifier: Apache-2.0
//
// What the planners start from: plain views of the stores' content at one moment, filled by
// operator/store. Values, immutable once filled.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "operator/model/monitoring_target.h"
#include "operator/model/pod.h"

namespace telltale {

struct World {
  std::vector<std::shared_ptr<const MonitoringTarget>> targets;  // sorted by key
  std::vector<std::shared_ptr<const Namespace>> namespaces;      // sorted by name
  std::set<std::string> trusted_namespaces;  // whose targets may select beyond their namespace
};

}  // namespace telltale
