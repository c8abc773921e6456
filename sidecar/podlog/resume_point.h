// SPDX-License-Identifier: Apache-2.0
//
// Where to go on in a container's log when the API server is asked again. `sinceTime` counts whole
// seconds, so an answer begins with lines that are there already: they are known by time and text,
// as often as each was there. Pure; owned by a follower, on its thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace telltale {

class ResumePoint {
 public:
  // A line is kept now; `time` in nanoseconds.
  void Keep(std::int64_t time, std::string_view text);

  // For sinceTime; nothing before the first line. One second before the newest line, because lines
  // of stdout and stderr may be a moment out of order.
  std::optional<std::string> Since() const;

  // An answer begins.
  void Begin();
  // False when the line was kept before this answer.
  bool IsNew(std::int64_t time, std::string_view text);
  // Of an answer's first line: what came last is not in that log any more, so that what was between
  // may be missing. False without lines before.
  bool IsGap(std::int64_t time) const { return newest_ != 0 && time > newest_; }

 private:
  static constexpr std::int64_t kSecond = 1'000'000'000;
  using Counts = std::unordered_map<std::uint64_t, std::uint32_t>;  // by hash of time and text

  std::int64_t newest_ = 0;
  std::map<std::int64_t, Counts> kept_;      // by second: the newest and the one before
  std::map<std::int64_t, Counts> expected_;  // of the answer under way
};

}  // namespace telltale
