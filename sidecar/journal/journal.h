// SPDX-License-Identifier: Apache-2.0
//
// The sidecar's memory: an append-only file `journal` in the state directory. A batch is written
// here before it is sent for the first time, and again when Loki has answered; a start after any
// kind of end goes on from there. fsync comes at most once a second, so what a power cut takes away
// is sent twice. It comes at once for the first file of a path: were that forgotten, nothing would
// tell of the file when it is rotated away before the next start.
//
// Nothing that happens to the disk stops shipping: errors are counted and warned about once, and
// the whole state is written anew as soon as that works again. Owned by the pipeline's worker, on
// its thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/metrics/registry.h"
#include "sidecar/journal/disk.h"
#include "sidecar/journal/journal_file.h"
#include "sidecar/journal/journal_record.h"

namespace telltale {

class Journal {
 public:
  static constexpr std::size_t kCompactAt = 1 << 20;
  static constexpr std::size_t kMaxFiles = 4096;
  static constexpr std::int64_t kForgetAfter = 48 * 3600;  // seconds, of files that are not open

  // An empty directory keeps everything in memory only.
  Journal(std::string directory, Clock& clock, Registry& registry, Disk& disk = RealDisk(),
          std::size_t compact_at = kCompactAt);

  // Reads what is there and writes it anew, compact. Without a journal nothing is written yet, so a
  // sidecar that has no logs to follow leaves no trace.
  void Open();

  const JournalState& state() const { return state_; }
  // A series that is counted no more.
  void ForgetSeries(const SeriesName& series) { state_.metrics.erase(series); }
  // Wall time up to which an earlier process knew all files; 0 without one.
  std::int64_t alive() const { return alive_; }
  // This one does, up to then. Written with what else is, at most once a second.
  void Looked(std::int64_t wall_nanos);

  // The record of this file, if one fits its identity and its content; checkpoints it open.
  const FileRecord* Recall(const FileIdentity& id, const std::string& path, const FileBytes& bytes);
  // The generation lies in that file now; nothing when there is no such generation.
  const FileRecord* Rebind(std::uint64_t file_id, const FileIdentity& id);
  // A new generation; returns its file_id.
  std::uint64_t AddFile(const FileIdentity& id, const std::string& path);
  // So much of a generation was seen and nothing read. Written once, and once more when its head is
  // whole.
  void Saw(std::uint64_t file_id, const Checkpoint& seen);
  // No longer open; `finished` when it needs no reading by a later start.
  void CloseFile(std::uint64_t file_id, bool finished);
  void Forget(std::uint64_t file_id);

  // Fills in the sequence number.
  void Begin(BatchRecord& batch);
  // Loki stored the batch, or refused it for good.
  void Ack(std::uint64_t sequence, const std::vector<SeriesDelta>& metrics = {});
  // The batch cannot be made again; its file, if there is one, stays where it was.
  void Abandon(std::uint64_t sequence);
  // Parts of lines go from one generation to the next.
  void RecordCarryOver(const CarryOver& carry_over);

  // fsync, if something is unsynced and the last one is a second ago, or a path is new, or `now`.
  // After a failure, the next try to write everything anew.
  void Sync(bool now = false);
  // When Sync has something to do.
  std::optional<SteadyTime> sync_due() const;

 private:
  const FileRecord* Reopen(FileRecord& file, const FileIdentity& id);
  void Append();
  void Rewrite();
  void Prune();
  void Failed(std::string_view error);
  std::int64_t Seconds() const { return clock_.WallNanos() / 1'000'000'000; }

  std::string directory_;
  JournalFile file_;
  const std::size_t compact_at_;
  Clock& clock_;
  Counter& errors_;
  Gauge& healthy_;
  Counter& dropped_;
  JournalState state_;
  std::string pending_;  // records being appended; empty between calls
  std::size_t size_ = 0;
  std::int64_t alive_ = 0, looked_ = 0;
  bool dirty_ = false, failing_ = false;
  bool new_path_ = false;  // is in what is not synced
  SteadyTime synced_{}, retry_at_{};
};

}  // namespace telltale
