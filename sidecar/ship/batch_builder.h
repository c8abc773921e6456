// SPDX-License-Identifier: Apache-2.0
//
// Makes a batch of the next lines of one file: reads, decodes, gives times, encodes, compresses.
// A batch is a function of the bytes of its range, the format and the times; the journal keeps the
// latter two, so Rebuild makes the same bytes after a crash. Owned by the pipeline's worker; one
// buffer is reused for all files.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "sidecar/ship/accounting.h"
#include "sidecar/ship/journal_record.h"
#include "sidecar/ship/loki_encoder.h"
#include "sidecar/ship/time_sample.h"
#include "sidecar/tail/entry_decoder.h"
#include "sidecar/tail/tailed_file.h"

namespace telltale {

// One request: the lines of one stream.
struct PushBody {
  std::string compressed;
  LineCount count;  // bytes without what was cut
};

struct Batch {
  BatchRecord record;
  std::vector<PushBody> bodies;  // empty when there is no complete line
  LineCount count;               // bytes of the range
  std::uint64_t cut_bytes = 0;
  std::uint64_t searched = 0;   // no line end between the end of the batch and here
  std::int64_t first_seen = 0;  // wall time
  TimeSample line_times;
  // What the file ends with and its next generation begins with; not in `bodies`.
  PartialLines handed_over;
  bool partial = false;  // what is left of the file waits for the end of a CRI line
};

class BatchBuilder {
 public:
  // What becomes of text behind the last line end, and of partial lines at the end of the file.
  struct Ending {
    bool unfinished = false;  // the text is a line, and partial lines are sent as they are
    bool hand_over = false;   // but partial lines are for the next generation
  };

  // The next lines of `file`, up to its known size, encoded in about `max_bytes`.
  Result<Batch> Build(const TailedFile& file, const LogSource& source, std::size_t max_bytes,
                      Ending ending, std::int64_t now);

  // The batch that `record` describes; an error when the file does not hold it any more.
  Result<Batch> Rebuild(const TailedFile& file, const LogSource& source, const BatchRecord& record,
                        std::int64_t now);

  void ReleaseMemory();

 private:
  static constexpr std::size_t kStreams = 3;  // of LogStream
  // What a batch holds so far, and what it held at the last place where it could end.
  struct Progress {
    std::uint64_t end = 0, lines = 0, cut_bytes = 0;
    std::array<StreamEncoder::Mark, kStreams> marks;
    std::array<LineCount, kStreams> counts;
    std::size_t runs = 0;              // of times
    std::uint64_t last_run_lines = 0;  // of the last of them
    std::int64_t last_time = 0;
  };
  using TimeSource = FunctionRef<std::int64_t(const LogEntry&)>;

  void Begin(const TailedFile& file, const LogSource& source);
  void Add(const LogEntry& entry, std::int64_t time);
  Progress Here(std::uint64_t end) const;
  void Return(const Progress& to);
  std::size_t EncodedBytes() const;
  // Decodes from `begin`; returns how far the file was searched.
  Result<std::uint64_t> Decode(const TailedFile& file, LogSource::Format format,
                               std::uint64_t begin, std::uint64_t limit, std::size_t max_bytes,
                               Ending ending, TimeSource time);
  Result<bool> HasLineEnd(const FileBytes& bytes, std::uint64_t from, std::uint64_t limit);
  void Finish(Batch& batch);

  LineBuffer buffer_;
  std::array<StreamEncoder, kStreams> encoders_;
  Progress now_;
  std::vector<TimeRun> runs_;
  std::uint64_t inherited_bytes_ = 0;
  TimeSample line_times_;
  PartialLines waiting_;  // at the end of what was decoded last
};

}  // namespace telltale
