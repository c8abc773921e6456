// SPDX-License-Identifier: Apache-2.0
//
// The beginning of a CRI line whose end is not there yet. A generation that ends with one hands it
// over to the next generation of its path, in the journal, so that the line goes out whole and its
// bytes count once. A plain value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sidecar/tail/cri_line.h"

namespace telltale {

struct PartialLine {
  LogStream stream = LogStream::kStdout;
  std::int64_t time = 0;  // of its last part
  std::string text;       // joined, at most kMaxRawLine bytes
  bool truncated = false;
  std::uint64_t bytes = 0;      // of the files, line ends included
  std::uint64_t cut_bytes = 0;  // of those, how many a cut left out

  bool operator==(const PartialLine&) const = default;
};

using PartialLines = std::vector<PartialLine>;  // at most one of each stream

inline std::uint64_t BytesOf(const PartialLines& lines) {
  std::uint64_t bytes = 0;
  for (const PartialLine& line : lines) bytes += line.bytes;
  return bytes;
}

}  // namespace telltale
