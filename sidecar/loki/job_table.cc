// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/job_table.h"

namespace telltale {

void JobTable::SetBytes(Job& job, std::size_t bytes) {
  if (job.held) held_bytes_ = held_bytes_ - job.bytes + bytes;
  job.bytes = bytes;
}

PushResult& JobTable::Tell(std::uint64_t sequence, PushResult::Kind kind) {
  PushResult& result = results_.emplace_back();
  result.kind = kind;
  result.sequence = sequence;
  return result;
}

void JobTable::AddPiece(std::uint64_t sequence, const Stream& stream, std::size_t bytes) {
  Job& job = jobs_[sequence];
  ++job.open[stream];
  SetBytes(job, job.bytes + bytes);
}

void JobTable::Split(std::uint64_t sequence, const Stream& stream, std::size_t before,
                     std::size_t bytes) {
  Job& job = jobs_.at(sequence);
  job.split.insert(stream);
  ++job.open[stream];
  SetBytes(job, job.bytes + bytes - before);
}

void JobTable::Resize(std::uint64_t sequence, std::size_t before, std::size_t bytes) {
  Job& job = jobs_.at(sequence);
  SetBytes(job, job.bytes + bytes - before);
}

void JobTable::Ack(std::uint64_t sequence, const LineCount& count) {
  jobs_.at(sequence).acked += count;
}

void JobTable::Lose(std::uint64_t sequence, std::string_view reason, const LineCount& count) {
  jobs_.at(sequence).lost[std::string(reason)] += count;
}

void JobTable::Settle(std::uint64_t sequence, const Stream& stream, std::size_t bytes) {
  const auto found = jobs_.find(sequence);
  Job& job = found->second;
  SetBytes(job, job.bytes - bytes);
  const auto open = job.open.find(stream);
  if (--open->second > 0) return;
  job.open.erase(open);
  job.settled.push_back(stream.second);
  if (job.open.empty()) {
    End(found);
  } else if (job.held) {
    Tell(sequence, PushResult::Kind::kHeld).settled = {stream.second};
  }
}

void JobTable::EndIfEmpty(std::uint64_t sequence) {
  const auto job = jobs_.find(sequence);
  if (job->second.open.empty()) End(job);
}

void JobTable::Hold(std::uint64_t sequence) {
  Job& job = jobs_.at(sequence);
  if (std::exchange(job.held, true)) return;
  held_bytes_ += job.bytes;
  Tell(sequence, PushResult::Kind::kHeld).settled = job.settled;
}

void JobTable::Release(std::uint64_t sequence) {
  Job& job = jobs_.at(sequence);
  SetBytes(job, 0);
  job.away = true;
  Tell(sequence, PushResult::Kind::kReleased);
}

void JobTable::Want(std::uint64_t sequence) {
  if (std::exchange(jobs_.at(sequence).wanted, true)) return;
  Tell(sequence, PushResult::Kind::kWanted);
}

void JobTable::Refilled(std::uint64_t sequence, std::size_t bytes) {
  Job& job = jobs_.at(sequence);
  job.away = job.wanted = false;
  SetBytes(job, bytes);
}

void JobTable::End(std::map<std::uint64_t, Job>::iterator job) {
  PushResult& result = Tell(job->first, PushResult::Kind::kDone);
  result.acked = job->second.acked;
  result.lost = std::move(job->second.lost);
  SetBytes(job->second, 0);
  jobs_.erase(job);
}

}  // namespace telltale
