// SPDX-License-Identifier: Apache-2.0
//
// The times that a batch's record has, one by one. Used by BatchBuilder; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sidecar/journal/journal_record.h"

namespace telltale {

// The times of the lines that got one, in their order.
struct RunReader {
  const std::vector<TimeRun>& runs;
  std::size_t run = 0;
  std::uint64_t line = 0;

  std::int64_t Next() {
    while (run < runs.size() && line == runs[run].lines) {
      ++run;
      line = 0;
    }
    if (run == runs.size()) return 0;
    return runs[run].start + static_cast<std::int64_t>(line++);
  }
};

}  // namespace telltale
