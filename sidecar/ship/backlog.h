// SPDX-License-Identifier: Apache-2.0
//
// How far behind the log path is: bytes of each file that are not read yet, its rotated generations
// apart from the current one, how many files there are in which state, and how long lines took from
// being written to Loki's acknowledgement. Owned by the pipeline's worker, on its thread; the
// numbers are taken once a second at most, and at once when everything is caught up.
//
// At most kMaxPaths paths have series of their own; the others share one with the path "(others)".
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <string>

#include "common/base/clock.h"
#include "common/metrics/registry.h"
#include "sidecar/discover/file_set.h"
#include "sidecar/ship/time_sample.h"

namespace telltale {

class Backlog {
 public:
  static constexpr std::size_t kMaxPaths = 100;

  Backlog(Registry& registry, Clock& clock);

  void Update(const FileSet& files);
  void Delivered(const TimeSample& times);
  // Counts a file that is gone and may have had unread lines.
  void Vanished() { vanished_.Add(); }

 private:
  struct Path {
    std::uint64_t current = 0, rotated = 0;
    bool operator==(const Path&) const = default;
  };
  struct Series {
    Gauge* current;
    Gauge* rotated;
  };
  void Publish(const std::map<std::string, Path>& paths);

  Registry& registry_;
  Clock& clock_;
  void PublishFiles(const FileCounts& counts);

  Gauge& deleted_bytes_;
  Counter& vanished_;
  std::array<Gauge*, 4> files_;  // current, rotated, deleted, idle
  std::array<Gauge*, static_cast<std::size_t>(UnreadReason::kCount)> unread_;
  Histogram& latency_;
  std::map<std::string, Series> series_;
  SteadyTime next_{};
  std::size_t open_ = 0;  // files, when they were last looked at
  bool behind_ = false;
};

}  // namespace telltale
