// SPDX-License-Identifier: Apache-2.0
//
// The measure of all plans: what a fresh core makes of a world when nothing goes wrong.
#pragma once

#include <cstdint>
#include <string>

#include "tests/faults/operator/outputs.h"

namespace telltale::faults {

struct End {
  std::string list;
  Outputs outputs;
};

// Copies the world first; the cluster stays as it is.
End WithoutFaults(const FakeCluster& world, std::uint64_t seed);

}  // namespace telltale::faults
