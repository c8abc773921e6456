// SPDX-License-Identifier: Apache-2.0
//
// Raises the alerts of log lines, each line once. Lines of a batch are looked at when the batch is
// made. While the store takes nothing no batch is made, but an alert must not wait: files with an
// alert stage are then read ahead, a small step at a time.
//
// "Once" also over a restart: lines of batches in the journal were raised when the batch was made,
// and how far files were read ahead is kept in the file `alerts-raised` of the state folder. After
// a crash a line that was read ahead in the last second may raise its alert again.
//
// Owned by LogWorker, used on its thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/function_ref.h"
#include "common/metrics/registry.h"
#include "sidecar/discover/tailed_file.h"
#include "sidecar/journal/journal_record.h"
#include "sidecar/pipeline/pipeline.h"
#include "sidecar/ship/log_pipeline.h"

namespace telltale {

class AlertLookAhead {
 public:
  // A step ends after so many bytes or so much time, at the next place where no line is open.
  static constexpr std::uint64_t kStepBytes = 64 << 10;
  static constexpr std::chrono::milliseconds kStepTime{3};
  // A block of lines or a partial line that is longer than this is taken as it is.
  static constexpr std::uint64_t kMaxOpenBytes = 1 << 20;

  AlertLookAhead(std::string state_dir, Registry& registry, Clock& clock);
  ~AlertLookAhead();  // writes what is not written yet

  void SetSink(std::function<void(LogAlert)> sink) { sink_ = std::move(sink); }

  // An earlier process made this batch, so it raised the alerts of its lines.
  void AlreadyRaised(const BatchRecord& batch);
  // The file was truncated or closed.
  void Forget(std::uint64_t file_id);

  // A batch of the file was made, with these hits.
  void Raise(const TailedFile& file, const LogSource& source, const std::vector<AlertHit>& hits);

  // Reads one step of one file. `source_of` returns null for a file that can be shipped now.
  // Call again soon while more() is true.
  using Files = std::map<std::uint64_t, std::unique_ptr<TailedFile>>;
  using SourceOf = FunctionRef<const LogSource*(const TailedFile&)>;
  void Step(const Files& files, SourceOf source_of);
  bool more() const { return more_; }

 private:
  // All lines of the file that begin before `checkpoint.offset` have raised their alerts.
  struct Cursor {
    Checkpoint checkpoint;
    std::string memory;          // of the stages, at that offset
    std::uint64_t searched = 0;  // nothing complete between the offset and here
    bool checked = true;         // the file has the content that the checkpoint says
  };

  Cursor& CursorOf(const TailedFile& file);
  void Read(const TailedFile& file, const LogSource& source, Cursor& cursor);
  void RaiseHits(const TailedFile& file, const LogSource& source, const std::vector<AlertHit>& hits,
                 std::uint64_t from, std::uint64_t to);
  void RaiseOne(const TailedFile& file, const LogSource& source, const AlertHit& hit);
  bool TooOld(const TailedFile& file, const AlertSpec& spec, std::int64_t time);
  void Recall();
  void Save();

  const std::string path_;  // of alerts-raised; empty: nothing is kept
  Clock& clock_;
  Counter& too_old_;
  std::function<void(LogAlert)> sink_;
  std::map<std::uint64_t, Cursor> cursors_;  // by file_id
  std::uint64_t last_file_ = 0;              // the one that was read last
  bool more_ = false;
  bool unsaved_ = false;
  SteadyTime saved_at_{};
  std::set<std::uint64_t> said_too_old_;  // file_ids whose old lines were logged

  LineBuffer buffer_;
  PipelineRun run_;
  MultilineJoiner joiner_;
  PipelineRun::BaseLabels base_;
};

}  // namespace telltale
