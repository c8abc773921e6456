// SPDX-License-Identifier: Apache-2.0
//
// Makes a batch of the next lines of one file: reads, decodes, gives times, runs the stages,
// encodes, compresses. A batch is a function of the bytes of its range and of what its record in
// the journal says: format, times, the pipeline and what that remembered; so Rebuild makes the same
// bytes after a crash. Owned by the pipeline's worker; one buffer is reused for all files.
// A line of ours is what the stages see: the parts of a CRI line, or a block of them, count once.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "sidecar/discover/tailed_file.h"
#include "sidecar/journal/journal_record.h"
#include "sidecar/loki/push_body.h"
#include "sidecar/ship/accounting.h"
#include "sidecar/ship/entry_maker.h"
#include "sidecar/ship/stream_set.h"
#include "sidecar/ship/time_sample.h"
#include "sidecar/tail/entry_decoder.h"

namespace telltale {

struct Batch {
  BatchRecord record;
  std::vector<PushBody> bodies;  // empty when there is no complete line
  LineCount count;               // bytes of the range
  std::uint64_t cut_bytes = 0;
  Losses dropped;  // by the stages, by reason; part of `count`, but not of `bodies`
  std::uint64_t overflowed = 0;
  std::vector<MetricDelta> metrics;
  std::uint64_t metrics_dropped = 0;  // updates beyond what a batch may have
  std::vector<StageFailure> failures;
  std::vector<AlertHit> alerts;
  std::uint64_t searched = 0;   // no line end between the end of the batch and here
  std::int64_t first_seen = 0;  // wall time
  TimeSample line_times;
  std::int64_t front = 0;  // the newest time of the path's lines so far
  std::int64_t until = 0;  // lines beyond it are not for this batch
  bool waits = false;      // there is no batch: the next line is beyond
  // What the file ends with and its next generation begins with; not in `bodies`.
  PartialLines carried_over;
  bool partial = false;               // what is left of the file waits for the end of a CRI line
  bool held = false;                  // or for the end of a block
  std::chrono::nanoseconds pause{0};  // the next batch of the file is not before so long
};

class BatchBuilder {
 public:
  // A batch ends where the times of its file go on by more than this (nanoseconds). Loki refuses
  // lines that are an hour older than the newest of their stream. A batch over hours would lose its
  // older lines when the store took only the younger ones, or when its answer did not arrive.
  static constexpr std::int64_t kMostTime = 1'800'000'000'000;

  // What becomes of text behind the last line end, and of partial lines at the end of the file.
  struct Ending {
    bool unfinished = false;  // the text is a line, and partial lines are sent as they are
    bool keep_room = false;   // but NULs at the end are room for more text, and no line
    bool carry_over = false;  // but partial lines are for the next generation
    bool end_blocks = false;  // a block that may go on is sent as it is
    std::int64_t front = 0;   // the newest time of the path's lines before the batch
    std::int64_t until = 0;   // lines beyond this time are for later; 0: kMostTime from the first
  };

  // Streams with more labels keep the surplus in structured metadata. The tenant is that of sources
  // without one.
  void Configure(std::size_t max_labels, std::string tenant) {
    tenant_ = std::move(tenant);
    streams_.set_max_labels(max_labels);
  }
  // What makes the entries of the source's files today. A batch that was made with something else
  // cannot be made again.
  std::uint64_t Maker(const LogSource& source) const {
    return MakerHash(source, tenant_, streams_.max_labels());
  }

  // The next lines of `file`, up to its known size, encoded in about `max_bytes`.
  Result<Batch> Build(const TailedFile& file, const LogSource& source, std::size_t max_bytes,
                      Ending ending, std::int64_t now);

  // The batch that `record` describes; an error when the file does not hold it any more. Only
  // with the pipeline that it was made with.
  Result<Batch> Rebuild(const TailedFile& file, const LogSource& source, const BatchRecord& record,
                        std::int64_t now);

  void ReleaseMemory() {
    buffer_.Release();
    streams_.Release();
    joiner_.Release();
  }

 private:
  // What a batch holds so far, or held at the last place where it could end.
  struct Progress {
    std::uint64_t end = 0, lines = 0, cut_bytes = 0;
    std::size_t runs = 0;              // of times
    std::uint64_t last_run_lines = 0;  // of the last of them
    std::int64_t last_time = 0;
    StreamTimes stream_times;
  };
  using TimeSource = FunctionRef<std::int64_t(const LogEntry&)>;

  void Begin(const TailedFile& file, const LogSource& source, std::string_view memory,
             std::int64_t now);
  void Take(LogEntry& entry, std::uint64_t line_begin, bool whole, TimeSource time);
  void SetTime(LogEntry& entry, TimeSource time);
  void NoteTime(std::int64_t time);
  // Whether a line was taken that is for a later batch by its time, and this one can end before it.
  bool Beyond() const {
    return limited_ && until_ != 0 && front_ > until_ && (waits_ || safe_.end > begin_);
  }
  void AddBlock(LogEntry block);
  void Add(const LogEntry& entry);
  void Count(const LogEntry& entry);
  void Safe(std::uint64_t end);
  bool Full(const RawLine& line, std::size_t max_bytes) const;
  // Decodes from `begin`; returns how far the file was searched.
  Result<std::uint64_t> Decode(const TailedFile& file, LogSource::Format format,
                               std::uint64_t begin, std::uint64_t limit, std::size_t max_bytes,
                               Ending ending, TimeSource time);
  std::int64_t Assign(const TailedFile& file, const LogEntry& entry, std::int64_t now);
  void Finish(Batch& batch);

  LineBuffer buffer_;
  StreamSet streams_;
  std::string tenant_;
  const Pipeline* pipeline_ = nullptr;
  std::size_t max_line_ = kMaxLine;
  bool unique_times_ = true;  // of CRI lines; not in batches of versions that did not see to it
  PipelineRun run_;
  MultilineJoiner joiner_;
  PipelineRun::BaseLabels base_;
  std::uint64_t begin_ = 0;
  bool limited_ = false;  // by until_; not when a batch is made again
  bool waits_ = false;    // there may be no batch at all
  Progress now_, safe_;
  std::int64_t front_ = 0;  // the newest time so far
  std::int64_t until_ = 0;  // younger lines are for the next batch; 0 before the first line
  std::vector<std::int64_t> safe_memory_;
  std::vector<TimeRun> runs_;
  Losses dropped_;
  std::uint64_t carried_bytes_ = 0;
  TimeSample line_times_;
  PartialLines waiting_;  // at the end of what was decoded last
};

}  // namespace telltale
