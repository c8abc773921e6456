// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/batch_builder.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/base/clean_utf8.h"
#include "sidecar/journal/run_reader.h"

namespace telltale {
void BatchBuilder::Begin(const TailedFile& file, const LogSource& source, std::string_view memory,
                         std::int64_t now) {
  for (auto stream : {LogStream::kNone, LogStream::kStdout, LogStream::kStderr}) {
    base_[static_cast<std::size_t>(stream)] = LabelsOf(file, source, stream);
  }
  streams_.Begin(base_);
  now_ = safe_ = Progress{};
  runs_.clear();
  line_times_ = TimeSample{};
  dropped_.clear();
  safe_memory_.clear();
  max_line_ = std::min(source.max_line_size, kMaxLine);
  unique_times_ = true;
  front_ = until_ = 0;
  limited_ = waits_ = false;
  pipeline_ = source.pipeline.get();
  if (pipeline_ == nullptr) return;
  run_.Begin(*pipeline_, base_, file.path, memory, now);
  joiner_.Begin(pipeline_->multiline(), run_.multiline_memory());
}

// The batch could end here.
void BatchBuilder::Safe(std::uint64_t end) {
  now_.end = end;
  now_.runs = runs_.size();
  now_.last_run_lines = runs_.empty() ? 0 : runs_.back().lines;
  safe_ = now_;
  if (pipeline_ != nullptr) safe_memory_.assign(run_.words().begin(), run_.words().end());
}

void BatchBuilder::Count(const LogEntry& entry) {
  now_.cut_bytes += entry.cut_bytes;
  ++now_.lines;
  line_times_.Note(entry.time);
}

// An entry of the decoder, which `whole` says began with the line at `line_begin` and leaves none
// behind that waits for its end.
void BatchBuilder::Take(LogEntry& entry, std::uint64_t line_begin, bool whole, TimeSource time) {
  if (pipeline_ == nullptr || pipeline_->multiline() == nullptr) {
    SetTime(entry, time);
    if (pipeline_ != nullptr) return Add(entry);
    NoteTime(entry.time);
    streams_.Add(entry);
    return Count(entry);
  }
  Progress before = now_;
  before.runs = runs_.size();
  before.last_run_lines = runs_.empty() ? 0 : runs_.back().lines;
  SetTime(entry, time);
  const auto boundary = [&] {
    if (!whole || line_begin == 0 || Beyond()) return;
    // Blocks before it may have been completed by it, so they count; its time does not.
    before.lines = now_.lines;
    before.cut_bytes = now_.cut_bytes;
    before.end = line_begin;
    safe_ = before;
    safe_memory_.assign(run_.words().begin(), run_.words().end());
  };
  joiner_.Add(entry, boundary, [&](const LogEntry& block) { AddBlock(block); });
}

// Lines that were joined may together be longer than a line may be.
void BatchBuilder::AddBlock(LogEntry block) {
  if (block.text.size() > max_line_) {
    const std::size_t keep = Utf8Cut(block.text, max_line_);
    block.cut_bytes += block.text.size() - keep;
    block.text = block.text.substr(0, keep);
    block.truncated = true;
  }
  Add(block);
}

void BatchBuilder::Add(const LogEntry& entry) {
  const LineCount count{1, entry.bytes - entry.cut_bytes};
  if (run_.Line(entry)) {
    NoteTime(run_.line().time);
    const bool cut = entry.truncated;
    streams_.Add(run_.line(), cut, count, pipeline_->label_names());
  } else {
    auto reason = dropped_.find(run_.line().drop_reason);
    if (reason == dropped_.end()) {
      reason = dropped_.emplace(run_.line().drop_reason, LineCount{}).first;
    }
    reason->second += count;
  }
  Count(entry);
}

// Whether the batch has no room for the line and can end in front of it.
bool BatchBuilder::Full(const RawLine& line, std::size_t max_bytes) const {
  if (now_.lines == 0 || safe_.end != line.begin || safe_.lines != now_.lines) return false;
  if (pipeline_ != nullptr && pipeline_->pace().rate > 0 && now_.lines >= pipeline_->pace().burst) {
    return true;
  }
  return streams_.bytes() + line.text.size() + kMaxEntryOverhead > max_bytes;
}

Result<std::uint64_t> BatchBuilder::Decode(const TailedFile& file, LogSource::Format format,
                                           std::uint64_t begin, std::uint64_t limit,
                                           std::size_t max_bytes, Ending ending, TimeSource time) {
  LineReader reader(file.bytes, begin, limit, buffer_);
  EntryDecoder decoder(format, max_line_);
  if (begin == 0) decoder.Resume(file.carried_partial);
  carried_bytes_ = begin == 0 ? BytesOf(file.carried_partial) : 0;
  waiting_.clear();
  std::uint64_t end = begin;
  RawLine line;
  auto take = [&](LogEntry& entry) {
    Take(entry, line.begin, entry.begin == line.begin && decoder.AtSafePoint(), time);
  };
  auto finish = [&] {
    if (pipeline_ != nullptr) joiner_.Finish([&](const LogEntry& block) { AddBlock(block); });
    if (!Beyond()) Safe(end);
  };
  begin_ = begin;
  Safe(begin);
  const bool blocks = pipeline_ != nullptr && pipeline_->multiline() != nullptr;
  while (true) {
    auto more = reader.Next(ending.unfinished, line);
    if (!more) return more.error();
    if (!*more) break;
    if (Full(line, max_bytes)) return safe_.end;
    decoder.Line(line, take);
    if (Beyond()) return safe_.end;
    end = line.end;
    if (decoder.AtSafePoint() && !(blocks && joiner_.open())) Safe(end);
    if (streams_.bytes() <= max_bytes) continue;
    if (safe_.end == begin) {
      // One line alone is too much, or something has waited too long for its end.
      decoder.Finish(take);
      finish();
    }
    return safe_.end;
  }
  if (end == limit) waiting_ = decoder.Waiting();
  if (ending.carry_over ? end == limit : ending.unfinished) {
    if (!ending.carry_over) decoder.Finish(take);
    finish();
  } else if (ending.end_blocks && decoder.AtSafePoint()) {
    finish();
  }
  return Beyond() ? safe_.end : reader.searched();
}

Result<Batch> BatchBuilder::Build(const TailedFile& file, const LogSource& source,
                                  std::size_t max_bytes, Ending ending, std::int64_t now) {
  Batch batch;
  batch.record.file_id = file.file_id;
  batch.record.begin = file.checkpoint.offset;
  batch.record.checkpoint = file.checkpoint;
  batch.record.format = source.format;
  batch.record.last_time = file.last_time;
  batch.searched = file.info.size;
  const bool ends = ending.unfinished || ending.carry_over || ending.end_blocks;
  if (!ends && file.searched > file.checkpoint.offset) {
    auto found = HasLineEnd(file.bytes, file.searched, file.info.size, buffer_);
    if (!found) return found.error();
    if (!*found) return batch;
  }
  auto decode = [&](std::uint64_t limit, Ending how) {
    Begin(file, source, file.memory, now);
    now_.last_time = file.last_time;
    now_.stream_times = file.stream_times;
    limited_ = true;
    front_ = ending.front;
    waits_ = ending.until != 0;
    until_ = ending.until;
    return Decode(file, source.format, file.checkpoint.offset, limit, max_bytes, how,
                  [&](const LogEntry& entry) { return Assign(file, entry, now); });
  };
  std::uint64_t limit = file.info.size;
  if (ending.unfinished && ending.keep_room) {
    auto text = EndOfText(file.bytes, file.checkpoint.offset, limit, buffer_);
    if (!text) return text.error();
    limit = *text;
    if (limit == file.checkpoint.offset) return batch;
  }
  auto searched = decode(limit, ending);
  if (!searched) return searched.error();
  batch.searched = *searched;
  if (Beyond() && safe_.end == file.checkpoint.offset) {
    batch.waits = true;
    return batch;
  }
  const bool complete = ending.carry_over || ending.unfinished;
  batch.partial = !waiting_.empty() && !complete;
  batch.held = pipeline_ != nullptr && pipeline_->multiline() != nullptr && joiner_.open();
  if (ending.carry_over && !waiting_.empty()) batch.carried_over = std::move(waiting_);
  if (safe_.lines != now_.lines && safe_.end > file.checkpoint.offset) {
    // Lines behind the end were taken in already: once more, without them. Rebuild does the same.
    auto again = decode(safe_.end, Ending{.unfinished = true});
    if (!again) return again.error();
  }
  now_ = safe_;
  if (now_.lines == 0 && batch.carried_over.empty()) return batch;
  runs_.resize(now_.runs);
  if (!runs_.empty()) runs_.back().lines = now_.last_run_lines;
  auto checkpoint = MakeCheckpoint(file.bytes, now_.end);
  if (!checkpoint) return checkpoint.error();
  batch.record.checkpoint = *checkpoint;
  batch.record.carried_over = BytesOf(batch.carried_over);
  batch.record.lines = now_.lines;
  batch.record.times = runs_;
  batch.record.last_time = now_.last_time;
  batch.record.maker = Maker(source);
  batch.record.stream_times = file.stream_times;
  batch.record.stream_times_after = now_.stream_times;
  if (pipeline_ != nullptr) {
    batch.record.pipeline = pipeline_->hash();
    batch.record.now = now;
    batch.record.memory = file.memory;
    batch.record.memory_after = run_.Memory(safe_memory_);
  }
  std::int64_t seen = file.arrival_times.WallAt(file.checkpoint.offset);
  batch.first_seen = seen != 0 ? seen : now;
  Finish(batch);
  return batch;
}

Result<Batch> BatchBuilder::Rebuild(const TailedFile& file, const LogSource& source,
                                    const BatchRecord& record, std::int64_t now) {
  auto same = CompareContent(file.bytes, record.checkpoint);
  if (!same) return same.error();
  if (!*same) {
    return Fail(Code::kGone, "the file does not hold the lines any more");
  }
  Batch batch;
  batch.record = record;
  batch.searched = record.checkpoint.offset;
  batch.first_seen = now;
  Begin(file, source, record.memory, record.now);
  now_.stream_times = record.stream_times;
  unique_times_ = record.maker != 0;
  RunReader times{record.times};
  auto assign = [&](const LogEntry&) { return times.Next(); };
  auto searched = Decode(file, record.format, record.begin, record.checkpoint.offset,
                         std::numeric_limits<std::size_t>::max(),
                         Ending{.unfinished = true, .carry_over = record.carried_over > 0}, assign);
  if (!searched) return searched.error();
  now_ = safe_;
  if (now_.lines != record.lines || now_.end != record.checkpoint.offset ||
      (record.carried_over > 0 && BytesOf(waiting_) != record.carried_over)) {
    return Fail(Code::kGone, "the file holds other lines than the journal says");
  }
  Finish(batch);
  return batch;
}

void BatchBuilder::Finish(Batch& batch) {
  batch.count = {now_.lines, batch.record.checkpoint.offset - batch.record.begin + carried_bytes_ -
                                 batch.record.carried_over};
  batch.line_times = line_times_;
  batch.front = front_;
  batch.until = until_;
  batch.cut_bytes = now_.cut_bytes;
  for (const auto& stream : streams_.streams()) {
    if (stream->encoder.entries() == 0) continue;
    batch.bodies.push_back({stream->encoder.Finish(), stream->count, stream->encoder.stream(),
                            stream->encoder.newest()});
  }
  if (pipeline_ == nullptr) return;
  batch.dropped = std::move(dropped_);
  batch.overflowed = streams_.overflowed();
  batch.metrics = run_.metrics().series();
  batch.metrics_dropped = run_.metrics().overflow();
  batch.failures = run_.failures();
  batch.alerts = run_.alerts();
  if (pipeline_->pace().rate > 0) {
    const double seconds = static_cast<double>(now_.lines) / pipeline_->pace().rate;
    batch.pause =
        std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(seconds, 3600.0) * 1e9));
  }
}

}  // namespace telltale
