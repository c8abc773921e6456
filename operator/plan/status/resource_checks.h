// SPDX-License-Identifier: Apache-2.0
//
// What is wrong with a MonitoringTarget as a whole, whatever its pods do. Internal to
// operator/plan/status; pure.
#pragma once

#include <set>
#include <string>

#include "operator/plan/status/findings.h"
#include "operator/plan/status/target_status.h"

namespace telltale {

void AddResourceProblems(const StatusInput& input, Findings& findings);

// Node agents are to read the logs, and none is seen.
bool NodeAgentMissing(const StatusInput& input);

// Sidecars or node agents read a configuration that is made of the resource, and the newest one is
// not written.
bool ConfigMissing(const StatusInput& input);

// "namespace shop", "namespaces a and b", "all namespaces", ...: where pods are looked for.
std::string SearchedNamespaces(const MonitoringTarget& target,
                               const std::set<std::string>& trusted_namespaces);

}  // namespace telltale
