// SPDX-License-Identifier: Apache-2.0
//
// Times of CRI lines, made different within each stream of a file: a runtime gives all lines of one
// read the same time, and a log store keeps one of several equal lines of one time. A line that is
// not later than what was given out gets 1 ns more than that. A real step back in time is kept.
// Pure: with the same state and lines the same times. Kept by TailedFile and in the journal.
#pragma once

#include <array>
#include <cstdint>

#include "sidecar/tail/cri_line.h"

namespace telltale {

struct StreamTimes {
  struct One {
    std::int64_t line = 0;   // of the last line, as it was written
    std::int64_t given = 0;  // to it; never less
    bool operator==(const One&) const = default;
  };
  std::array<One, 3> streams{};  // of LogStream

  std::int64_t Next(LogStream stream, std::int64_t time) {
    One& one = streams[static_cast<std::size_t>(stream)];
    one.given = time >= one.line && time <= one.given ? one.given + 1 : time;
    one.line = time;
    return one.given;
  }
  bool operator==(const StreamTimes&) const = default;
};

}  // namespace telltale
