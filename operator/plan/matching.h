// SPDX-License-Identifier: Apache-2.0
//
// Where a MonitoringTarget looks for pods; which pods it finds there the store's index knows. Pure.
#pragma once

#include <string>
#include <vector>

#include "operator/model/selection.h"
#include "operator/model/world.h"

namespace telltale {

// Namespaces that exist and that the target looks into, by name; only its own, which may not exist
// yet, when it asks for no others.
std::vector<std::string> SelectedNamespaces(const MonitoringTarget& target, const World& world);

}  // namespace telltale
