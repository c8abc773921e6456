// SPDX-License-Identifier: Apache-2.0
//
// Cuts a byte stream into lines, for the watch protocol: one JSON event a line. A line that lies
// whole in one piece is given without a copy; one that spans pieces is gathered in a buffer of at
// most `max_line` bytes. What follows the last '\n' is never given: it is an event cut in half.
// Used by Reflector, one splitter per stream. Not thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/function_ref.h"

namespace telltale {

class LineSplitter {
 public:
  enum class Fed { kMore, kStopped, kTooLong };

  explicit LineSplitter(std::size_t max_line) : max_line_(max_line) {}

  // Calls `line` for each complete line that is not blank, without its '\n' and '\r'; the text is
  // valid during the call. kStopped when `line` returned false: the rest of the piece is dropped.
  Fed Feed(std::string_view piece, FunctionRef<bool(std::string_view)> line);

 private:
  std::size_t max_line_;
  std::string partial_;
};

}  // namespace telltale
