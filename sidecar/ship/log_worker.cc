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

// After so long without a change the text behind a file's last line end is sent as a line.
constexpr std::chrono::seconds kQuiet{5};
// So long a part of a line waits for the next generation to go on with it.
constexpr std::chrono::seconds kPatience{60};
constexpr std::size_t kMaxPaths = 4096;
constexpr std::size_t kMaxBatch = 3 << 20;  // a gateway in front of Loki refuses 4 MB

}  // namespace

LogWorker::LogWorker(const std::string& state_dir, Registry& registry, Clock& clock, Sender& sender,
                     Disk& journal_disk)
    : clock_(clock),
      sender_(sender),
      accounting_(Accounting::Make(registry, clock)),
      read_errors_(registry.AddCounter("telltale_logs_read_errors_total",
                                       "Failed reads of log files; they are tried again.")),
      backlog_(registry, clock),
      journal_(state_dir, clock, registry, journal_disk),
      files_(clock, *this),
      metrics_(registry, clock),
      alerts_(state_dir, registry, clock),
      stage_failures_(registry, clock) {}

void LogWorker::Open() {
  journal_.Open();
  for (const auto& [file_id, file] : journal_.state().files) {
    std::int64_t& last = path_times_[file.path].last;
    last = std::max(last, file.last_time);
  }
}

void LogWorker::Configure(std::vector<LogSource> sources, const LogPipelineOptions& options) {
  options_ = options;
  options_.batch_bytes = std::min(options_.batch_bytes, kMaxBatch);
  alerts_.SetSink(options_.on_alert);
  in_flight_.SetLimit(std::min(options_.batch_bytes, InFlight::kMaxBytes));
  PushTarget wanted;
  wanted.url = options.loki_url;
  wanted.tenant = options.tenant;
  wanted.access = options.access;
  wanted.times = {options.retry_initial, options.retry_cap, options.max_age};
  wanted.request_timeout = options.request_timeout;
  wanted.max_push_bytes = options_.batch_bytes;
  auto target = sender_.SetTarget(std::move(wanted));
  if (!target) LogError("logs are not shipped", {{"error", target.error().message}});
  shipping_ = target.ok() && !options.loki_url.empty();
  builder_.Configure(options_.max_labels, options_.tenant);
  for (const SeriesName& series : metrics_.Configure(sources, journal_.state().metrics)) {
    journal_.ForgetSeries(series);
  }
  sources_.clear();
  std::set<std::string> tenants;
  for (const LogSource& source : sources) {
    sources_.push_back(std::make_shared<const LogSource>(source));
    tenants.insert(source.tenant);
  }
  many_tenants_ = tenants.size() > 1;
  owners_ = accounting_->Assign(sources);
  in_flight_.SetTenants(tenants.size());
  files_.SetLimits(options.file_limits);
  files_.SetSources(std::move(sources));
  Sweep();
}

// The next generation of the path, when it has begun and nothing of it was sent. It may have what
// this one ends with already: the last process ended after the hand-over and before the batch.
TailedFile* LogWorker::NextGeneration(const std::string& path, std::uint64_t file_id) const {
  for (auto it = files_.files().upper_bound(file_id); it != files_.files().end(); ++it) {
    TailedFile& file = *it->second;
    if (file.path != path) continue;
    bool fresh =
        file.checkpoint.offset == 0 && file.outstanding == 0 && !replays_.contains(file.file_id);
    return fresh && file.info.size > 0 ? &file : nullptr;
  }
  return nullptr;
}

bool LogWorker::HasYounger(const TailedFile& file) const {
  return std::any_of(files_.files().upper_bound(file.file_id), files_.files().end(),
                     [&](const auto& other) { return other.second->path == file.path; });
}

// When what a rotated file ends with is taken for all there will be.
SteadyTime LogWorker::EndsAt(const TailedFile& file) const {
  const bool goes_on = file.partial && (HasYounger(file) || !files_.Settled(file.path) ||
                                        files_.HidesLines(file.path));
  return file.grown + (goes_on ? kPatience : kQuiet);
}

bool LogWorker::Unfinished(const TailedFile& file, Mode mode) const {
  if (mode == Mode::kDrain && options_.send_unfinished_at_stop) return true;
  return clock_.Steady() >= (file.rotated ? EndsAt(file) : LastWordsAt(file));
}

// When text without a line end is sent from a file that may go on, such as the last words of a
// container. A block of lines may wait longer. Never, if the silence since the last change showed
// that there is none.
SteadyTime LogWorker::LastWordsAt(const TailedFile& file) const {
  if (!file.unread() || file.silence_used == file.grown) return SteadyTime::max();
  const auto& pipeline = files_.source(file).pipeline;
  const Multiline* multiline = pipeline ? pipeline->multiline() : nullptr;
  const std::chrono::nanoseconds quiet = kQuiet;
  return file.grown + (multiline == nullptr
                           ? quiet
                           : std::max(quiet, std::chrono::nanoseconds(multiline->max_wait())));
}

