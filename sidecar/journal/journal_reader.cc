// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <utility>

#include "common/base/varint.h"
#include "sidecar/journal/journal_frame.h"
#include "sidecar/journal/journal_record.h"

namespace telltale {
namespace {

using namespace journal;  // NOLINT: the names of the frame

std::uint32_t Fixed32(std::string_view text) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) {
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])) << (8 * i);
  }
  return value;
}

// Reads fields in order; the first that is missing makes `ok` false and all later ones zero.
struct Fields {
  std::string_view rest;
  bool ok = true;

  std::uint64_t Unsigned() {
    std::uint64_t value = 0;
    ok = ok && TakeVarint(rest, value);
    return ok ? value : 0;
  }
  std::int64_t Signed() {
    std::uint64_t bits = Unsigned();
    return static_cast<std::int64_t>((bits >> 1) ^ (~(bits & 1) + 1));
  }
  std::string Text() {
    std::string_view bytes;
    ok = ok && TakeBytes(rest, bytes);
    return ok ? std::string(bytes) : std::string();
  }
  // Fields that an older version did not write are absent at the end.
  bool More() const { return ok && !rest.empty(); }
  Checkpoint Mark() {
    Checkpoint checkpoint;
    checkpoint.offset = Unsigned();
    checkpoint.head = Unsigned();
    checkpoint.tail = Unsigned();
    return checkpoint;
  }
};

PartialLines TakePartialLines(Fields& in) {
  PartialLines lines;
  std::uint64_t count = in.Unsigned();
  for (std::uint64_t i = 0; i < count && in.ok; ++i) {
    PartialLine& line = lines.emplace_back();
    line.stream = in.Unsigned() != 0 ? LogStream::kStderr : LogStream::kStdout;
    line.time = in.Signed();
    line.text = in.Text();
    line.truncated = in.Unsigned() != 0;
    line.bytes = in.Unsigned();
    line.cut_bytes = in.Unsigned();
  }
  return lines;
}

std::vector<std::uint64_t> TakeHashes(Fields& in) {
  std::vector<std::uint64_t> hashes;
  const std::uint64_t count = in.Unsigned();
  for (std::uint64_t i = 0; i < count && in.ok; ++i) hashes.push_back(in.Unsigned());
  return hashes;
}

StreamTimes TakeStreamTimes(Fields& in) {
  StreamTimes times;
  for (StreamTimes::One& one : times.streams) {
    one.line = in.Signed();
    one.given = in.Signed();
  }
  return times;
}

CarryOver TakeCarryOver(Fields& in) {
  CarryOver carry_over;
  carry_over.from = in.Unsigned();
  carry_over.to = in.Unsigned();
  carry_over.lines = TakePartialLines(in);
  if (in.Unsigned() != 0) carry_over.checkpoint = in.Mark();
  return carry_over;
}

void TakeSeries(Fields& in, SeriesName& series, SeriesTotal& total) {
  series.name = in.Text();
  const std::uint64_t labels = in.Unsigned();
  for (std::uint64_t i = 0; i < labels && in.ok; ++i) {
    std::string name = in.Text();
    series.labels.emplace_back(std::move(name), in.Text());
  }
  total.value = std::bit_cast<double>(in.Unsigned());
  const std::uint64_t counts = in.Unsigned();
  for (std::uint64_t i = 0; i < counts && in.ok; ++i) total.counts.push_back(in.Unsigned());
}

std::vector<SeriesDelta> TakeDeltas(Fields& in) {
  std::vector<SeriesDelta> deltas;
  const std::uint64_t count = in.Unsigned();
  for (std::uint64_t i = 0; i < count && in.ok; ++i) {
    SeriesDelta& delta = deltas.emplace_back();
    delta.set = in.Unsigned() != 0;
    delta.base = std::bit_cast<double>(in.Unsigned());
    TakeSeries(in, delta.series, delta.add);
  }
  return deltas;
}

FileRecord TakeFile(Fields& in) {
  FileRecord file;
  file.file_id = in.Unsigned();
  file.id.device = in.Unsigned();
  file.id.inode = in.Unsigned();
  file.id.birth = in.Signed();
  file.path = in.Text();
  file.checkpoint = in.Mark();
  file.last_time = in.Signed();
  file.touched = in.Signed();
  file.closed = in.Unsigned() != 0;
  if (in.More()) file.carried_partial = TakePartialLines(in);
  if (in.More()) file.memory = in.Text();
  if (in.More()) file.fingerprint = in.Mark();
  if (in.More()) file.stream_times = TakeStreamTimes(in);
  return file;
}

