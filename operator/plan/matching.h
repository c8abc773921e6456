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

// True when pods with these labels in this namespace belong to the target. `ns_labels` are the
// labels of the Namespace object.
bool TargetSelects(const MonitoringTarget& target, const std::string& pod_namespace,
                   const Labels& pod_labels, const Labels& ns_labels,
                   const std::set<std::string>& trusted_namespaces);

// True when the target asks for other namespaces but is not in a trusted one (Accepted=False).
bool AsksBeyondTrust(const MonitoringTarget& target,
                     const std::set<std::string>& trusted_namespaces);

// Suspended targets match their pods too, but produce nothing.
std::vector<MatchedTarget> Match(const World& world);

// Namespaces that the target looks into, by name.
std::vector<std::string> SelectedNamespaces(const MonitoringTarget& target, const World& world);

}  // namespace telltale
