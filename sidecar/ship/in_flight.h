// SPDX-License-Identifier: Apache-2.0
//
// The batches that were handed to the sender and are not settled: how many may be, which files must
// wait for theirs, and in which order the answers count. Batches of one file are settled in the
// order of the file, whatever was answered first, as the journal keeps one place per file. Owned by
// LogWorker, on its thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "sidecar/loki/push_body.h"
#include "sidecar/ship/log_metrics.h"
#include "sidecar/ship/time_sample.h"

namespace telltale {

class InFlight {
 public:
  // One on its way and one ready, so that Loki never waits for the disk.
  static constexpr std::size_t kMaxMoving = 2;
  // Beside them those that only their own stream holds up; bytes as they wait in memory.
  static constexpr std::size_t kMaxHeld = 64, kMaxHeldBytes = 4 << 20;
  // Of a file with many streams, of which one is held up; one of those with one stream.
  static constexpr std::size_t kMaxOfFile = 4;

  struct Batch {
    std::uint64_t file_id = 0;
    std::int64_t first_seen = 0;
    TimeSample line_times = {};
    std::vector<SeriesDelta> metrics = {};  // of its lines
    std::size_t bytes = 0;                  // of its pushes
    std::size_t streams = 1;
    bool held = false;
    std::optional<PushResult> answer = {};
  };

  void Add(std::uint64_t sequence, Batch batch) { batches_[sequence] = std::move(batch); }

  // Those that are settled now, with their answer; none while an older one of the file is not.
  std::vector<Batch> Answer(const PushResult& result);

  // No more may be handed over.
  bool Full() const;
  // The file must not be read on.
  bool Waits(std::uint64_t file_id) const;

  bool empty() const { return batches_.empty(); }
  bool HasOf(std::uint64_t file_id) const;
  bool contains(std::uint64_t sequence) const { return batches_.contains(sequence); }
  const std::map<std::uint64_t, Batch>& batches() const { return batches_; }

 private:
  std::map<std::uint64_t, Batch> batches_;  // by sequence
};

}  // namespace telltale
