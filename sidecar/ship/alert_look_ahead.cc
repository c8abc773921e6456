// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/alert_look_ahead.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "common/base/files.h"
#include "common/base/log.h"
#include "common/base/origin_labels.h"
#include "sidecar/ship/entry_maker.h"
#include "sidecar/tail/entry_decoder.h"
#include "sidecar/tail/line_reader.h"

namespace telltale {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kNanosPerMs = 1'000'000;
// File systems stamp with a coarse clock, so a line's own time may be a little above the mtime.
constexpr std::int64_t kCoarse = 1'000 * kNanosPerMs;
constexpr seconds kSaveEvery{1};
constexpr std::size_t kMaxSaved = 4'096;

bool HasAlerts(const LogSource& source) {
  return source.pipeline && !source.pipeline->alerts().empty();
}

// No stage may say that a line comes from elsewhere.
Labels AlertLabels(const TailedFile& file, const LogSource& source, const AlertHit& hit,
                   const AlertSpec& spec) {
  Labels labels = hit.stream;
  for (const auto& [name, value] : spec.labels) SetLabel(labels, name, value);
  std::erase_if(labels, [](const auto& label) { return IsOriginLabel(label.first); });
  for (const auto& [name, value] : source.labels) {
    if (IsOriginLabel(name)) SetLabel(labels, name, value);
  }
  SetLabel(labels, "filename", file.path);
  SetLabel(labels, "alertname", spec.name);
  return labels;
}

}  // namespace

AlertLookAhead::AlertLookAhead(std::string state_dir, Registry& registry, Clock& clock)
    : path_(state_dir.empty() ? "" : state_dir + "/alerts-raised"),
      clock_(clock),
      too_old_(registry.AddCounter("telltale_alerts_dropped_total",
                                   "Alerts of log lines that were not sent, by reason.",
                                   {{"reason", "too_old"}})) {
  Recall();
}

AlertLookAhead::~AlertLookAhead() { Save(); }

void AlertLookAhead::AlreadyRaised(const BatchRecord& batch) {
  Cursor& cursor = cursors_[batch.file_id];
  if (cursor.checkpoint.offset >= batch.checkpoint.offset) return;
  cursor = {batch.checkpoint, batch.memory_after, 0, true};
}

void AlertLookAhead::Forget(std::uint64_t file_id) {
  cursors_.erase(file_id);
  said_too_old_.erase(file_id);
}

AlertLookAhead::Cursor& AlertLookAhead::CursorOf(const TailedFile& file) {
  Cursor& cursor = cursors_[file.file_id];
  if (!cursor.checked) {
    // The journal may have been lost since, and the number be another file's now.
    if (!ContentMatches(file.bytes, cursor.checkpoint)) cursor = Cursor{};
    cursor.checked = true;
  }
  if (cursor.checkpoint.offset < file.checkpoint.offset) {
    cursor = {file.checkpoint, file.memory, 0, true};
  }
  return cursor;
}

void AlertLookAhead::Raise(const TailedFile& file, const LogSource& source,
                           const std::vector<AlertHit>& hits) {
  if (hits.empty() || !sink_ || !HasAlerts(source)) return;
  std::uint64_t from = 0;
  if (cursors_.contains(file.file_id)) from = CursorOf(file).checkpoint.offset;
  RaiseHits(file, source, hits, from, UINT64_MAX);
}

void AlertLookAhead::RaiseHits(const TailedFile& file, const LogSource& source,
                               const std::vector<AlertHit>& hits, std::uint64_t from,
                               std::uint64_t to) {
  for (const AlertHit& hit : hits) {
    if (hit.offset >= from && hit.offset < to) RaiseOne(file, source, hit);
  }
}

void AlertLookAhead::RaiseOne(const TailedFile& file, const LogSource& source,
                              const AlertHit& hit) {
  const AlertSpec& spec = source.pipeline->alerts()[hit.alert];
  std::int64_t time = hit.time;
  // A line is not younger than its file: a plain line of an old file has the time of reading.
  if (file.info.modified > 0 && time > file.info.modified + kCoarse) time = file.info.modified;
  if (TooOld(file, spec, time)) return;
  LogAlert alert{spec.name, AlertLabels(file, source, hit, spec), spec.annotations, spec.quiet_ms,
                 time};
  if (FindLabel(alert.annotations, "line") == nullptr) {
    SetLabel(alert.annotations, "line", hit.line);
  }
  sink_(std::move(alert));
}

