// SPDX-License-Identifier: Apache-2.0
#include "sidecar/journal/journal_record.h"

#include <zlib.h>

#include <algorithm>
#include <bit>

#include "common/base/strings.h"
#include "common/base/varint.h"
#include "sidecar/journal/journal_frame.h"

namespace telltale {
namespace {

using namespace journal;  // NOLINT: the names of the frame

void AppendFixed32(std::string& out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(value >> shift);
}

// The CRC covers length, type and payload.
void AppendFramed(Type type, std::string_view payload, std::string& out) {
  std::string covered;
  AppendFixed32(covered, static_cast<std::uint32_t>(payload.size()));
  covered += type;
  covered += payload;
  AppendFixed32(out, Crc32(covered));
  out += covered;
}

void AppendSigned(std::string& out, std::int64_t value) {
  auto bits = static_cast<std::uint64_t>(value);
  AppendVarint(out, (bits << 1) ^ (value < 0 ? ~std::uint64_t{0} : 0));
}

void AppendText(std::string& out, std::string_view text) {
  AppendVarint(out, text.size());
  out += text;
}

void AppendMark(std::string& out, const Checkpoint& checkpoint) {
  AppendVarint(out, checkpoint.offset);
  AppendVarint(out, checkpoint.head);
  AppendVarint(out, checkpoint.tail);
}

void AppendPartialLines(std::string& out, const PartialLines& lines) {
  AppendVarint(out, lines.size());
  for (const PartialLine& line : lines) {
    AppendVarint(out, line.stream == LogStream::kStderr ? 1 : 0);
    AppendSigned(out, line.time);
    AppendText(out, line.text);
    AppendVarint(out, line.truncated ? 1 : 0);
    AppendVarint(out, line.bytes);
    AppendVarint(out, line.cut_bytes);
  }
}

void AppendNumber(std::string& out, double value) {
  AppendVarint(out, std::bit_cast<std::uint64_t>(value));
}

void AppendSeries(std::string& out, const SeriesName& series, const SeriesTotal& total) {
  AppendText(out, series.name);
  AppendVarint(out, series.labels.size());
  for (const auto& [name, value] : series.labels) {
    AppendText(out, name);
    AppendText(out, value);
  }
  AppendNumber(out, total.value);
  AppendVarint(out, total.counts.size());
  for (const std::uint64_t count : total.counts) AppendVarint(out, count);
}

void AppendHashes(std::string& out, const std::vector<std::uint64_t>& hashes) {
  AppendVarint(out, hashes.size());
  for (const std::uint64_t hash : hashes) AppendVarint(out, hash);
}

void AppendStreamTimes(std::string& out, const StreamTimes& times) {
  for (const StreamTimes::One& one : times.streams) {
    AppendSigned(out, one.line);
    AppendSigned(out, one.given);
  }
}

}  // namespace

std::uint64_t StreamHash(std::string_view labels) { return Hash64(labels); }

std::uint32_t Crc32(std::string_view bytes) {
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  return static_cast<std::uint32_t>(crc32_z(0, data, bytes.size()));
}

void AppendFileRecord(const FileRecord& file, std::string& out) {
  std::string payload;
  AppendVarint(payload, file.file_id);
  AppendVarint(payload, file.id.device);
  AppendVarint(payload, file.id.inode);
  AppendSigned(payload, file.id.birth);
  AppendText(payload, file.path);
  AppendMark(payload, file.checkpoint);
  AppendSigned(payload, file.last_time);
  AppendSigned(payload, file.touched);
  AppendVarint(payload, file.closed ? 1 : 0);
  const bool times = file.stream_times != StreamTimes{};
  const bool seen = times || (file.checkpoint.offset == 0 && file.fingerprint.offset > 0);
  const bool memory = seen || !file.memory.empty();
  if (memory || !file.carried_partial.empty()) AppendPartialLines(payload, file.carried_partial);
  if (memory) AppendText(payload, file.memory);
  if (seen) AppendMark(payload, file.checkpoint.offset == 0 ? file.fingerprint : Checkpoint{});
  if (times) AppendStreamTimes(payload, file.stream_times);
  AppendFramed(kFile, payload, out);
}

void AppendBatchRecord(const BatchRecord& batch, std::string& out) {
  std::string payload;
  AppendVarint(payload, batch.sequence);
  AppendVarint(payload, batch.file_id);
  AppendVarint(payload, batch.begin);
  AppendMark(payload, batch.checkpoint);
  AppendVarint(payload, batch.lines);
  AppendVarint(payload, static_cast<std::uint64_t>(batch.format));
  AppendSigned(payload, batch.last_time);
  AppendVarint(payload, batch.times.size());
  std::uint64_t before = 0;  // unsigned for the same reason as in TakeBatch
  for (const TimeRun& run : batch.times) {
    const auto start = static_cast<std::uint64_t>(run.start);
    AppendSigned(payload, static_cast<std::int64_t>(start - before));
    AppendVarint(payload, run.lines);
    before = start;
  }
  const bool times =
      batch.stream_times != StreamTimes{} || batch.stream_times_after != StreamTimes{};
  const bool maker = times || batch.maker != 0 || !batch.acked_streams.empty();
  const bool pipeline = batch.pipeline != 0 || maker;
  if (batch.carried_over > 0 || pipeline) AppendVarint(payload, batch.carried_over);
  if (pipeline) {
    AppendVarint(payload, batch.pipeline);
    AppendSigned(payload, batch.now);
    AppendText(payload, batch.memory);
    AppendText(payload, batch.memory_after);
  }
  if (maker) {
    AppendVarint(payload, batch.maker);
    AppendHashes(payload, batch.acked_streams);
  }
  if (times) {
    AppendStreamTimes(payload, batch.stream_times);
    AppendStreamTimes(payload, batch.stream_times_after);
  }
  AppendFramed(kBatch, payload, out);
}

void AppendAckRecord(std::uint64_t sequence, const std::vector<SeriesDelta>& metrics,
                     std::string& out) {
  std::string payload;
  AppendVarint(payload, sequence);
  if (!metrics.empty()) {
    AppendVarint(payload, metrics.size());
    for (const SeriesDelta& delta : metrics) {
      AppendVarint(payload, delta.set ? 1 : 0);
      AppendNumber(payload, delta.base);
      AppendSeries(payload, delta.series, delta.add);
    }
  }
  AppendFramed(kAck, payload, out);
}

void AppendSeriesRecord(const SeriesName& series, const SeriesTotal& total, std::string& out) {
  std::string payload;
  AppendSeries(payload, series, total);
  AppendFramed(kSeries, payload, out);
}

void AppendAckPartRecord(std::uint64_t sequence, const std::vector<std::uint64_t>& streams,
                         std::string& out) {
  std::string payload;
  AppendVarint(payload, 0);
  payload += kAckPart;
  AppendVarint(payload, sequence);
  AppendHashes(payload, streams);
  AppendFramed(kAbandon, payload, out);
}

void AppendAbandonRecord(std::uint64_t sequence, std::string& out) {
  std::string payload;
  AppendVarint(payload, sequence);
  AppendFramed(kAbandon, payload, out);
}

void AppendForgetRecord(std::uint64_t file_id, std::string& out) {
  std::string payload;
  AppendVarint(payload, file_id);
  AppendFramed(kForget, payload, out);
}

void AppendScanRecord(std::int64_t wall_nanos, std::string& out) {
  std::string payload;
  AppendSigned(payload, wall_nanos);
  AppendFramed(kScan, payload, out);
}

void AppendCarryOverRecord(const CarryOver& carry_over, std::string& out) {
  std::string payload;
  AppendVarint(payload, carry_over.from);
  AppendVarint(payload, carry_over.to);
  AppendPartialLines(payload, carry_over.lines);
  AppendVarint(payload, carry_over.checkpoint ? 1 : 0);
  if (carry_over.checkpoint) AppendMark(payload, *carry_over.checkpoint);
  AppendFramed(kCarryOver, payload, out);
}

void ApplyDelta(SeriesTotals& totals, const SeriesDelta& delta) {
  SeriesTotal& total = totals[delta.series];
  if (delta.set) total.value = delta.base;
  total.value += delta.add.value;
  if (total.counts.size() != delta.add.counts.size()) {
    // Other buckets than before: an honest start from nothing.
    if (!total.counts.empty()) total.value = delta.add.value;
    total.counts.assign(delta.add.counts.size(), 0);
  }
  for (std::size_t i = 0; i < total.counts.size(); ++i) total.counts[i] += delta.add.counts[i];
}

void ApplyAck(JournalState& state, std::uint64_t sequence,
              const std::vector<SeriesDelta>& metrics) {
  auto batch = state.in_flight.extract(sequence);
  if (batch.empty()) return;
  for (const SeriesDelta& delta : metrics) ApplyDelta(state.metrics, delta);
  auto file = state.files.find(batch.mapped().file_id);
  if (file == state.files.end()) return;
  file->second.touched = std::max(file->second.touched, state.last_scan / 1'000'000'000);
  file->second.checkpoint = batch.mapped().checkpoint;
  file->second.memory = batch.mapped().memory_after;
  file->second.stream_times = batch.mapped().stream_times_after;
  if (batch.mapped().begin == 0) file->second.carried_partial.clear();
}

void ApplyAckPart(JournalState& state, std::uint64_t sequence,
                  const std::vector<std::uint64_t>& streams) {
  auto batch = state.in_flight.find(sequence);
  if (batch == state.in_flight.end()) return;
  std::vector<std::uint64_t>& acked = batch->second.acked_streams;
  for (const std::uint64_t stream : streams) {
    if (std::find(acked.begin(), acked.end(), stream) == acked.end()) acked.push_back(stream);
  }
}

void ApplyCarryOver(JournalState& state, const CarryOver& carry_over) {
  auto to = state.files.find(carry_over.to);
  if (to != state.files.end()) to->second.carried_partial = carry_over.lines;
  auto from = state.files.find(carry_over.from);
  if (from == state.files.end() || !carry_over.checkpoint) return;
  from->second.checkpoint = *carry_over.checkpoint;
  from->second.carried_partial.clear();
}

std::string FormatJournal(const JournalState& state) {
  std::string out(kJournalMagic);
  for (const auto& [file_id, file] : state.files) AppendFileRecord(file, out);
  for (const auto& [sequence, batch] : state.in_flight) AppendBatchRecord(batch, out);
  for (const auto& [series, total] : state.metrics) AppendSeriesRecord(series, total, out);
  if (state.last_scan != 0) AppendScanRecord(state.last_scan, out);
  return out;
}

}  // namespace telltale
