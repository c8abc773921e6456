// SPDX-License-Identifier: Apache-2.0
//
// The sidecar's memory: an append-only file `journal` in the state directory. A batch is written
// here before it is sent for the first time, and again when it was acknowledged; the next start
// continues from there, however this one ended. fsync runs at most once a second, so after a power
// cut lines of the last second may be sent twice. The first record of a path is synced at once:
// without it, a file that is rotated before the next start would not be found.
//
// The record of a file lives as long as the file. A file that is gone is forgotten kForgetAfter
// after it was last known to exist.
//
// No disk error stops shipping: errors are counted and warned about once, and the whole state is
// written again as soon as the disk works. Owned by the pipeline's worker, on its thread.
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
  // Beyond so many records those of files that are gone are forgotten at once, oldest first.
  static constexpr std::size_t kMaxFiles = 4096;
  static constexpr std::int64_t kForgetAfter = 48 * 3600;  // seconds

  // An empty directory keeps everything in memory only.
  Journal(std::string directory, Clock& clock, Registry& registry, Disk& disk = RealDisk(),
          std::size_t compact_at = kCompactAt);

  // Reads the journal and rewrites it in compact form. If there is none, none is made before there
  // is something to remember.
  void Open();

  const JournalState& state() const { return state_; }
  // The series is not counted any more.
  void ForgetSeries(const SeriesName& series) { state_.metrics.erase(series); }
  // What tells the content of the file from that of other files: what was acknowledged, or while
  // nothing is, what was sent of it, or else what was seen.
  Checkpoint Known(const FileRecord& file) const;
  // Wall time of the last complete scan of an earlier process; 0 without one.
  std::int64_t last_scan() const { return last_scan_; }
  // All wanted files were found by a scan that began then. Written along with other records, at
  // most once a second. Forgets records of files that are gone.
  void Scanned(std::int64_t wall_nanos);

  // The record of this file, if one matches its identity and its content. Marks it open.
  const FileRecord* Recall(const FileIdentity& id, const std::string& path, const FileBytes& bytes);
  // The generation is in that file now; nullptr when the generation is unknown. Marks it open.
  const FileRecord* Rebind(std::uint64_t file_id, const FileIdentity& id);
  // A new generation; returns its file_id. `last_time`: the last time that a line of the path got,
  // also of an older generation; 0 without one.
  std::uint64_t AddFile(const FileIdentity& id, const std::string& path,
                        std::int64_t last_time = 0);
  // The content seen of a generation of which nothing was read yet. Written the first time, and
  // again when it covers kHeadBytes.
  void RecordFingerprint(std::uint64_t file_id, const Checkpoint& fingerprint);
  // No longer open; `finished`: a later start need not read it.
  void CloseFile(std::uint64_t file_id, bool finished);
  void Forget(std::uint64_t file_id);

  // Fills in the sequence number.
  void Begin(BatchRecord& batch);
  // The batch is stored, or refused for good.
  void Ack(std::uint64_t sequence, const std::vector<SeriesDelta>& metrics = {});
  // That stream's part of the batch is, see StreamHash. A replay leaves it out.
  void AckPart(std::uint64_t sequence, std::uint64_t stream);
  // The batch cannot be made again. The checkpoint of its file does not move.
  void Abandon(std::uint64_t sequence);
  // Partial lines move from one generation to the next.
  void RecordCarryOver(const CarryOver& carry_over);

  // fsync, if something is unsynced and the last one was a second ago, or a path is new, or `now`.
  // After a failure: the next attempt to rewrite everything.
  void Sync(bool now = false);
  // What was recorded last is synced with the next Sync: a loss that a power cut made us forget
  // would be reported once more.
  void SyncSoon() { urgent_ = true; }
  // When Sync has something to do.
  std::optional<SteadyTime> sync_due() const;

 private:
  const FileRecord* Reopen(FileRecord& file, const FileIdentity& id);
  void Append();
  void Rewrite();
  void ForgetGone();
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
  std::int64_t last_scan_ = 0;  // of an earlier process
  std::int64_t scanned_ = 0;    // of this one
  bool dirty_ = false, failing_ = false;
  bool urgent_ = false;  // a new path or a loss is among the unsynced records
  SteadyTime synced_{}, retry_at_{}, forget_at_{};
};

}  // namespace telltale
