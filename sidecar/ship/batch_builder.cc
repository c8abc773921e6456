// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/batch_builder.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "sidecar/ship/snappy_codec.h"

namespace telltale {
namespace {

// Times go up within a file, but a clock that was far ahead and set right must not keep all later
// lines in the future, where Loki refuses them.
constexpr std::int64_t kClockSetBack = 300'000'000'000;

std::size_t IndexOf(LogStream stream) { return static_cast<std::size_t>(stream); }

std::string LabelsOf(const TailedFile& file, const LogSource& source, LogStream stream) {
  Labels labels = source.labels;
  SetLabel(labels, "filename", file.path);
  if (stream != LogStream::kNone) {
    SetLabel(labels, "stream", stream == LogStream::kStderr ? "stderr" : "stdout");
  }
  return FormatStreamLabels(labels);
}

// The line at `position` of those that got their time from these runs.
struct RunReader {
  const std::vector<TimeRun>& runs;
  std::size_t run = 0;
  std::uint64_t line = 0;

  std::int64_t Next() {
    while (run < runs.size() && line == runs[run].lines) {
      ++run;
      line = 0;
    }
    if (run == runs.size()) return 0;
    return runs[run].start + static_cast<std::int64_t>(line++);
  }
};

}  // namespace

void BatchBuilder::Begin(const TailedFile& file, const LogSource& source) {
  for (auto stream : {LogStream::kNone, LogStream::kStdout, LogStream::kStderr}) {
    encoders_[IndexOf(stream)].Begin(LabelsOf(file, source, stream));
  }
  now_ = Progress{};
  runs_.clear();
  line_times_ = TimeSample{};
}

void BatchBuilder::Add(const LogEntry& entry, std::int64_t time) {
  std::size_t stream = IndexOf(entry.stream);
  encoders_[stream].Add(time, entry.text, entry.truncated);
  now_.counts[stream] += {1, entry.bytes - entry.cut_bytes};
  now_.cut_bytes += entry.cut_bytes;
  ++now_.lines;
  line_times_.Note(time);
}

BatchBuilder::Progress BatchBuilder::Here(std::uint64_t end) const {
  Progress here = now_;
  here.end = end;
  for (std::size_t i = 0; i < kStreams; ++i) here.marks[i] = encoders_[i].mark();
  here.runs = runs_.size();
  here.last_run_lines = runs_.empty() ? 0 : runs_.back().lines;
  return here;
}

void BatchBuilder::Return(const Progress& to) {
  now_ = to;
  line_times_.Truncate(to.lines);
  for (std::size_t i = 0; i < kStreams; ++i) encoders_[i].Rollback(to.marks[i]);
  runs_.resize(to.runs);
  if (!runs_.empty()) runs_.back().lines = to.last_run_lines;
}

std::size_t BatchBuilder::EncodedBytes() const {
  std::size_t total = 0;
  for (const StreamEncoder& encoder : encoders_) total += encoder.bytes();
  return total;
}

Result<std::uint64_t> BatchBuilder::Decode(const TailedFile& file, LogSource::Format format,
                                           std::uint64_t begin, std::uint64_t limit,
                                           std::size_t max_bytes, Ending ending, TimeSource time) {
  LineReader reader(file.bytes, begin, limit, buffer_);
  EntryDecoder decoder(format);
  if (begin == 0) decoder.Resume(file.inherited);
  inherited_bytes_ = begin == 0 ? BytesOf(file.inherited) : 0;
  waiting_.clear();
  auto add = [&](const LogEntry& entry) { Add(entry, entry.time != 0 ? entry.time : time(entry)); };
  Progress safe = Here(begin);  // where the batch could end
  std::uint64_t end = begin;
  RawLine line;
  while (true) {
    auto more = reader.Next(ending.unfinished, line);
    if (!more) return more.error();
    if (!*more) break;
    decoder.Line(line, add);
    end = line.end;
    if (EncodedBytes() <= max_bytes) {
      if (decoder.AtSafePoint()) safe = Here(end);
      continue;
    }
    if (safe.end == begin) {
      // One line alone is too much, or a partial line has waited too long for its end.
      decoder.Finish(add);
      safe = Here(end);
    }
    Return(safe);
    return safe.end;
  }
  if (end == limit) waiting_ = decoder.Waiting();
  if (ending.hand_over ? end == limit : ending.unfinished) {
    if (!ending.hand_over) decoder.Finish(add);
    safe = Here(end);
  }
  Return(safe);
  return reader.searched();
}

// Whether a line ends in the range; a long line that grows slowly is not decoded again and again.
Result<bool> BatchBuilder::HasLineEnd(const FileBytes& bytes, std::uint64_t from,
                                      std::uint64_t limit) {
  while (from < limit) {
    auto want = std::min<std::uint64_t>(LineBuffer::kSize / 4, limit - from);
    auto n = bytes.ReadAt(buffer_.data(), want, from);
    if (!n) return n.error();
    if (*n == 0) return false;
    if (std::memchr(buffer_.data(), '\n', *n) != nullptr) return true;
    from += *n;
  }
  return false;
}

Result<Batch> BatchBuilder::Build(const TailedFile& file, const LogSource& source,
                                  std::size_t max_bytes, Ending ending, std::int64_t now) {
  Batch batch;
  batch.record.slot = file.slot;
  batch.record.begin = file.mark.offset;
  batch.record.mark = file.mark;
  batch.record.format = source.format;
  batch.record.last_time = file.last_time;
  batch.searched = file.info.size;
  if (!ending.unfinished && !ending.hand_over && file.searched > file.mark.offset) {
    auto found = HasLineEnd(file.bytes, file.searched, file.info.size);
    if (!found) return found.error();
    if (!*found) return batch;
  }
  Begin(file, source);
  now_.last_time = file.last_time;
  auto assign = [&](const LogEntry& entry) {
    std::int64_t seen = file.sightings.WallAt(entry.begin);
    if (seen == 0) seen = now;
    std::int64_t time = seen;
    if (now_.last_time <= now + kClockSetBack) time = std::max(seen, now_.last_time + 1);
    now_.last_time = time;
    if (!runs_.empty() &&
        runs_.back().start + static_cast<std::int64_t>(runs_.back().lines) == time) {
      ++runs_.back().lines;
    } else {
      runs_.push_back({time, 1});
    }
    return time;
  };
  auto searched =
      Decode(file, source.format, file.mark.offset, file.info.size, max_bytes, ending, assign);
  if (!searched) return searched.error();
  batch.searched = *searched;
  batch.partial = !waiting_.empty() && !ending.hand_over && !ending.unfinished;
  if (ending.hand_over && !waiting_.empty()) batch.handed_over = std::move(waiting_);
  if (now_.lines == 0 && batch.handed_over.empty()) return batch;
  auto mark = MarkContent(file.bytes, now_.end);
  if (!mark) return mark.error();
  batch.record.mark = *mark;
  batch.record.handed_over = BytesOf(batch.handed_over);
  batch.record.lines = now_.lines;
  batch.record.times = runs_;
  batch.record.last_time = now_.last_time;
  std::int64_t seen = file.sightings.WallAt(file.mark.offset);
  batch.first_seen = seen != 0 ? seen : now;
  Finish(batch);
  return batch;
}

Result<Batch> BatchBuilder::Rebuild(const TailedFile& file, const LogSource& source,
                                    const BatchRecord& record, std::int64_t now) {
  if (!ContentMatches(file.bytes, record.mark)) {
    return Fail(Code::kGone, "the file does not hold the lines any more");
  }
  Batch batch;
  batch.record = record;
  batch.searched = record.mark.offset;
  batch.first_seen = now;
  Begin(file, source);
  RunReader times{record.times};
  auto assign = [&](const LogEntry&) { return times.Next(); };
  auto searched = Decode(file, record.format, record.begin, record.mark.offset,
                         std::numeric_limits<std::size_t>::max(),
                         Ending{.unfinished = true, .hand_over = record.handed_over > 0}, assign);
  if (!searched) return searched.error();
  if (now_.lines != record.lines || now_.end != record.mark.offset ||
      (record.handed_over > 0 && BytesOf(waiting_) != record.handed_over)) {
    return Fail(Code::kGone, "the file holds other lines than the journal says");
  }
  Finish(batch);
  return batch;
}

void BatchBuilder::Finish(Batch& batch) {
  batch.count = {now_.lines, batch.record.mark.offset - batch.record.begin + inherited_bytes_ -
                                 batch.record.handed_over};
  batch.cut_bytes = now_.cut_bytes;
  batch.line_times = line_times_;
  for (std::size_t i = 0; i < kStreams; ++i) {
    if (encoders_[i].entries() == 0) continue;
    batch.bodies.push_back({SnappyCompress(encoders_[i].Finish()), now_.counts[i]});
  }
}

void BatchBuilder::ReleaseMemory() {
  buffer_.Release();
  for (StreamEncoder& encoder : encoders_) encoder.Release();
}

}  // namespace telltale
