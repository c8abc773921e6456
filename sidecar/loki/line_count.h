// SPDX-License-Identifier: Apache-2.0
//
// How much, in lines and in bytes of the file; and what became of that which did not arrive.
// Plain values.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace telltale {

struct LineCount {
  std::uint64_t lines = 0, bytes = 0;

  LineCount& operator+=(const LineCount& other) {
    lines += other.lines;
    bytes += other.bytes;
    return *this;
  }
  LineCount& operator-=(const LineCount& other) {
    lines -= other.lines;
    bytes -= other.bytes;
    return *this;
  }
  bool operator==(const LineCount&) const = default;
};

// By reason. A cut line is delivered, so its reason has bytes without a line.
using Losses = std::map<std::string, LineCount, std::less<>>;

}  // namespace telltale