BatchRecord TakeBatch(Fields& in) {
  BatchRecord batch;
  batch.sequence = in.Unsigned();
  batch.file_id = in.Unsigned();
  batch.begin = in.Unsigned();
  batch.checkpoint = in.Mark();
  batch.lines = in.Unsigned();
  std::uint64_t format = in.Unsigned();
  in.ok = in.ok && format <= static_cast<std::uint64_t>(LogSource::Format::kDocker);
  if (in.ok) batch.format = static_cast<LogSource::Format>(format);
  batch.last_time = in.Signed();
  std::uint64_t runs = in.Unsigned();
  std::int64_t time = 0;
  for (std::uint64_t i = 0; i < runs && in.ok; ++i) {
    TimeRun run;
    // Unsigned arithmetic: a wrong file must not overflow.
    time = static_cast<std::int64_t>(static_cast<std::uint64_t>(time) +
                                     static_cast<std::uint64_t>(in.Signed()));
    run.start = time;
    run.lines = in.Unsigned();
    batch.times.push_back(run);
  }
  if (in.More()) batch.carried_over = in.Unsigned();
  if (in.More()) {
    batch.pipeline = in.Unsigned();
    batch.now = in.Signed();
    batch.memory = in.Text();
    batch.memory_after = in.Text();
  }
  if (in.More()) {
    batch.maker = in.Unsigned();
    batch.acked_streams = TakeHashes(in);
  }
  if (in.More()) {
    batch.stream_times = TakeStreamTimes(in);
    batch.stream_times_after = TakeStreamTimes(in);
  }
  in.ok = in.ok && batch.begin <= batch.checkpoint.offset;
  return batch;
}

// A kind of record that older versions skip; see journal_frame.h.
bool ApplyExtension(Fields& in, JournalState& state) {
  const char type = in.rest.front();
  in.rest.remove_prefix(1);
  if (type != kAckPart) return true;  // of a newer version
  const std::uint64_t sequence = in.Unsigned();
  const std::vector<std::uint64_t> streams = TakeHashes(in);
  if (in.ok) ApplyAckPart(state, sequence, streams);
  return in.ok;
}

bool Apply(char type, std::string_view payload, JournalState& state) {
  Fields in{payload};
  switch (type) {
    case kFile: {
      FileRecord file = TakeFile(in);
      if (!in.ok) return false;
      state.next_file_id = std::max(state.next_file_id, file.file_id + 1);
      state.files[file.file_id] = std::move(file);
      return true;
    }
    case kBatch: {
      BatchRecord batch = TakeBatch(in);
      if (!in.ok) return false;
      state.next_sequence = std::max(state.next_sequence, batch.sequence + 1);
      state.next_file_id = std::max(state.next_file_id, batch.file_id + 1);
      auto file = state.files.find(batch.file_id);
      if (file != state.files.end()) file->second.last_time = batch.last_time;
      state.in_flight[batch.sequence] = std::move(batch);
      return true;
    }
    case kAck: {
      std::uint64_t sequence = in.Unsigned();
      std::vector<SeriesDelta> metrics;
      if (in.More()) metrics = TakeDeltas(in);
      if (in.ok) ApplyAck(state, sequence, metrics);
      return in.ok;
    }
    case kAbandon: {
      std::uint64_t sequence = in.Unsigned();
      if (sequence == 0 && in.More()) return ApplyExtension(in, state);
      if (in.ok) state.in_flight.erase(sequence);
      return in.ok;
    }
    case kCarryOver: {
      CarryOver carry_over = TakeCarryOver(in);
      if (in.ok) ApplyCarryOver(state, carry_over);
      return in.ok;
    }
    case kSeries: {
      SeriesName series;
      SeriesTotal total;
      TakeSeries(in, series, total);
      if (in.ok) state.metrics[std::move(series)] = std::move(total);
      return in.ok;
    }
    case kForget: {
      std::uint64_t file_id = in.Unsigned();
      if (in.ok) state.files.erase(file_id);
      return in.ok;
    }
    case kScan: {
      state.last_scan = in.Signed();
      return in.ok;
    }
    default:
      return true;  // of a newer version
  }
}

}  // namespace

JournalState ParseJournal(std::string_view text, std::size_t& used) {
  JournalState state;
  used = 0;
  if (!text.starts_with(kJournalMagic)) return state;
  used = kJournalMagic.size();
  while (text.size() - used >= kFrame) {
    std::string_view frame = text.substr(used);
    std::size_t length = Fixed32(frame.substr(4));
    if (length > kMaxPayload || length > frame.size() - kFrame) break;
    std::string_view covered = frame.substr(4, length + kFrame - 4);
    if (Crc32(covered) != Fixed32(frame)) break;
    if (!Apply(frame[8], covered.substr(5), state)) break;
    used += kFrame + length;
  }
  return state;
}

}  // namespace telltale
