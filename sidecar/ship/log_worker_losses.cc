// SPDX-License-Identifier: Apache-2.0
//
// LogWorker's losses: what cannot be read any more is counted, once.
#include <algorithm>
#include <chrono>
#include <utility>

#include "common/base/log.h"
#include "sidecar/ship/log_worker.h"

namespace telltale {
namespace {

// So long a rotated file that cannot be read is tried.
constexpr std::chrono::seconds kGiveUpReading{60};

}  // namespace

// Of a file that may not be open. Nobody's if no source wants it any more.
const OwnerAccounts& LogWorker::OwnersOf(const std::string& path) const {
  static const OwnerAccounts kNobody;
  const std::size_t source = files_.SourceOf(path);
  return source < owners_.size() ? owners_[source] : kNobody;
}

// Synced soon: after a power cut it would be counted again.
void LogWorker::LoseUnread(const std::string& path, std::string_view reason,
                           const LineCount& count) {
  if (count.lines > 0 || count.bytes > 0) {
    accounting_->LostUnread(reason, count, OwnersOf(path));
  }
  journal_.SyncSoon();
}

void LogWorker::Lost(TailedFile& file, std::string_view reason) {
  std::uint64_t unread = file.unread() ? file.info.size - file.checkpoint.offset : 0;
  unread -= std::min(unread, LoseReplays(file));
  LoseUnread(file.path, reason, {0, unread});
}

void LogWorker::VanishedUnread(const std::string& path) {
  LogWarn(
      "a log file that had not changed for long was written to and deleted, or moved out of sight, "
      "before it could be opened: these lines are lost",
      {{"path", path},
       {"remedy",
        "keep a file for a second after its last line; if it was moved into another "
        "directory, name that in include"}});
  backlog_.Vanished();
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
      if (files_.MayBeUnreadable(path, file->second.id)) continue;
    }
    gone.push_back(batch);
  }
  for (const BatchRecord& record : gone) {
    CountLost(record);
    std::uint64_t& counted = vanished_[record.file_id];
    counted = std::max(counted, record.checkpoint.offset);
  }
}

// Files of which an earlier process read a part, and that lie nowhere now. Nobody can tell how much
// was written to them after that.
void LogWorker::CountMissing() {
  if (!files_.Settled()) return;
  for (const KnownGeneration& missing : Missing()) {
    if (!files_.Wants(missing.path) || !files_.Lists(missing.path)) continue;
    if (files_.MayBeUnreadable(missing.path, missing.id)) continue;
    std::uint64_t read = journal_.state().files.at(missing.file_id).checkpoint.offset;
    const auto counted = vanished_.extract(missing.file_id);  // with its batches
    if (!counted.empty()) read = std::max(read, counted.mapped());
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
    LoseUnread(missing.path, "vanished", {0, bytes});
    journal_.CloseFile(missing.file_id, true);
  }
}

// Partial lines that were carried over to a generation that is nowhere now go to the next one.
void LogWorker::PassOnCarried() {
  std::vector<CarryOver> orphans;
  for (const auto& [file_id, file] : journal_.state().files) {
    if (file.open || file.carried_partial.empty() || in_flight_.HasOf(file_id)) continue;
    if (!files_.Wants(file.path) || !files_.Settled(file.path)) continue;
    if (files_.MayBeUnreadable(file.path, file.id)) continue;
    orphans.push_back({file_id, 0, file.carried_partial, file.checkpoint});
  }
  for (CarryOver& orphan : orphans) {
    const std::string& path = journal_.state().files.at(orphan.from).path;
    TailedFile* next_generation = NextGeneration(path, orphan.from);
    if (next_generation != nullptr && next_generation->carried_partial.empty()) {
      orphan.to = next_generation->file_id;
      next_generation->carried_partial = orphan.lines;
    } else {
      LoseUnread(path, "file_gone", {orphan.lines.size(), BytesOf(orphan.lines)});
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
  const bool known = file != journal_.state().files.end();
  if (record.begin == 0 && known) {
    // The parts of lines that it began with are lost with it; no other line must get them.
    bytes += BytesOf(file->second.carried_partial);
    journal_.RecordCarryOver({record.file_id, 0, {}, file->second.checkpoint});
  }
  LogWarn(
      "lines that were being sent when the program ended cannot be read again; unless Loki "
      "had stored them they are lost",
      {{"lines", record.lines}, {"bytes", bytes}});
  LoseUnread(known ? file->second.path : std::string(), "file_gone", {record.lines, bytes});
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

}  // namespace telltale
