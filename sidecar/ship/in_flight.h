// SPDX-License-Identifier: Apache-2.0
//
// The batches that were handed to the sender and are not settled: how many may be, which files must
// wait for theirs, and in which order the answers count. Batches of one file are settled in the
// order of the file, whatever was answered first, as the journal keeps one checkpoint per file.
// Owned by LogWorker, on its thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sidecar/loki/push_body.h"
#include "sidecar/ship/log_metrics.h"
#include "sidecar/ship/owner_accounts.h"
#include "sidecar/ship/time_sample.h"
#include "sidecar/tail/log_source.h"

namespace telltale {

class InFlight {
 public:
  // Of those that move: as many bytes in memory as SetLimit says, but two batches at least, so that
  // the store never waits for the disk.
  static constexpr std::size_t kMaxBytes = 512 << 10, kMinBatches = 2, kMaxBatches = 4096;
  // Batches of a file while one of them is held: of a file with one stream, and of one with
  // several.
  static constexpr std::size_t kMaxOfStream = 1, kMaxOfFile = 256;

  struct Batch {
    std::uint64_t file_id = 0;
    std::int64_t first_seen = 0;
    TimeSample line_times = {};
    std::vector<SeriesDelta> metrics = {};  // of its lines
    std::string tenant = {};
    std::string path = {};                         // of its file
    std::shared_ptr<const LogSource> source = {};  // that it was made with
    OwnerAccounts owners = {};                     // that its lines were counted for
    std::size_t bytes = 0;                         // of its pieces in memory
    std::size_t streams = 1;
    bool held = false;  // for its own tenant or stream
    std::optional<PushResult> answer = {};
  };

  void SetLimit(std::size_t bytes) { max_bytes_ = bytes; }
  // Where there are several, each of them has half of the bytes, and one batch at least, whatever
  // the others wait for; but no more than four have, so that memory is bounded.
  void SetTenants(std::size_t count) { tenant_count_ = std::min<std::size_t>(count, 4); }
  void Add(std::uint64_t sequence, Batch batch);

  // Those that are settled now, with their answer; none while an older one of the file is not.
  std::vector<Batch> Answer(const PushResult& result);

  // No more may be handed over.
  bool Full() const;
  // No more of the tenant, where there are several.
  bool IsFull(const std::string& tenant) const;
  // The file must not be read on.
  bool Waits(std::uint64_t file_id) const;

  bool empty() const { return batches_.empty(); }
  bool HasOf(std::uint64_t file_id) const { return files_.contains(file_id); }
  bool contains(std::uint64_t sequence) const { return batches_.contains(sequence); }
  const Batch* Find(std::uint64_t sequence) const;
  const std::map<std::uint64_t, Batch>& batches() const { return batches_; }

 private:
  struct Moving {
    std::size_t batches = 0, bytes = 0;
  };
  static bool IsMoving(const Batch& batch) { return !batch.held && !batch.answer; }
  void Count(const Batch& batch, bool add);

  std::map<std::uint64_t, Batch> batches_;                     // by sequence
  std::map<std::uint64_t, std::vector<std::uint64_t>> files_;  // their sequences, ascending
  bool IsFull(const Moving& tenant) const {
    return tenant.batches > 0 && tenant.bytes >= max_bytes_ / 2;
  }

  std::size_t max_bytes_ = kMaxBytes, tenant_count_ = 1;
  Moving moving_;
  std::map<std::string, Moving> tenants_;  // that have moving batches
};

}  // namespace telltale
