// SPDX-License-Identifier: Apache-2.0
//
// Which pods a MonitoringTarget is about. Pure functions over what the stores hold; every other
// file of plan/ starts from a World.
#pragma once

#include <string>
#include <vector>

#include "operator/model/selection.h"
#include "operator/model/world.h"

namespace telltale {

// Suspended targets match their pods too, but produce nothing.
std::vector<MatchedTarget> Match(const World& world);

// Namespaces that the target looks into, by name.
std::vector<std::string> SelectedNamespaces(const MonitoringTarget& target, const World& world);

}  // namespace telltale
