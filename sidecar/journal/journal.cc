// SPDX-License-Identifier: Apache-2.0
#include "sidecar/journal/journal.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <set>
#include <utility>
#include <vector>

#include "common/base/files.h"
#include "common/base/log.h"
#include "sidecar/journal/file_presence.h"

namespace telltale {
namespace {

constexpr std::size_t kReadLimit = 64 << 20;
constexpr std::chrono::seconds kSyncEvery{1}, kRetryEvery{10};
constexpr std::int64_t kScanGrain = 1'000'000'000;
// How often files are looked for that may be gone, and how exact FileRecord::touched is.
constexpr std::chrono::hours kForgetEvery{1};
constexpr std::chrono::minutes kForgetEveryWhenFull{1};
constexpr std::int64_t kTouchEvery = 24 * 3600;

}  // namespace

Journal::Journal(std::string directory, Clock& clock, Registry& registry, Disk& disk,
                 std::size_t compact_at)
    : directory_(std::move(directory)),
      file_(directory_ + "/journal", disk),
      compact_at_(compact_at),
      clock_(clock),
      errors_(registry.AddCounter("telltale_logs_journal_errors_total",
                                  "Failed reads, writes and syncs of the journal.")),
      healthy_(registry.AddGauge("telltale_logs_journal_healthy",
                                 "1 while the journal is kept, 0 while its disk fails: a restart "
                                 "would then send lines again.")),
      dropped_(registry.AddCounter("telltale_logs_journal_dropped_bytes_total",
                                   "Bytes of the journal that were unreadable at start.")) {
  healthy_.Set(1);
}

void Journal::Open() {
  if (directory_.empty()) return;
  auto text = file_.Read(kReadLimit);
  if (text && !text->empty() && !text->starts_with(kJournalMagic)) {
    dropped_.Add(text->size());
    LogWarn(
        "the journal has a format that this version does not know: it is kept under another name, "
        "and log files are read from their start",
        {{"file", file_.path()}, {"kept_as", file_.SetAside()}});
  } else if (text) {
    std::size_t used = 0;
    state_ = ParseJournal(*text, used);
    last_scan_ = state_.last_scan;
    if (used < text->size()) {
      dropped_.Add(text->size() - used);
      LogWarn(
          "the end of the journal is unreadable, as after a crash, and was dropped: lines may "
          "be sent again",
          {{"file", file_.path()}, {"bytes", text->size() - used}});
    }
  } else if (text.error().code == Code::kNotFound) {
    return;  // it is made when there is something to remember
  } else {
    Failed(text.error().message);
    file_.SetAside();
  }
  Rewrite();
}

Checkpoint Journal::Known(const FileRecord& file) const {
  Checkpoint sent;
  for (const auto& [sequence, batch] : state_.in_flight) {  // ascending, as the file is read
    if (batch.file_id == file.file_id) sent = batch.checkpoint;
  }
  return file.checkpoint.offset == 0 && sent.offset > 0 ? sent : file.known();
}

const FileRecord* Journal::Recall(const FileIdentity& id, const std::string& path,
                                  const FileBytes& bytes) {
  for (auto it = state_.files.rbegin(); it != state_.files.rend(); ++it) {
    FileRecord& file = it->second;
    if (file.open || file.id.inode != id.inode || file.id.birth != id.birth) continue;
    // Device numbers change with a reboot; birth time and place make up for it.
    bool same_place = id.birth != 0 && file.path == path;
    if (file.id.device != id.device && !same_place) continue;
    if (ContentMatches(bytes, Known(file))) return Reopen(file, id);
  }
  return nullptr;
}

const FileRecord* Journal::Rebind(std::uint64_t file_id, const FileIdentity& id) {
  auto found = state_.files.find(file_id);
  return found == state_.files.end() ? nullptr : Reopen(found->second, id);
}

const FileRecord* Journal::Reopen(FileRecord& file, const FileIdentity& id) {
  file.id = id;
  file.open = true;
  file.closed = false;
  file.touched = Seconds();
  AppendFileRecord(file, pending_);
  Append();
  return &file;
}

std::uint64_t Journal::AddFile(const FileIdentity& id, const std::string& path,
                               std::int64_t last_time) {
  urgent_ = urgent_ || std::none_of(state_.files.begin(), state_.files.end(),
                                    [&](const auto& f) { return f.second.path == path; });
  FileRecord file;
  file.file_id = state_.next_file_id++;
  file.id = id;
  file.path = path;
  file.last_time = last_time;
  file.touched = Seconds();
  file.open = true;
  AppendFileRecord(file, pending_);
  std::uint64_t file_id = file.file_id;
  state_.files[file_id] = std::move(file);
  Append();
  return file_id;
}

void Journal::RecordFingerprint(std::uint64_t file_id, const Checkpoint& fingerprint) {
  auto found = state_.files.find(file_id);
  if (found == state_.files.end()) return;
  FileRecord& file = found->second;
  const bool whole = fingerprint.offset >= Checkpoint::kHeadBytes;
  if (file.fingerprint.offset >= (whole ? Checkpoint::kHeadBytes : 1)) return;
  file.fingerprint = fingerprint;
  AppendFileRecord(file, pending_);
  Append();
}

void Journal::CloseFile(std::uint64_t file_id, bool finished) {
  auto file = state_.files.find(file_id);
  if (file == state_.files.end()) return;
  file->second.open = false;
  file->second.closed = finished;
  file->second.touched = Seconds();
  AppendFileRecord(file->second, pending_);
  Append();
}

void Journal::Forget(std::uint64_t file_id) {
  if (state_.files.erase(file_id) == 0) return;
  AppendForgetRecord(file_id, pending_);
  Append();
}

void Journal::Begin(BatchRecord& batch) {
  batch.sequence = state_.next_sequence++;
  auto file = state_.files.find(batch.file_id);
  if (file != state_.files.end()) file->second.last_time = batch.last_time;
  AppendBatchRecord(batch, pending_);
  state_.in_flight[batch.sequence] = batch;
  Append();
}

void Journal::Ack(std::uint64_t sequence, const std::vector<SeriesDelta>& metrics) {
  ApplyAck(state_, sequence, metrics);
  AppendAckRecord(sequence, metrics, pending_);
  Append();
}

void Journal::AckPart(std::uint64_t sequence, std::uint64_t stream) {
  if (!state_.in_flight.contains(sequence)) return;
  ApplyAckPart(state_, sequence, {stream});
  AppendAckPartRecord(sequence, {stream}, pending_);
  Append();
}

void Journal::Abandon(std::uint64_t sequence) {
  if (state_.in_flight.erase(sequence) == 0) return;
  AppendAbandonRecord(sequence, pending_);
  Append();
}

void Journal::RecordCarryOver(const CarryOver& carry_over) {
  ApplyCarryOver(state_, carry_over);
  AppendCarryOverRecord(carry_over, pending_);
  Append();
}

void Journal::Scanned(std::int64_t wall_nanos) {
  const bool first = scanned_ == 0;
  scanned_ = wall_nanos;
  if (first && file_.is_open()) Append();
  if (!first && clock_.Steady() < forget_at_) return;
  ForgetGone();
  const bool full = state_.files.size() > kMaxFiles;
  forget_at_ = clock_.Steady() + (full ? kForgetEveryWhenFull : kForgetEvery);
}

void Journal::Append() {
  const std::int64_t since = scanned_ - state_.last_scan;  // negative when the clock was set back
  if (scanned_ != 0 && (since > kScanGrain || since < 0)) {
    state_.last_scan = scanned_;
    AppendScanRecord(scanned_, pending_);
  }
  std::string records = std::exchange(pending_, {});
  if (directory_.empty() || records.empty()) return;
  if (!file_.is_open()) {
    if (clock_.Steady() >= retry_at_) Rewrite();
    return;  // Rewrite wrote the state that the records lead to
  }
  auto written = file_.Append(records);
  if (!written) {
    Failed(written.error().message);
    return;
  }
  dirty_ = true;
  size_ += records.size();
  if (size_ > compact_at_) Rewrite();
}

void Journal::Rewrite() {
  if (auto made = MakeDirectories(directory_); !made) {
    Failed(made.error().message);
    return;
  }
  std::string text = FormatJournal(state_);
  auto written = file_.Replace(text);
  if (!written) {
    Failed(written.error().message);
    return;
  }
  size_ = text.size();
  // A state that is large by itself must not be rewritten with every record.
  if (size_ > compact_at_ / 2) size_ = 0;
  dirty_ = false;
  synced_ = clock_.Steady();
  healthy_.Set(1);
  if (std::exchange(failing_, false)) {
    LogInfo("the journal is written again", {{"file", file_.path()}});
  }
}

// Forgets records of files that are gone: those gone for kForgetAfter, and beyond kMaxFiles those
// gone longest. A file without its record would be read again from its start, so the record of one
// that exists is never forgotten, wanted or not.
void Journal::ForgetGone() {
  const std::int64_t now = Seconds();
  FilePresence presence;
  std::set<std::pair<std::uint64_t, std::int64_t>> younger;  // inode and birth
  std::vector<std::pair<std::int64_t, std::uint64_t>> gone;  // since when, and which
  for (auto it = state_.files.rbegin(); it != state_.files.rend(); ++it) {
    FileRecord& file = it->second;
    // Of several records of one file only the youngest describes what it holds now.
    const bool newest = younger.emplace(file.id.inode, file.id.birth).second;
    if (file.open || (newest && presence.Exists(file.id, file.path))) {
      if (std::abs(now - file.touched) < kTouchEvery) continue;
      file.touched = now;
      AppendFileRecord(file, pending_);
      continue;
    }
    file.touched = std::min(file.touched, now);  // the clock was ahead
    if (file.carried_partial.empty()) gone.emplace_back(file.touched, file.file_id);
  }
  std::sort(gone.begin(), gone.end());
  std::size_t excess = state_.files.size() > kMaxFiles ? state_.files.size() - kMaxFiles : 0;
  for (std::size_t i = 0; i < gone.size(); ++i) {
    if (i >= excess && gone[i].first > now - kForgetAfter) break;
    state_.files.erase(gone[i].second);
    AppendForgetRecord(gone[i].second, pending_);
  }
  if (!pending_.empty()) Append();
}

void Journal::Sync(bool now) {
  if (failing_ && clock_.Steady() >= retry_at_) Rewrite();
  if (!dirty_ || !file_.is_open()) return;
  if (!now && !urgent_ && clock_.Steady() < synced_ + kSyncEvery) return;
  dirty_ = urgent_ = false;
  synced_ = clock_.Steady();
  auto synced = file_.Sync();
  if (!synced) Failed(synced.error().message);
}

std::optional<SteadyTime> Journal::sync_due() const {
  if (failing_) return retry_at_;
  if (!dirty_ || !file_.is_open()) return std::nullopt;
  return urgent_ ? synced_ : synced_ + kSyncEvery;
}

void Journal::Failed(std::string_view error) {
  errors_.Add();
  healthy_.Set(0);
  file_.Close();
  dirty_ = false;
  retry_at_ = clock_.Steady() + kRetryEvery;
  if (std::exchange(failing_, true)) return;
  LogWarn("the journal cannot be kept: logs are shipped, but a restart now would send lines again",
          {{"file", file_.path()}, {"error", error}});
}

}  // namespace telltale
