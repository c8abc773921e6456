// SPDX-License-Identifier: Apache-2.0
//
// Which pods a MonitoringTarget is about. Pure functions over what the stores hold; every other
// file of plan/ starts from a World.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "operator/model/monitoring_target.h"
#include "operator/model/pod.h"
#include "operator/model/selection.h"

namespace telltale {

struct World {
  std::vector<std::shared_ptr<const MonitoringTarget>> targets;  // sorted by key
  std::vector<std::shared_ptr<const Pod>> pods;                  // sorted by key
  std::vector<std::shared_ptr<const Namespace>> namespaces;      // sorted by name
  std::set<std::string> trusted_namespaces;  // whose targets may select beyond their namespace
};

struct MatchedTarget {
  std::shared_ptr<const MonitoringTarget> target;
  std::vector<std::shared_ptr<const Pod>> pods;  // not finished; by namespace, then name
};

// Suspended targets match their pods too, but produce nothing.
std::vector<MatchedTarget> Match(const World& world);

// Namespaces that the target looks into, by name.
std::vector<std::string> SelectedNamespaces(const MonitoringTarget& target, const World& world);

}  // namespace telltale
