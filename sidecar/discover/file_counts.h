// SPDX-License-Identifier: Apache-2.0
//
// How many files are known, by state, and how many wanted ones are not read, by reason. Made by
// FileSet, shown in metrics. A plain value.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "sidecar/discover/unread_reason.h"

namespace telltale {

struct FileCounts {
  std::uint64_t current = 0, rotated = 0, deleted = 0;  // open
  std::uint64_t idle = 0;                               // known, read to their end, and closed
  std::uint64_t deleted_bytes = 0;                      // on disk, of deleted files that are open
  UnreadCounts unread;

  // In the order of kFileStates, which are the values of the label `state`.
  std::array<std::uint64_t, 4> by_state() const { return {current, rotated, deleted, idle}; }

  void operator+=(const FileCounts& other) {
    current += other.current;
    rotated += other.rotated;
    deleted += other.deleted;
    idle += other.idle;
    deleted_bytes += other.deleted_bytes;
    unread += other.unread;
  }
};

inline constexpr std::array<std::string_view, 4> kFileStates{"current", "rotated", "deleted",
                                                             "idle"};

}  // namespace telltale
