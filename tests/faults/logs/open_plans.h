// SPDX-License-Identifier: Apache-2.0
//
// Plans that fail because of something that is known and not done yet. They are skipped, and
// counted as skipped, unless TELLTALE_FAULT_OPEN=1. Who mends something takes its seeds out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <iterator>

namespace telltale::faults {

// Of the simulated plans: none.
inline constexpr std::initializer_list<std::uint64_t> kSimulated{};
// Of the plans with processes.
inline constexpr std::uint64_t kWithProcess[] = {13, 20, 27, 32, 34, 47};

template <typename Seeds>
bool Contains(const Seeds& seeds, std::uint64_t seed) {
  return std::find(std::begin(seeds), std::end(seeds), seed) != std::end(seeds);
}

inline bool IsOpen(std::uint64_t seed, bool process) {
  if (std::getenv("TELLTALE_FAULT_OPEN") != nullptr) return false;
  if (process) return Contains(kWithProcess, seed);
  return Contains(kSimulated, seed);
}

}  // namespace telltale::faults
