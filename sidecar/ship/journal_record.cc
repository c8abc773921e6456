// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/journal_record.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "sidecar/ship/varint.h"

namespace telltale {
namespace {

enum Type : char {
  kFile = 'F',
  kBatch = 'B',
  kAck = 'A',
  kForget = 'X',
  kHandOver = 'H',
  kSeries = 'M',
  kAbandon = 'L'
};

constexpr std::size_t kFrame = 9;  // crc, length, type
constexpr std::size_t kMaxPayload = 1 << 20;

constexpr std::array<std::uint32_t, 256> MakeCrcTable() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int k = 0; k < 8; ++k) c = (c & 1) != 0 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
    table[i] = c;
  }
  return table;
}

void AppendFixed32(std::string& out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(value >> shift);
}

std::uint32_t Fixed32(std::string_view text) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) {
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])) << (8 * i);
  }
  return value;
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

void AppendMark(std::string& out, const ContentMark& mark) {
  AppendVarint(out, mark.offset);
  AppendVarint(out, mark.head);
  AppendVarint(out, mark.tail);
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
  ContentMark Mark() {
    ContentMark mark;
    mark.offset = Unsigned();
    mark.head = Unsigned();
    mark.tail = Unsigned();
    return mark;
  }
};

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

HandOver TakeHandOver(Fields& in) {
  HandOver hand_over;
  hand_over.from = in.Unsigned();
  hand_over.to = in.Unsigned();
  hand_over.lines = TakePartialLines(in);
  if (in.Unsigned() != 0) hand_over.mark = in.Mark();
  return hand_over;
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
  file.slot = in.Unsigned();
  file.id.device = in.Unsigned();
  file.id.inode = in.Unsigned();
  file.id.birth = in.Signed();
  file.path = in.Text();
  file.mark = in.Mark();
  file.last_time = in.Signed();
  file.touched = in.Signed();
  file.closed = in.Unsigned() != 0;
  if (in.More()) file.inherited = TakePartialLines(in);
  if (in.More()) file.memory = in.Text();
  return file;
}

BatchRecord TakeBatch(Fields& in) {
  BatchRecord batch;
  batch.sequence = in.Unsigned();
  batch.slot = in.Unsigned();
  batch.begin = in.Unsigned();
  batch.mark = in.Mark();
  batch.lines = in.Unsigned();
  std::uint64_t format = in.Unsigned();
  in.ok = in.ok && format <= static_cast<std::uint64_t>(LogSource::Format::kPlain);
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
  if (in.More()) batch.handed_over = in.Unsigned();
  if (in.More()) {
    batch.pipeline = in.Unsigned();
    batch.now = in.Signed();
    batch.memory = in.Text();
    batch.memory_after = in.Text();
  }
  in.ok = in.ok && batch.begin <= batch.mark.offset;
  return batch;
}

bool Apply(char type, std::string_view payload, JournalState& state) {
  Fields in{payload};
  switch (type) {
    case kFile: {
      FileRecord file = TakeFile(in);
      if (!in.ok) return false;
      state.next_slot = std::max(state.next_slot, file.slot + 1);
      state.files[file.slot] = std::move(file);
      return true;
    }
    case kBatch: {
      BatchRecord batch = TakeBatch(in);
      if (!in.ok) return false;
      state.next_sequence = std::max(state.next_sequence, batch.sequence + 1);
      state.next_slot = std::max(state.next_slot, batch.slot + 1);
      auto file = state.files.find(batch.slot);
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
      if (in.ok) state.in_flight.erase(sequence);
      return in.ok;
    }
    case kHandOver: {
      HandOver hand_over = TakeHandOver(in);
      if (in.ok) ApplyHandOver(state, hand_over);
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
      std::uint64_t slot = in.Unsigned();
      if (in.ok) state.files.erase(slot);
      return in.ok;
    }
    default:
      return false;
  }
}

}  // namespace

std::uint32_t Crc32(std::string_view bytes) {
  static constexpr auto kTable = MakeCrcTable();
  std::uint32_t crc = ~0u;
  for (char c : bytes) crc = kTable[(crc ^ static_cast<unsigned char>(c)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

void AppendFileRecord(const FileRecord& file, std::string& out) {
  std::string payload;
  AppendVarint(payload, file.slot);
  AppendVarint(payload, file.id.device);
  AppendVarint(payload, file.id.inode);
  AppendSigned(payload, file.id.birth);
  AppendText(payload, file.path);
  AppendMark(payload, file.mark);
  AppendSigned(payload, file.last_time);
  AppendSigned(payload, file.touched);
  AppendVarint(payload, file.closed ? 1 : 0);
  if (!file.inherited.empty() || !file.memory.empty()) AppendPartialLines(payload, file.inherited);
  if (!file.memory.empty()) AppendText(payload, file.memory);
  AppendFramed(kFile, payload, out);
}

void AppendBatchRecord(const BatchRecord& batch, std::string& out) {
  std::string payload;
  AppendVarint(payload, batch.sequence);
  AppendVarint(payload, batch.slot);
  AppendVarint(payload, batch.begin);
  AppendMark(payload, batch.mark);
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
  if (batch.handed_over > 0 || batch.pipeline != 0) AppendVarint(payload, batch.handed_over);
  if (batch.pipeline != 0) {
    AppendVarint(payload, batch.pipeline);
    AppendSigned(payload, batch.now);
    AppendText(payload, batch.memory);
    AppendText(payload, batch.memory_after);
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

void AppendAbandonRecord(std::uint64_t sequence, std::string& out) {
  std::string payload;
  AppendVarint(payload, sequence);
  AppendFramed(kAbandon, payload, out);
}

void AppendForgetRecord(std::uint64_t slot, std::string& out) {
  std::string payload;
  AppendVarint(payload, slot);
  AppendFramed(kForget, payload, out);
}

void AppendHandOverRecord(const HandOver& hand_over, std::string& out) {
  std::string payload;
  AppendVarint(payload, hand_over.from);
  AppendVarint(payload, hand_over.to);
  AppendPartialLines(payload, hand_over.lines);
  AppendVarint(payload, hand_over.mark ? 1 : 0);
  if (hand_over.mark) AppendMark(payload, *hand_over.mark);
  AppendFramed(kHandOver, payload, out);
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
  auto file = state.files.find(batch.mapped().slot);
  if (file == state.files.end()) return;
  file->second.mark = batch.mapped().mark;
  file->second.memory = batch.mapped().memory_after;
  if (batch.mapped().begin == 0) file->second.inherited.clear();
}

void ApplyHandOver(JournalState& state, const HandOver& hand_over) {
  auto to = state.files.find(hand_over.to);
  if (to != state.files.end()) to->second.inherited = hand_over.lines;
  auto from = state.files.find(hand_over.from);
  if (from == state.files.end() || !hand_over.mark) return;
  from->second.mark = *hand_over.mark;
  from->second.inherited.clear();
}

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

std::string FormatJournal(const JournalState& state) {
  std::string out(kJournalMagic);
  for (const auto& [slot, file] : state.files) AppendFileRecord(file, out);
  for (const auto& [sequence, batch] : state.in_flight) AppendBatchRecord(batch, out);
  for (const auto& [series, total] : state.metrics) AppendSeriesRecord(series, total, out);
  return out;
}

}  // namespace telltale
