// SPDX-License-Identifier: Apache-2.0
//
// BatchBuilder's times: of lines that have one, and of those that get one.
#include <algorithm>

#include "sidecar/ship/batch_builder.h"

namespace telltale {
namespace {

// Times go up within a file, but a clock that was far ahead and set right must not keep all later
// lines in the future, where Loki refuses them.
constexpr std::int64_t kClockSetBack = 300'000'000'000;

}  // namespace

void BatchBuilder::SetTime(LogEntry& entry, TimeSource time) {
  if (entry.time == 0) {
    entry.time = time(entry);
  } else if (unique_times_) {
    entry.time = now_.stream_times.Next(entry.stream, entry.time);
  }
}

void BatchBuilder::NoteTime(std::int64_t time) {
  front_ = std::max(front_, time);
  if (until_ == 0) until_ = front_ + kMostTime;
}

std::int64_t BatchBuilder::Assign(const TailedFile& file, const LogEntry& entry, std::int64_t now) {
  std::int64_t seen = file.arrival_times.WallAt(entry.begin);
  if (seen == 0) seen = now;
  std::int64_t time = seen;
  if (now_.last_time <= now + kClockSetBack) time = std::max(seen, now_.last_time + 1);
  now_.last_time = time;
  if (!runs_.empty() &&
      runs_.back().start + static_cast<std::int64_t>(runs_.back().lines) == time) {
    ++runs_.back().lines;
  } else {
    runs_.push_back({time, 1});
  }
  return time;
}

}  // namespace telltale
