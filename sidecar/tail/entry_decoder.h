// SPDX-License-Identifier: Apache-2.0
//
// Lines of a file to log entries: recognises CRI lines, joins their partial ones, makes the text
// acceptable to Loki. Pure: the entries are a function of the bytes and of the format alone, which
// is why a batch that is read again after a crash is the same batch. Called by BatchBuilder for
// each line; not thread-safe. The stages of a pipeline sit behind it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/function_ref.h"
#include "sidecar/tail/cri_line.h"
#include "sidecar/tail/line_reader.h"
#include "sidecar/tail/log_source.h"
#include "sidecar/tail/partial_line.h"

namespace telltale {

// To be raised by each change of the code between a file's bytes and its entries (decoder, times,
// stages): batches that another version had in flight are then counted as sent again. A golden test
// fails when the decoder's output changes and this does not.
inline constexpr std::uint64_t kEntryVersion = 1;

struct LogEntry {
  std::string_view text;    // clean UTF-8 of at most kMaxLine bytes; valid during the call
  std::int64_t time = 0;    // of the CRI line; 0 when the line has none and one is assigned
  std::uint64_t begin = 0;  // offset of its first byte, by which a time is assigned
  LogStream stream = LogStream::kNone;
  bool truncated = false;
  std::uint64_t bytes = 0;      // of the file, line ends included
  std::uint64_t cut_bytes = 0;  // of those, how many a cut left out
};

class EntryDecoder {
 public:
  using Sink = FunctionRef<void(LogEntry&)>;

  // Longer lines are cut at `max_line` bytes, at most kMaxLine.
  explicit EntryDecoder(LogSource::Format format, std::size_t max_line = kMaxLine)
      : format_(format), max_line_(std::min(max_line, kMaxLine)) {}

  void Line(const RawLine& raw, Sink sink);
  // Partial lines whose end never came, as they are.
  void Finish(Sink sink);
  // Goes on with the partial lines that another generation ended with; before the first Line.
  void Resume(const PartialLines& lines);
  // Those that wait for their end now.
  PartialLines Waiting() const;
  // True when no partial line waits: a batch may end here.
  bool AtSafePoint() const { return !stdout_.waiting && !stderr_.waiting; }

 private:
  struct Partial {
    bool waiting = false;
    std::string text;
    LogEntry entry;
  };
  std::optional<CriLine> Parse(std::string_view text);
  void Whole(std::string_view content, LogEntry entry, Sink sink);
  void Append(Partial& partial, const CriLine& cri, const RawLine& line);
  void Flush(Partial& partial, Sink sink);

  LogSource::Format format_;
  std::size_t max_line_;
  Partial stdout_, stderr_;
  std::string scratch_, docker_scratch_;
  CriSecond second_;
};

}  // namespace telltale
