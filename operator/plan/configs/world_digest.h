// SPDX-License-Identifier: Apache-2.0
//
// A hash of all that the configurations of sidecars and node agents follow from: the specs of the
// MonitoringTargets, by uid and generation, and the labels and lives of the namespaces. A status
// that is written, or a pod that moves, does not change it. Pure.
#pragma once

#include <cstdint>

#include "operator/model/world.h"

namespace telltale {

std::uint64_t WorldDigest(const World& world);

}  // namespace telltale