// The worker may come late: what looks silent may have been written to meanwhile.
bool LogWorker::ChangedSinceRefresh(const TailedFile& file) {
  if (file.bytes.compressed()) return false;
  auto now = StatFile(file.bytes.fd());
  return !now || now->size != file.info.size || now->modified != file.info.modified;
}

bool LogWorker::Readable(const TailedFile& file, Mode mode) const {
  if (replays_.contains(file.file_id)) return true;
  if (!file.unread() || file.waits) return false;
  if (file.info.size > file.searched) return true;
  // The acknowledgement of an earlier batch would move the journal back behind the hand-over.
  if (CarriesOver(file)) return file.outstanding == 0;
  if (EndWaits(file, mode)) return false;
  return Unfinished(file, mode) || (file.held && clock_.Steady() >= BlocksEndAt(file));
}

// When a block of lines at the end of the file is taken for complete: no line came for so long, or
// blocks of two streams overlap all the time.
SteadyTime LogWorker::BlocksEndAt(const TailedFile& file) const {
  const auto& pipeline = files_.source(file).pipeline;
  const Multiline* multiline = pipeline ? pipeline->multiline() : nullptr;
  if (multiline == nullptr) return file.grown;
  const std::chrono::nanoseconds wait(multiline->max_wait());
  const SteadyTime* seen = file.arrival_times.OldestSince(file.checkpoint.offset);
  SteadyTime quiet = file.grown + wait;
  return seen == nullptr ? quiet : std::min(quiet, *seen + 4 * wait + options_.batch_wait);
}

void LogWorker::BuildNext(TailedFile& file, Mode mode) {
  if (!files_.CheckContent(file)) return;
  BatchBuilder::Ending ending{.unfinished = Unfinished(file, mode)};
  if (!file.rotated && ending.unfinished) {
    ending.keep_room = true;
    if (mode != Mode::kDrain && ChangedSinceRefresh(file)) {
      ending.unfinished = false;
      file.retry_at =
          clock_.Steady() + std::chrono::milliseconds(100);  // not before it is refreshed
    }
  }
  ending.end_blocks = mode == Mode::kFlush || (file.held && clock_.Steady() >= BlocksEndAt(file));
  TailedFile* next_generation = file.rotated ? NextGeneration(file.path, file.file_id) : nullptr;
  if (next_generation != nullptr) {
    ending.carry_over = file.outstanding == 0;
    ending.unfinished = ending.unfinished && ending.carry_over;
  }
  if (path_times_.size() > kMaxPaths) {
    std::erase_if(path_times_, [](const auto& path) { return path.second.in_flight == 0; });
  }
  PathTimes& times = path_times_[file.path];
  file.last_time = times.last = std::max(file.last_time, times.last);
  ending.front = times.front;
  ending.until = times.in_flight > 0 ? times.until : 0;
  auto batch =
      builder_.Build(file, files_.source(file), options_.batch_bytes, ending, clock_.WallNanos());
  if (!batch) {
    ReadFailed(file, batch.error());
    return;
  }
  if (batch->waits) {
    file.waits = true;
    return;
  }
  file.partial = batch->partial;
  file.held = batch->held && !ending.end_blocks;
  bool empty = batch->count.lines == 0;
  if (!batch->carried_over.empty()) {
    std::optional<Checkpoint> checkpoint;
    if (empty) checkpoint = batch->record.checkpoint;
    journal_.RecordCarryOver(
        {file.file_id, next_generation->file_id, batch->carried_over, checkpoint});
    next_generation->carried_partial = std::move(batch->carried_over);
    if (empty) MoveOn(file, *batch);
  }
  if (empty) {
    if (ending.unfinished && !file.rotated) file.silence_used = file.grown;
    file.searched = std::max(file.searched, batch->searched);
    // Where a compressed file ends is known only now.
    if (file.bytes.compressed()) file.info.size = file.bytes.UncompressedSize();
    // It shrank under our hands: the next sweep tells.
    bool less = ending.unfinished || file.searched < file.info.size || Readable(file, mode);
    if (less && file.unread()) file.retry_at = clock_.Steady() + kRetryRead;
    return;
  }
  times.last = batch->record.last_time;
  Submit(file, std::move(*batch), false);
}

std::set<std::string> LogWorker::Behind(std::chrono::nanoseconds age) const {
  std::set<std::string> directories;
  for (const auto& [file_id, file] : files_.files()) {
    const SteadyTime* seen = file->arrival_times.OldestSince(file->checkpoint.offset);
    const bool unread = file->unread() || replays_.contains(file_id);
    if (!unread || (seen != nullptr && clock_.Steady() - *seen < age)) continue;
    directories.insert(file->path.substr(0, file->path.rfind('/')));
  }
  return directories;
}

std::optional<std::uint64_t> LogWorker::Acked(const std::string& path) const {
  std::optional<std::uint64_t> acked;
  for (const auto& [file_id, record] : journal_.state().files) {
    if (record.open && record.path == path) acked = record.checkpoint.offset;
  }
  return acked;
}

}  // namespace telltale
