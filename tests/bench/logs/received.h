// SPDX-License-Identifier: Apache-2.0
//
// What pushes of protobuf held: their lines, to compare with those that were written, and their
// streams. Used by bench_sink and bench_encode; not thread-safe.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "common/base/function_ref.h"
#include "tests/bench/logs/lines.h"

namespace telltale::bench {

struct Received {
  Digest digest;
  std::uint64_t misplaced = 0;    // lines in a stream whose level is not theirs
  std::set<std::string> streams;  // by their labels

  // False when the request is none; `line` is called with the text of each line.
  bool Add(std::string_view request, FunctionRef<void(std::string_view)> line);
};

}  // namespace telltale::bench
