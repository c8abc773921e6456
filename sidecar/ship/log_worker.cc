// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/log_worker.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <string_view>
#include <utility>

#include "common/base/log.h"

namespace telltale {
namespace {

// The writer of a rotated file has let go of it when nothing came for so long.
constexpr std::chrono::seconds kQuiet{5};
constexpr std::chrono::seconds kRetryRead{1};
constexpr std::size_t kMaxPaths = 4096;
constexpr std::size_t kMaxBatch = 3 << 20;  // a gateway in front of Loki refuses 4 MB

}  // namespace

LogWorker::LogWorker(const std::string& state_dir, Registry& registry, Clock& clock, Sender& sender)
    : clock_(clock),
      sender_(sender),
      accounting_(Accounting::Make(registry, clock)),
      read_errors_(registry.AddCounter("telltale_logs_read_errors_total",
                                       "Failed reads of log files; they are tried again.")),
      journal_(state_dir, clock, registry),
      files_(clock, MakeHooks()) {}

void LogWorker::Open() {
  journal_.Open();
  for (const auto& [slot, file] : journal_.state().files) {
    std::int64_t& last = last_times_[file.path];
    last = std::max(last, file.last_time);
  }
}

void LogWorker::Configure(std::vector<LogSource> sources, const LogPipelineOptions& options) {
  options_ = options;
  options_.batch_bytes = std::min(options_.batch_bytes, kMaxBatch);
  auto target = sender_.SetTarget({options.loki_url, options.tenant, options.retry_initial,
                                   options.retry_cap, options.request_timeout});
  if (!target) LogError("logs are not shipped", {{"error", target.error().message}});
  shipping_ = target.ok() && !options.loki_url.empty();
  files_.SetSources(std::move(sources));
  Sweep();
  CountVanished();
}

void LogWorker::Sweep() {
  files_.Sweep();
  if (!std::exchange(used_, false) && outstanding_.empty()) builder_.ReleaseMemory();
}

FileSet::Hooks LogWorker::MakeHooks() {
  FileSet::Hooks hooks;
  hooks.recall = [this](TailedFile& file) { return Recall(file); };
  hooks.begun = [this](TailedFile& file) { file.slot = journal_.AddFile(file.info.id, file.path); };
  hooks.truncated = [this](TailedFile& file, std::uint64_t unread) { Truncated(file, unread); };
  hooks.closed = [this](const TailedFile& file, bool finished) { Closed(file, finished); };
  hooks.known = [this](const std::string& directory, std::uint64_t inode) {
    return Known(directory, inode);
  };
  return hooks;
}

bool LogWorker::Recall(TailedFile& file) {
  const FileRecord* record = journal_.Recall(file.info.id, file.path, file.bytes);
  if (record == nullptr) return false;
  file.slot = record->slot;
  file.path = record->path;
  file.mark = record->mark;
  file.last_time = record->last_time;
  for (const auto& [sequence, batch] : journal_.state().in_flight) {
    if (batch.slot != file.slot) continue;
    if (outstanding_.contains(sequence)) {
      // It was let go and is wanted again while a batch of it is still on its way.
      file.mark = batch.mark;
      ++file.outstanding;
    } else {
      replays_[file.slot].push_back(batch);
    }
  }
  return true;
}

void LogWorker::Truncated(TailedFile& file, std::uint64_t unread) {
  if (unread > 0) accounting_->LostUnread("truncated", {0, unread});
  auto replays = replays_.extract(file.slot);
  if (!replays.empty()) {
    for (const BatchRecord& record : replays.mapped()) CountLost(record);
  }
  journal_.Forget(file.slot);
  file.slot = journal_.AddFile(file.info.id, file.path);
}

void LogWorker::Closed(const TailedFile& file, bool finished) {
  replays_.erase(file.slot);
  journal_.CloseFile(file.slot, finished);
}

bool LogWorker::Known(const std::string& directory, std::uint64_t inode) const {
  for (const auto& [slot, file] : journal_.state().files) {
    if (file.id.inode == inode && !file.open && !file.closed &&
        file.path.rfind('/') == directory.size() && file.path.starts_with(directory) &&
        files_.Wants(file.path)) {
      return true;
    }
  }
  return false;
}

// Batches that an earlier process had under way and whose file is nowhere now. They may have
// arrived; nobody can tell.
void LogWorker::CountVanished() {
  std::vector<BatchRecord> gone;
  for (const auto& [sequence, batch] : journal_.state().in_flight) {
    if (outstanding_.contains(sequence) || files_.Find(batch.slot) != nullptr) continue;
    auto file = journal_.state().files.find(batch.slot);
    if (file == journal_.state().files.end() || files_.Wants(file->second.path)) {
      gone.push_back(batch);
    }
  }
  for (const BatchRecord& record : gone) CountLost(record);
}

void LogWorker::CountLost(const BatchRecord& record) {
  std::uint64_t bytes = record.mark.offset - record.begin;
  LogWarn(
      "lines that were being sent when the program ended cannot be read again; unless Loki "
      "had stored them they are lost",
      {{"lines", record.lines}, {"bytes", bytes}});
  accounting_->LostUnread("file_gone", {record.lines, bytes});
  journal_.Abandon(record.sequence);
}

bool LogWorker::Unfinished(const TailedFile& file, Mode mode) const {
  return mode == Mode::kDrain || (file.rotated && clock_.Steady() - file.grown >= kQuiet);
}

bool LogWorker::Readable(const TailedFile& file, Mode mode) const {
  if (replays_.contains(file.slot)) return true;
  if (!file.unread()) return false;
  return file.info.size > file.searched || Unfinished(file, mode);
}

SteadyTime LogWorker::DueAt(const TailedFile& file) const {
  bool full = file.info.size - file.mark.offset >= options_.batch_bytes;
  if (full || file.rotated || replays_.contains(file.slot)) return file.retry_at;
  const SteadyTime* seen = file.sightings.OldestSince(file.mark.offset);
  SteadyTime due = seen == nullptr ? SteadyTime{} : *seen + options_.batch_wait;
  return std::max(due, file.retry_at);
}

// The file whose oldest unread byte has waited longest, of those that may be read now. Of several
// generations under one path only the oldest may, as they are one stream for Loki.
TailedFile* LogWorker::Next(Mode mode) {
  SteadyTime now = clock_.Steady();
  std::set<std::string_view> paths;
  TailedFile* best = nullptr;
  SteadyTime best_since{};
  for (const auto& [slot, file] : files_.files()) {
    if (!Readable(*file, mode) || !paths.insert(file->path).second) continue;
    if (now < (mode == Mode::kNormal ? DueAt(*file) : file->retry_at)) continue;
    const SteadyTime* seen = file->sightings.OldestSince(file->mark.offset);
    SteadyTime since = seen == nullptr || replays_.contains(slot) ? SteadyTime{} : *seen;
    if (best == nullptr || since < best_since) {
      best = file.get();
      best_since = since;
    }
  }
  return best;
}

void LogWorker::Work(Mode mode) {
  while (shipping_ && !Full()) {
    TailedFile* file = Next(mode);
    if (file == nullptr) break;
    used_ = true;
    if (replays_.contains(file->slot)) {
      Replay(*file);
    } else {
      BuildNext(*file, mode);
    }
  }
  UpdateGauges();
}

void LogWorker::BuildNext(TailedFile& file, Mode mode) {
  if (!files_.CheckContent(file)) return;
  bool unfinished = Unfinished(file, mode);
  if (last_times_.size() > kMaxPaths) last_times_.clear();
  std::int64_t& last_time = last_times_[file.path];
  file.last_time = last_time = std::max(file.last_time, last_time);
  auto batch = builder_.Build(file, files_.source(file), options_.batch_bytes, {unfinished, false},
                              clock_.WallNanos());
  if (!batch) {
    ReadFailed(file, batch.error());
    return;
  }
  if (batch->bodies.empty()) {
    file.searched = std::max(file.searched, batch->searched);
    // It shrank under our hands: the next sweep tells.
    if (unfinished) file.retry_at = clock_.Steady() + kRetryRead;
    return;
  }
  last_time = batch->record.last_time;
  Submit(file, std::move(*batch), false);
}

void LogWorker::ReadFailed(TailedFile& file, const Error& error) {
  read_errors_.Add();
  if (file.retry_at == SteadyTime{}) {
    LogWarn("a log file cannot be read now", {{"path", file.path}, {"error", error.message}});
  }
  file.retry_at = clock_.Steady() + kRetryRead;
}

void LogWorker::Replay(TailedFile& file) {
  auto replays = replays_.find(file.slot);
  BatchRecord record = replays->second.front();
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

void LogWorker::Submit(TailedFile& file, Batch batch, bool replayed) {
  if (!replayed) journal_.Begin(batch.record);
  accounting_->Read(batch.count, batch.cut_bytes);
  file.mark = batch.record.mark;
  file.searched = std::max({file.searched, batch.searched, file.mark.offset});
  file.last_time = batch.record.last_time;
  file.sightings.Drop(file.mark.offset);
  file.retry_at = SteadyTime{};
  ++file.outstanding;
  outstanding_[batch.record.sequence] = {file.slot, batch.first_seen};
  sender_.Submit(batch.record.sequence, std::move(batch.bodies));
}

void LogWorker::Answered(const PushResult& result) {
  auto sent = outstanding_.extract(result.sequence);
  if (sent.empty()) return;
  accounting_->Answered(result.acked, result.lost);
  journal_.Ack(result.sequence);
  if (TailedFile* file = files_.Find(sent.mapped().slot)) --file->outstanding;
}

void LogWorker::UpdateGauges() {
  std::int64_t oldest = 0;
  auto note = [&](std::int64_t wall) {
    if (wall != 0 && (oldest == 0 || wall < oldest)) oldest = wall;
  };
  for (const auto& [sequence, batch] : outstanding_) note(batch.first_seen);
  for (const auto& [slot, file] : files_.files()) {
    if (file->unread()) note(file->sightings.WallAt(file->mark.offset));
  }
  accounting_->SetOldest(oldest);
  accounting_->SetFiles(files_.files().size());
}

std::optional<SteadyTime> LogWorker::NextDue() const {
  std::optional<SteadyTime> due = journal_.sync_due();
  auto note = [&](SteadyTime time) {
    if (!due || time < *due) due = time;
  };
  if (!shipping_ || Full()) return due;
  std::set<std::string_view> paths;
  for (const auto& [slot, file] : files_.files()) {
    if (Readable(*file, Mode::kNormal)) {
      // A younger generation waits for the older one, whenever that is.
      if (paths.insert(file->path).second) note(DueAt(*file));
    } else if (file->unread() && file->rotated) {
      note(file->grown + kQuiet);
    }
  }
  return due;
}

}  // namespace telltale
