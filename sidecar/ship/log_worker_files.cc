// SPDX-License-Identifier: Apache-2.0
//
// LogWorker, second part: what the journal says to files that are found, and what it is told of
// those that go.
#include <algorithm>
#include <chrono>
#include <utility>

#include "common/base/log.h"
#include "common/base/memory.h"
#include "sidecar/ship/log_worker.h"

namespace telltale {

void LogWorker::Begin(TailedFile& file) {
  file.file_id = journal_.AddFile(file.info.id, file.path, path_times_[file.path].last);
  // A file that ignoreOlder left out and that is written to again is read from there.
  if (file.checkpoint.offset > 0) journal_.RecordCarryOver({file.file_id, 0, {}, file.checkpoint});
}

void LogWorker::Fingerprinted(const TailedFile& file) {
  journal_.RecordFingerprint(file.file_id, file.fingerprint);
}

std::int64_t LogWorker::last_scan() const { return journal_.last_scan(); }

bool LogWorker::Recall(TailedFile& file) {
  const FileRecord* record = journal_.Recall(file.info.id, file.path, file.bytes);
  if (record == nullptr) return false;
  Continue(file, *record);
  return true;
}

// What became of a generation, wherever it lies now.
bool LogWorker::Resume(TailedFile& file, std::uint64_t file_id) {
  const FileRecord* record = journal_.Rebind(file_id, file.info.id);
  if (record == nullptr) return false;
  Continue(file, *record);
  return true;
}

void LogWorker::Continue(TailedFile& file, const FileRecord& record) {
  file.file_id = record.file_id;
  file.path = record.path;
  file.checkpoint = record.checkpoint;
  file.fingerprint = file.first_fingerprint = record.fingerprint;
  file.sent = {};
  file.last_time = record.last_time;
  file.memory = record.memory;
  file.stream_times = record.stream_times;
  if (file.checkpoint.offset == 0) file.carried_partial = record.carried_partial;
  for (const auto& [sequence, batch] : journal_.state().in_flight) {
    if (batch.file_id != file.file_id) continue;
    if (in_flight_.contains(sequence)) {
      // It was let go and is wanted again while a batch of it is still on its way.
      file.checkpoint = batch.checkpoint;
      file.memory = batch.memory_after;
      file.stream_times = batch.stream_times_after;
      ++file.outstanding;
    } else {
      replays_[file.file_id].push_back(batch);
      if (batch.checkpoint.offset > file.sent.offset) file.sent = batch.checkpoint;
      alerts_.AlreadyRaised(batch);
    }
  }
}

// It was copied and truncated: the rest of the generation is in the copy.
void LogWorker::Moved(const TailedFile& file, std::uint64_t missing) {
  if (missing > 0) LoseUnread(file.path, "truncated", {0, missing});
  journal_.Rebind(file.file_id, file.info.id);
}

void LogWorker::Truncated(TailedFile& file, std::uint64_t unread) {
  alerts_.Forget(file.file_id);
  file.memory.clear();
  file.stream_times = {};
  unread -= std::min(unread, LoseReplays(file));
  if (unread > 0) LoseUnread(file.path, "truncated", {0, unread});
  std::uint64_t before = file.file_id;
  // The record of the older generation is forgotten below. Its last time is kept: after a restart
  // behind a clock that was set back, younger lines must not get older times.
  const std::int64_t last_time = std::max(file.last_time, path_times_[file.path].last);
  file.file_id = journal_.AddFile(file.info.id, file.path, last_time);
  if (unread > 0 && !file.carried_partial.empty()) {
    // What went on with these parts of lines is gone; nothing else must be joined to them.
    LoseUnread(file.path, "truncated",
               {file.carried_partial.size(), BytesOf(file.carried_partial)});
    file.carried_partial.clear();
  }
  if (!file.carried_partial.empty())
    journal_.RecordCarryOver({before, file.file_id, file.carried_partial, std::nullopt});
  journal_.Forget(before);
}

void LogWorker::Closed(const TailedFile& file, CloseReason reason) {
  replays_.erase(file.file_id);
  alerts_.Forget(file.file_id);
  journal_.CloseFile(file.file_id, reason == CloseReason::kFinished);
}

// Everything in it was read.
void LogWorker::Gone(std::uint64_t file_id) {
  auto record = journal_.state().files.find(file_id);
  if (record == journal_.state().files.end() || record->second.open || record->second.closed)
    return;
  journal_.CloseFile(file_id, true);
}

KnownGeneration LogWorker::GenerationOf(const FileRecord& record) const {
  KnownGeneration out;
  out.file_id = record.file_id;
  out.path = record.path;
  out.id = record.id;
  out.checkpoint = record.known();
  out.open = record.open;
  out.present = !record.open && files_.Knows(record.file_id);
  out.finished = record.closed;
  return out;
}

std::vector<KnownGeneration> LogWorker::Missing() const {
  std::vector<KnownGeneration> out;
  for (const auto& [file_id, record] : journal_.state().files) {
    if (record.open || record.closed || files_.Knows(file_id)) continue;
    out.push_back(GenerationOf(record));
  }
  return out;
}

std::vector<KnownGeneration> LogWorker::Known(const std::string& directory) const {
  std::vector<KnownGeneration> out;
  std::map<std::uint64_t, std::size_t> by_file_id;
  for (const auto& [file_id, record] : journal_.state().files) {
    if (record.path.rfind('/') != directory.size() || !record.path.starts_with(directory)) continue;
    by_file_id[file_id] = out.size();
    out.push_back(GenerationOf(record));
    if (const TailedFile* file = files_.Find(file_id)) out.back().checkpoint = file->known();
  }
  // What was sent was there, acknowledged or not.
  for (const auto& [sequence, batch] : journal_.state().in_flight) {
    auto found = by_file_id.find(batch.file_id);
    if (found == by_file_id.end()) continue;
    Checkpoint& checkpoint = out[found->second].checkpoint;
    const FileRecord& record = journal_.state().files.at(batch.file_id);
    // Text that was seen behind it may be cut off.
    const bool only_seen = record.checkpoint.offset == 0 && checkpoint == record.fingerprint;
    if (only_seen || batch.checkpoint.offset > checkpoint.offset) checkpoint = batch.checkpoint;
  }
  return out;
}

void LogWorker::Replay(TailedFile& file) {
  auto replays = replays_.find(file.file_id);
  BatchRecord record = replays->second.front();
  const auto& pipeline = files_.source(file).pipeline;
  const bool other = record.maker != 0 && record.maker != builder_.Maker(files_.source(file));
  if (other || record.pipeline != (pipeline ? pipeline->hash() : 0)) {
    Requeue(file);
    return;
  }
  auto batch = builder_.Rebuild(file, files_.source(file), record, clock_.WallNanos());
  if (!batch && batch.error().code != Code::kGone) {
    ReadFailed(file, batch.error());
    return;
  }
  replays->second.pop_front();
  if (replays->second.empty()) replays_.erase(replays);
  if (batch) {
    Submit(file, std::move(*batch), true);
  } else {
    CountLost(record);
  }
}

// Batches whose bytes the sender let go, and whose turn comes.
void LogWorker::RefillWanted() {
  for (const std::uint64_t sequence : std::exchange(wanted_, {})) {
    const InFlight::Batch* batch = in_flight_.Find(sequence);
    const auto record = journal_.state().in_flight.find(sequence);
    TailedFile* file = batch == nullptr ? nullptr : files_.Find(batch->file_id);
    if (file == nullptr || record == journal_.state().in_flight.end()) {
      sender_.Abandon(sequence, "file_gone");
      continue;
    }
    auto again = builder_.Rebuild(*file, *batch->source, record->second, clock_.WallNanos());
    if (again) {
      for (PushBody& body : again->bodies) body.tenant = batch->tenant;
      sender_.Refill(sequence, std::move(again->bodies));
    } else if (again.error().code == Code::kGone) {
      sender_.Abandon(sequence, "file_gone");
    } else {
      ReadFailed(*file, again.error());
      wanted_.push_back(sequence);
    }
  }
}

// The in-flight batches were made with other stages, labels, tenant, limits or entry code, so the
// same entries cannot be made again. Their lines are read again with today's configuration. Entries
// of them that were stored already are then stored twice, and counted.
void LogWorker::Requeue(TailedFile& file) {
  auto replays = replays_.extract(file.file_id);
  std::uint64_t lines = 0;
  for (const BatchRecord& record : replays.mapped()) {
    lines += record.lines;
    journal_.Abandon(record.sequence);
  }
  accounting_->Rebuilt(lines);
  LogWarn(
      "stages, labels, tenant or program changed over a restart: lines that were in flight are "
      "sent again, and the log store may have them twice",
      {{"path", file.path}, {"lines", lines}});
}

void LogWorker::Sweep() {
  const std::int64_t now = clock_.WallNanos();
  files_.Sweep();
  if (files_.Settled()) journal_.Scanned(now);
  CountVanished();
  CountMissing();
  PassOnCarried();
  for (const SeriesName& series : metrics_.Expire()) journal_.ForgetSeries(series);
  if (used_) {
    used_ = false;
    rested_ = false;
  } else if (!rested_ && in_flight_.empty()) {
    builder_.ReleaseMemory();
    GiveBackMemory();
    rested_ = true;
  }
}

}  // namespace telltale
