// SPDX-License-Identifier: Apache-2.0
//
// What an operator wrote into a cluster, in a form in which two runs can be compared: our keys of
// our ConfigMaps, and the status of each MonitoringTarget without times.
#pragma once

#include <map>
#include <string>

#include "tests/fakes/kube/cluster/fake_cluster.h"

namespace telltale::faults {

using Outputs = std::map<std::string, std::string>;  // "configmap ns/name key" or "status ns/name"

Outputs ReadOutputs(const FakeCluster& cluster);

// The first difference in words, or empty.
std::string Difference(const Outputs& got, const Outputs& wanted);

// Copies what users and the cluster made, not what the operator did, into another cluster.
void CopyWorld(const FakeCluster& from, FakeCluster& to);

}  // namespace telltale::faults