bool AlertLookAhead::TooOld(const TailedFile& file, const AlertSpec& spec, std::int64_t time) {
  const std::int64_t age_ms = (clock_.WallNanos() - time) / kNanosPerMs;
  if (spec.max_age_ms == 0 || age_ms <= spec.max_age_ms) return false;
  too_old_.Add();
  if (said_too_old_.insert(file.file_id).second) {
    LogInfo("lines older than the alert stage's maxAge raise no alert",
            {{"alert", spec.name}, {"path", file.path}, {"age_s", age_ms / 1'000}});
  }
  return true;
}

void AlertLookAhead::Step(const Files& files, SourceOf source_of) {
  more_ = false;
  if (unsaved_ && clock_.Steady() - saved_at_ >= kSaveEvery) Save();
  if (!sink_) return;
  const auto readable = [&](const TailedFile& file) {
    const LogSource* source = source_of(file);
    if (source == nullptr || !HasAlerts(*source)) return false;
    const Cursor& cursor = CursorOf(file);
    return file.info.size > std::max(cursor.checkpoint.offset, cursor.searched);
  };
  // The files in turn, so that a large one does not keep the others waiting.
  TailedFile* next = nullptr;
  int waiting = 0;
  for (const auto& [file_id, file] : files) {
    if (!readable(*file)) continue;
    ++waiting;
    const bool later = next != nullptr && next->file_id > last_file_;
    if (next == nullptr || (!later && file_id > last_file_)) next = file.get();
  }
  if (next == nullptr) return;
  last_file_ = next->file_id;
  Cursor& cursor = CursorOf(*next);
  Read(*next, *source_of(*next), cursor);
  more_ = waiting > 1 || next->info.size > std::max(cursor.checkpoint.offset, cursor.searched);
}

void AlertLookAhead::Read(const TailedFile& file, const LogSource& source, Cursor& cursor) {
  const std::int64_t now = clock_.WallNanos();
  const SteadyTime until = clock_.Steady() + kStepTime;
  const std::uint64_t begin = cursor.checkpoint.offset;
  for (auto stream : {LogStream::kNone, LogStream::kStdout, LogStream::kStderr}) {
    base_[static_cast<std::size_t>(stream)] = LabelsOf(file, source, stream);
  }
  run_.Begin(*source.pipeline, base_, file.path, cursor.memory, now);
  joiner_.Begin(source.pipeline->multiline(), run_.multiline_memory());
  LineReader reader(file.bytes, begin, file.info.size, buffer_);
  EntryDecoder decoder(source.format, source.max_line_size);
  if (begin == 0) decoder.Resume(file.carried_partial);
  const bool blocks = source.pipeline->multiline() != nullptr;
  const auto take = [&](const LogEntry& entry) { run_.Line(entry); };
  const auto decoded = [&](LogEntry& entry) {
    if (entry.time == 0) {
      const std::int64_t seen = file.arrival_times.WallAt(entry.begin);
      entry.time = seen != 0 ? seen : now;
    }
    if (!blocks) return take(entry);
    joiner_.Add(entry, [] {}, take);
  };
  std::uint64_t end = begin, safe = begin;
  std::string memory = cursor.memory;
  const auto is_safe = [&] {
    safe = end;
    memory = run_.Memory(run_.words());
  };
  RawLine line;
  bool at_end = false;
  while (end - begin < kMaxOpenBytes) {
    auto next = reader.Next(false, line);
    if (!next || !*next) {
      at_end = true;
      break;
    }
    decoder.Line(line, decoded);
    end = line.end;
    const bool full = end - begin >= kStepBytes || clock_.Steady() >= until;
    if (!decoder.AtSafePoint() || (blocks && joiner_.open())) continue;
    if (full) break;
  }
  if (!at_end && !decoder.AtSafePoint()) decoder.Finish(decoded);
  if (blocks && decoder.AtSafePoint()) joiner_.Finish(take);
  if (decoder.AtSafePoint()) is_safe();
  cursor.searched = at_end ? file.info.size : 0;
  if (safe == begin) return;
  auto checkpoint = MakeCheckpoint(file.bytes, safe);
  if (!checkpoint) {
    cursor.searched = file.info.size;
    return;
  }
  cursor.checkpoint = *checkpoint;
  cursor.memory = std::move(memory);
  if (run_.alerts().empty()) return;
  RaiseHits(file, source, run_.alerts(), begin, safe);
  unsaved_ = true;
  if (clock_.Steady() - saved_at_ >= kSaveEvery) Save();
}

// One line a file: file_id, offset, and the two hashes of its content.
void AlertLookAhead::Recall() {
  if (path_.empty()) return;
  auto text = ReadFile(path_);
  if (!text) return;
  std::istringstream in(*text);
  Cursor cursor;
  cursor.checked = false;
  for (std::uint64_t file_id = 0; in >> file_id >> cursor.checkpoint.offset >>
                                  cursor.checkpoint.head >> cursor.checkpoint.tail;) {
    if (cursors_.size() < kMaxSaved) cursors_.emplace(file_id, cursor);
  }
}

void AlertLookAhead::Save() {
  if (!unsaved_ || path_.empty()) return;
  unsaved_ = false;
  saved_at_ = clock_.Steady();
  std::string text;
  std::size_t count = 0;
  for (const auto& [file_id, cursor] : cursors_) {
    if (cursor.checkpoint.offset == 0 || ++count > kMaxSaved) continue;
    for (const std::uint64_t number :
         {file_id, cursor.checkpoint.offset, cursor.checkpoint.head, cursor.checkpoint.tail}) {
      text += std::to_string(number);
      text += ' ';
    }
    text.back() = '\n';
  }
  if (auto written = WriteFileAtomic(path_, text); !written) {
    LogWarn("alerts that were raised cannot be remembered over a restart",
            {{"path", path_}, {"error", written.error().message}});
  }
}

}  // namespace telltale
