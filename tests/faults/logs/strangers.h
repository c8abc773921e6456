// SPDX-License-Identifier: Apache-2.0
//
// Answers that are not the store's: of an ingress, a login page, a gateway. Pure.
#pragma once

#include <cstdint>

#include "tests/fakes/fake_loki.h"

namespace telltale::faults {

// The answer to the n-th push, which follows from the seed. Where a status says that the lines are
// stored, they are; else nothing is.
FakeLoki::Reply StrangerReply(std::uint64_t seed, std::uint64_t number, const FakeLoki::Push& push);

}  // namespace telltale::faults
