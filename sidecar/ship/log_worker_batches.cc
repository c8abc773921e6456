// SPDX-License-Identifier: Apache-2.0
//
// LogWorker's batches: handed to the sender, and answered.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "sidecar/ship/log_worker.h"

namespace telltale {

// Of a batch of an earlier process: the streams that are stored already.
void LogWorker::LeaveOutStored(Batch& batch) {
  const auto& stored = batch.record.acked_streams;
  if (stored.empty()) return;
  std::erase_if(batch.bodies, [&](const PushBody& body) {
    if (std::find(stored.begin(), stored.end(), body.stream) == stored.end()) return false;
    batch.count -= body.count;
    return true;
  });
}

void LogWorker::Submit(TailedFile& file, Batch batch, bool replayed) {
  if (!replayed) journal_.Begin(batch.record);
  if (replayed) LeaveOutStored(batch);
  const OwnerAccounts& owners = owners_[file.source];
  accounting_->Read(batch.count, batch.cut_bytes, batch.dropped, owners);
  accounting_->Overflowed(batch.overflowed);
  accounting_->StagesFailed(batch.failures, owners);
  stage_failures_.Add(file.path, files_.source(file).target(), batch.failures);
  metrics_.Dropped(batch.metrics_dropped);
  alerts_.Raise(file, files_.source(file), batch.alerts);
  MoveOn(file, batch);
  file.memory = batch.record.memory_after;
  PathTimes& times = path_times_[file.path];
  times.front = batch.front;
  if (times.in_flight++ == 0) times.until = batch.until;
  file.stream_times = batch.record.stream_times_after;
  if (batch.pause.count() > 0) file.retry_at = clock_.Steady() + batch.pause;
  file.last_time = batch.record.last_time;
  ++file.outstanding;
  std::vector<SeriesDelta> metrics;
  if (const auto& pipeline = files_.source(file).pipeline) {
    metrics = metrics_.Name(*pipeline, batch.metrics);
  }
  const LogSource& source = files_.source(file);
  InFlight::Batch sent{file.file_id,  batch.first_seen, batch.line_times,      std::move(metrics),
                       source.tenant, file.path,        sources_[file.source], owners};
  sent.streams = batch.bodies.size();
  for (PushBody& body : batch.bodies) {
    sent.bytes += body.compressed.size();
    body.tenant = source.tenant;
  }
  in_flight_.Add(batch.record.sequence, std::move(sent));
  sender_.Submit(batch.record.sequence, std::move(batch.bodies), replayed);
}

void LogWorker::MoveOn(TailedFile& file, const Batch& batch) {
  if (batch.record.begin == 0) file.carried_partial.clear();
  file.checkpoint = batch.record.checkpoint;
  file.searched = std::max({file.searched, batch.searched, file.checkpoint.offset});
  file.arrival_times.Drop(file.checkpoint.offset);
  file.retry_at = file.failing_since = SteadyTime{};
}

void LogWorker::Answered(const PushResult& result) {
  if (result.kind == PushResult::Kind::kWanted) wanted_.push_back(result.sequence);
  for (const std::uint64_t stream : result.settled) journal_.AckPart(result.sequence, stream);
  for (InFlight::Batch& batch : in_flight_.Answer(result)) {
    const PushResult& answer = *batch.answer;
    accounting_->Answered(answer.acked, answer.lost, batch.owners);
    if (answer.acked.lines > 0) backlog_.Delivered(batch.line_times);
    metrics_.Admit(batch.metrics);
    journal_.Ack(answer.sequence, batch.metrics);
    metrics_.Apply(batch.metrics, journal_.state().metrics);
    if (TailedFile* file = files_.Find(batch.file_id)) --file->outstanding;
    Settled(batch.path);
  }
}

// One more batch of the path is.
void LogWorker::Settled(const std::string& path) {
  if (--path_times_[path].in_flight > 0) return;
  for (const auto& [file_id, file] : files_.files()) {
    if (file->waits && file->path == path) file->waits = false;
  }
}

}  // namespace telltale
