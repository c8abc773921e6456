// SPDX-License-Identifier: Apache-2.0
//
// What the journal remembers, and how it is written: records of a CRC-32, a length, a type and
// varints, one after another. Pure, fuzzable; IO is in journal.h. Integers of the frame are little
// endian. A reader stops at the first record that is torn or wrong, because later records build on
// it. A record of an unknown type with a correct CRC is skipped: a newer version wrote it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sidecar/discover/file_identity.h"
#include "sidecar/tail/log_source.h"
#include "sidecar/tail/partial_line.h"
#include "sidecar/tail/stream_times.h"

namespace telltale {

// Lines that got consecutive nanoseconds: the first `start`, the next `start + 1`, ...
struct TimeRun {
  std::int64_t start = 0;
  std::uint64_t lines = 0;
  bool operator==(const TimeRun&) const = default;
};

// A range of a file that is sent in one piece, and everything needed to make the same entries from
// it again.
struct BatchRecord {
  std::uint64_t sequence = 0;
  std::uint64_t file_id = 0;
  std::uint64_t begin = 0;
  Checkpoint checkpoint;  // checkpoint.offset is the end of the range
  std::uint64_t lines = 0;
  LogSource::Format format = LogSource::Format::kAuto;
  std::vector<TimeRun> times;  // of the lines that have none of their own
  std::int64_t last_time = 0;  // of the file, after this batch
  // Bytes of partial lines at the end that are not in the batch: the next generation has them.
  std::uint64_t carried_over = 0;
  // Of the pipeline: its hash (0: there was none), when the batch was made, and what its stages
  // remembered at the beginning and at the end.
  std::uint64_t pipeline = 0;
  std::int64_t now = 0;
  std::string memory, memory_after;
  // Hash of everything that makes its entries: stages, labels, tenant, limits, format, version of
  // the program's entry code. 0: written before this was recorded.
  std::uint64_t maker = 0;
  // StreamHash of the streams whose part of the batch is stored already. Empty: none, or a journal
  // written before this was recorded.
  std::vector<std::uint64_t> acked_streams;
  StreamTimes stream_times, stream_times_after;  // at its begin and end
};

// Names a stream of a batch in the journal; `labels` is the stream's text, as in {app="shop"}.
std::uint64_t StreamHash(std::string_view labels);

struct FileRecord {
  std::uint64_t file_id = 0;
  FileIdentity id;
  std::string path;
  Checkpoint checkpoint;   // what was acknowledged
  Checkpoint fingerprint;  // of a file of which nothing is acknowledged: the content seen so far
  std::int64_t last_time = 0;
  std::int64_t touched = 0;      // Unix seconds when the file was last known to exist
  bool closed = false;           // read to its end and rotated away
  PartialLines carried_partial;  // from the generation before; part of the batch that begins at 0
  std::string memory;            // of the pipeline's stages, behind checkpoint
  StreamTimes stream_times;      // behind checkpoint
  bool open = false;             // in this process; not written

  // What tells its content from that of other files, but for what is in flight of it.
  const Checkpoint& known() const { return checkpoint.offset > 0 ? checkpoint : fingerprint; }
};

// A series that a metrics stage counts lines into.
struct SeriesName {
  std::string name;
  Labels labels;
  auto operator<=>(const SeriesName&) const = default;
};
struct SeriesTotal {
  double value = 0;                   // of a histogram: the sum
  std::vector<std::uint64_t> counts;  // of a histogram: one per bucket and one above all
  bool operator==(const SeriesTotal&) const = default;
};
// What a settled batch does to one: `value` and `counts` are added, to `base` when it is set.
struct SeriesDelta {
  SeriesName series;
  bool set = false;
  double base = 0;
  SeriesTotal add;
};
using SeriesTotals = std::map<SeriesName, SeriesTotal>;

struct JournalState {
  std::map<std::uint64_t, FileRecord> files;       // by file_id
  std::map<std::uint64_t, BatchRecord> in_flight;  // by sequence
  std::uint64_t next_file_id = 1, next_sequence = 1;
  SeriesTotals metrics;
  std::int64_t last_scan = 0;  // wall time up to which all files are known
};

inline constexpr std::string_view kJournalMagic = "telltale journal 1\n";

// Each appends one framed record.
void AppendFileRecord(const FileRecord& file, std::string& out);
void AppendBatchRecord(const BatchRecord& batch, std::string& out);
// The acknowledgement and what it adds to metrics are one record: either both are read back or
// none, so a line is counted once.
void AppendAckRecord(std::uint64_t sequence, const std::vector<SeriesDelta>& metrics,
                     std::string& out);
void AppendSeriesRecord(const SeriesName& series, const SeriesTotal& total, std::string& out);
// Part of an in-flight batch is acknowledged: that of these streams.
void AppendAckPartRecord(std::uint64_t sequence, const std::vector<std::uint64_t>& streams,
                         std::string& out);
void AppendAbandonRecord(std::uint64_t sequence, std::string& out);
void AppendForgetRecord(std::uint64_t file_id, std::string& out);
void AppendScanRecord(std::int64_t wall_nanos, std::string& out);

// A generation hands its partial lines over to the next one. With `checkpoint`, nothing else of it
// is left to send and it has been dealt with up to there; without, a batch takes care of the rest.
struct CarryOver {
  std::uint64_t from = 0, to = 0;
  PartialLines lines;
  std::optional<Checkpoint> checkpoint;
};
void AppendCarryOverRecord(const CarryOver& carry_over, std::string& out);

// The effects of these, the same when they happen and when they are read back.
void ApplyAck(JournalState& state, std::uint64_t sequence,
              const std::vector<SeriesDelta>& metrics = {});
void ApplyAckPart(JournalState& state, std::uint64_t sequence,
                  const std::vector<std::uint64_t>& streams);
void ApplyDelta(SeriesTotals& totals, const SeriesDelta& delta);
void ApplyCarryOver(JournalState& state, const CarryOver& carry_over);

// Reads the text of a journal, magic included. `used` is how much of it was good.
JournalState ParseJournal(std::string_view text, std::size_t& used);

// The whole state as a fresh journal.
std::string FormatJournal(const JournalState& state);

std::uint32_t Crc32(std::string_view bytes);

}  // namespace telltale
