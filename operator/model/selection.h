// SPDX-License-Identifier: Apache-2.0
//
// Which namespaces and pods a MonitoringTarget is about. Pure; the store's index and the planners
// ask the same functions, so that discovery, injection and status can never disagree.
#pragma once

#include <set>
#include <string>

#include "operator/model/monitoring_target.h"

namespace telltale {

// True when the target looks for pods in this namespace. `ns_labels` are the labels of the
// Namespace object; only targets of trusted namespaces look beyond their own.
bool LooksInto(const MonitoringTarget& target, const std::string& ns, const Labels& ns_labels,
               const std::set<std::string>& trusted_namespaces);

// True when pods with these labels in this namespace belong to the target.
bool TargetSelects(const MonitoringTarget& target, const std::string& pod_namespace,
                   const Labels& pod_labels, const Labels& ns_labels,
                   const std::set<std::string>& trusted_namespaces);

// True when the target asks for other namespaces but is not in a trusted one (Accepted=False).
bool AsksBeyondTrust(const MonitoringTarget& target,
                     const std::set<std::string>& trusted_namespaces);

}  // namespace telltale
