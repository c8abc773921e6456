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
namespace {

// So long a rotated file that cannot be read is tried.
constexpr std::chrono::seconds kGiveUpReading{60};

}  // namespace

void LogWorker::Begin(TailedFile& file) {
  file.file_id = journal_.AddFile(file.info.id, file.path);
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
      alerts_.AlreadyRaised(batch);
    }
  }
}

// It was copied and truncated: the rest of the generation is in the copy.
void LogWorker::Moved(const TailedFile& file, std::uint64_t missing) {
  if (missing > 0) accounting_->LostUnread("truncated", {0, missing});
  journal_.Rebind(file.file_id, file.info.id);
}

void LogWorker::Truncated(TailedFile& file, std::uint64_t unread) {
  alerts_.Forget(file.file_id);
  file.memory.clear();
  file.stream_times = {};
  unread -= std::min(unread, LoseReplays(file));
  if (unread > 0) accounting_->LostUnread("truncated", {0, unread});
  std::uint64_t before = file.file_id;
  file.file_id = journal_.AddFile(file.info.id, file.path);
  if (unread > 0 && !file.carried_partial.empty()) {
    // What went on with these parts of lines is gone; nothing else must be joined to them.
    accounting_->LostUnread("truncated",
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

void LogWorker::Lost(TailedFile& file, std::string_view reason) {
  std::uint64_t unread = file.unread() ? file.info.size - file.checkpoint.offset : 0;
  unread -= std::min(unread, LoseReplays(file));
  accounting_->LostUnread(reason, {0, unread});
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
    if (batch.checkpoint.offset > checkpoint.offset) checkpoint = batch.checkpoint;
  }
  return out;
}

// Batches that an earlier process had under way and whose file is nowhere now. They may have
// arrived; nobody can tell.
void LogWorker::CountVanished() {
  std::vector<BatchRecord> gone;
  for (const auto& [sequence, batch] : journal_.state().in_flight) {
    if (in_flight_.contains(sequence) || files_.Find(batch.file_id) != nullptr) continue;
    auto file = journal_.state().files.find(batch.file_id);
    if (file != journal_.state().files.end()) {
      const std::string& path = file->second.path;
      if (!files_.Wants(path) || !files_.Settled(path)) continue;
    }
    gone.push_back(batch);
  }
  for (const BatchRecord& record : gone) CountLost(record);
}

// Files of which an earlier process read a part, and that lie nowhere now. Nobody can tell how much
// was written to them after that.
void LogWorker::CountMissing() {
  if (!files_.Settled()) return;
  for (const KnownGeneration& missing : Missing()) {
    if (!files_.Wants(missing.path) || !files_.Lists(missing.path)) continue;
    std::uint64_t read = journal_.state().files.at(missing.file_id).checkpoint.offset;
    for (const auto& [sequence, batch] : journal_.state().in_flight) {
      // CountVanished counts these.
      if (batch.file_id == missing.file_id) read = std::max(read, batch.checkpoint.offset);
    }
    const std::uint64_t bytes =
        missing.checkpoint.offset - std::min(missing.checkpoint.offset, read);
    LogWarn(
        "a log file that was being read is gone: what was written to it after that is lost, if "
        "anything was",
        {{"path", missing.path},
         {"offset", read},
         {"remedy", "if it was moved into another directory, name that in include, such as " +
                        missing.path.substr(0, missing.path.rfind('/')) + "/old/*"}});
    backlog_.Vanished();
    if (bytes > 0) accounting_->LostUnread("vanished", {0, bytes});
    journal_.CloseFile(missing.file_id, true);
  }
}

// Partial lines that were carried over to a generation that is nowhere now go to the next one.
void LogWorker::PassOnCarried() {
  std::vector<CarryOver> orphans;
  for (const auto& [file_id, file] : journal_.state().files) {
    if (file.open || file.carried_partial.empty() || in_flight_.HasOf(file_id)) continue;
    if (!files_.Wants(file.path) || !files_.Settled(file.path)) continue;
    orphans.push_back({file_id, 0, file.carried_partial, file.checkpoint});
  }
  for (CarryOver& orphan : orphans) {
    const std::string& path = journal_.state().files.at(orphan.from).path;
    TailedFile* next_generation = NextGeneration(path, orphan.from);
    if (next_generation != nullptr && next_generation->carried_partial.empty()) {
      orphan.to = next_generation->file_id;
      next_generation->carried_partial = orphan.lines;
    } else {
      accounting_->LostUnread("file_gone", {orphan.lines.size(), BytesOf(orphan.lines)});
    }
    journal_.RecordCarryOver(orphan);
  }
}

// Batches that cannot be sent again; returns how many bytes of the file they are.
std::uint64_t LogWorker::LoseReplays(TailedFile& file) {
  auto replays = replays_.extract(file.file_id);
  std::uint64_t bytes = 0;
  if (replays.empty()) return bytes;
  for (const BatchRecord& record : replays.mapped()) {
    bytes += record.checkpoint.offset - record.begin;
    if (record.begin == 0) file.carried_partial.clear();  // lost with it
    CountLost(record);
  }
  return bytes;
}

void LogWorker::CountLost(const BatchRecord& record) {
  std::uint64_t bytes = record.checkpoint.offset - record.begin - record.carried_over;
  auto file = journal_.state().files.find(record.file_id);
  if (record.begin == 0 && file != journal_.state().files.end()) {
    // The parts of lines that it began with are lost with it; no other line must get them.
    bytes += BytesOf(file->second.carried_partial);
    journal_.RecordCarryOver({record.file_id, 0, {}, file->second.checkpoint});
  }
  LogWarn(
      "lines that were being sent when the program ended cannot be read again; unless Loki "
      "had stored them they are lost",
      {{"lines", record.lines}, {"bytes", bytes}});
  accounting_->LostUnread("file_gone", {record.lines, bytes});
  journal_.Abandon(record.sequence);
}

// A rotated file that cannot be read must not keep back the younger ones for ever.
void LogWorker::ReadFailed(TailedFile& file, const Error& error) {
  read_errors_.Add();
  SteadyTime now = clock_.Steady();
  if (file.failing_since == SteadyTime{}) {
    LogWarn("a log file cannot be read now", {{"path", file.path}, {"error", error.message}});
    file.failing_since = now;
  }
  file.retry_at = now + kRetryRead;
  if (!file.rotated || !HasYounger(file) || now - file.failing_since < kGiveUpReading) return;
  const std::uint64_t unread = file.unread() ? file.info.size - file.checkpoint.offset : 0;
  LogError("a rotated log file could not be read for long and is given up: its rest is lost",
           {{"path", file.path},
            {"offset", file.checkpoint.offset},
            {"bytes", unread},
            {"error", error.message}});
  Lost(file, "unreadable");
  files_.GiveUp(file);
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
  CountMissing();
  CountVanished();
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
