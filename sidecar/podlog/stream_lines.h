// SPDX-License-Identifier: Apache-2.0
//
// Lines of the API server's log stream (`timestamps=true`), which arrive in pieces of any size:
//   2026-11-21T01:02:03.123456789Z the message
// A line longer than kMaxBytes is cut there. Lines without a time are messages of the kubelet, not
// of the container, and are ignored. Pure; not thread-safe. Fuzzed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/function_ref.h"

namespace telltale {

class StreamLines {
 public:
  static constexpr std::size_t kMaxBytes = 1 << 20;

  // A line of the container. Returns false to end the stream.
  using Sink = FunctionRef<bool(std::int64_t time, std::string_view text)>;

  // A new answer begins; an unfinished line of the last one is forgotten.
  void Begin();
  // False if `sink` ended the stream.
  bool Feed(std::string_view piece, Sink sink);

 private:
  static bool Line(std::string_view line, Sink sink);

  std::string rest_;       // of a line whose end did not come yet
  bool skipping_ = false;  // rest_ is full; the rest of the line is skipped
};

}  // namespace telltale
