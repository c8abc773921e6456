// SPDX-License-Identifier: Apache-2.0
//
// LogWorker's rounds: which files are read now, and when there is something to do next.
#include <algorithm>
#include <chrono>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "sidecar/ship/log_worker.h"
#include "sidecar/ship/owner_tally.h"

namespace telltale {
namespace {

// A line after a time of silence waits so long for others that are written with it.
constexpr std::chrono::milliseconds kLinger{20};
constexpr std::chrono::seconds kTallyEvery{1};  // of the owners' files

}  // namespace

// A generation that ends with parts of lines, which the next one will go on with.
bool LogWorker::CarriesOver(const TailedFile& file) const {
  return file.partial && file.rotated && NextGeneration(file.path, file.file_id) != nullptr;
}

// What a rotated file ends with is sent, or handed over, behind its batches that are in flight.
bool LogWorker::EndWaits(const TailedFile& file, Mode mode) const {
  return file.rotated && file.outstanding > 0 && file.unread() && Unfinished(file, mode) &&
         NextGeneration(file.path, file.file_id) != nullptr;
}

bool LogWorker::Urgent(const TailedFile& file) const {
  const bool full = file.info.size - file.checkpoint.offset >= options_.batch_bytes;
  return full || file.rotated || replays_.contains(file.file_id);
}

// Of several generations under one path only the oldest has a turn, as they are one stream for the
// store.
std::vector<LogWorker::Turn> LogWorker::Turns(Mode mode) const {
  std::vector<Turn> turns;
  std::unordered_set<std::string_view> paths;
  for (const auto& [file_id, file] : files_.files()) {
    const bool readable = Readable(*file, mode);
    if (!readable && !CarriesOver(*file) && !EndWaits(*file, mode) && !file->waits) continue;
    if (!paths.insert(file->path).second || !readable) continue;
    if (in_flight_.Waits(file_id)) continue;
    const SteadyTime* seen = file->arrival_times.OldestSince(file->checkpoint.offset);
    const bool replay = replays_.contains(file_id);
    turns.push_back({file_id, seen == nullptr || replay ? SteadyTime{} : *seen, Urgent(*file)});
  }
  return turns;
}

SteadyTime LogWorker::RoundDue(const std::vector<Turn>& turns) const {
  std::uint64_t bytes = 0;
  SteadyTime oldest = SteadyTime::max();
  for (const Turn& turn : turns) {
    if (turn.urgent) continue;
    const TailedFile& file = *files_.Find(turn.file_id);
    bytes += file.info.size - std::min(file.info.size, file.checkpoint.offset);
    oldest = std::min(oldest, turn.since);
  }
  if (oldest == SteadyTime::max()) return oldest;
  if (round_ || bytes >= options_.batch_bytes) return SteadyTime{};
  const std::chrono::milliseconds linger = std::min(kLinger, options_.batch_wait);
  return std::max(oldest + linger, round_began_ + options_.batch_wait);
}

// One batch of each file whose turn it is, the one that has waited longest first, and all of them
// into as few pushes as they need. False when there was none to make.
bool LogWorker::BuildRound(Mode mode, bool& skipped) {
  const SteadyTime now = clock_.Steady();
  std::vector<Turn> turns = Turns(mode);
  const bool all = mode != Mode::kNormal || now >= RoundDue(turns);
  if (all && !std::exchange(round_, true)) round_began_ = now;
  std::sort(turns.begin(), turns.end(),
            [](const Turn& a, const Turn& b) { return a.since < b.since; });
  bool built = false;
  for (const Turn& turn : turns) {
    if (Full()) break;
    if (!all && !turn.urgent) continue;
    TailedFile* file = files_.Find(turn.file_id);
    if (file == nullptr || now < file->retry_at) continue;
    if (many_tenants_ && in_flight_.IsFull(files_.source(*file).tenant)) {
      skipped = true;
      continue;
    }
    used_ = built = true;
    if (replays_.contains(file->file_id)) {
      Replay(*file);
    } else {
      BuildNext(*file, mode);
    }
  }
  if (built) sender_.Send();
  return built;
}

void LogWorker::UpdateGauges() {
  std::int64_t oldest = 0;
  auto note = [&](std::int64_t wall) {
    if (wall != 0 && (oldest == 0 || wall < oldest)) oldest = wall;
  };
  for (const auto& [sequence, batch] : in_flight_.batches()) note(batch.first_seen);
  for (const auto& [file_id, file] : files_.files()) {
    const bool line = file->unread() && file->info.size > file->searched;  // else a part of one
    if (line) note(file->arrival_times.WallAt(file->checkpoint.offset));
  }
  accounting_->SetOldest(oldest);
  backlog_.Update(files_);
  if (clock_.Steady() < next_tally_) return;
  next_tally_ = clock_.Steady() + kTallyEvery;
  accounting_->UpdateOwners(TallyOwners(files_, in_flight_, owners_));
}

void LogWorker::Work(Mode mode) {
  RefillWanted();
  bool skipped = false;
  while (shipping_ && !Full() && BuildRound(mode, skipped)) {
  }
  if (!Full() && !skipped) round_ = false;
  alerts_.Step(files_.files(), [this](const TailedFile& file) {
    return !shipping_ || Full() ? &files_.source(file) : nullptr;
  });
  UpdateGauges();
}

std::optional<SteadyTime> LogWorker::NextDue() const {
  std::optional<SteadyTime> due = journal_.sync_due();
  auto note = [&](SteadyTime time) {
    if (!due || time < *due) due = time;
  };
  if (alerts_.more()) return clock_.Steady();
  if (!wanted_.empty()) note(clock_.Steady() + kRetryRead);
  if (!shipping_ || Full()) return due;
  // A younger generation waits for the older one, whenever that is.
  const std::vector<Turn> turns = Turns(Mode::kNormal);
  const SteadyTime round = RoundDue(turns);
  for (const Turn& turn : turns) {
    const TailedFile& file = *files_.Find(turn.file_id);
    if (many_tenants_ && in_flight_.IsFull(files_.source(file).tenant)) continue;
    note(std::max(turn.urgent ? SteadyTime{} : round, file.retry_at));
  }
  for (const auto& [file_id, file] : files_.files()) {
    if (file->waits) continue;  // for an answer
    if (file->rotated && file->unread() && !Readable(*file, Mode::kNormal) && !CarriesOver(*file) &&
        !EndWaits(*file, Mode::kNormal)) {
      note(EndsAt(*file));
    }
    if (!file->rotated && file->unread() && !Readable(*file, Mode::kNormal)) {
      if (const SteadyTime at = LastWordsAt(*file); at != SteadyTime::max()) note(at);
    }
    if (file->held && !Readable(*file, Mode::kNormal)) note(BlocksEndAt(*file));
  }
  return due;
}

}  // namespace telltale
