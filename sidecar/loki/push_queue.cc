// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/push_queue.h"

#include <algorithm>
#include <tuple>

#include "sidecar/loki/loki_encoder.h"
#include "sidecar/loki/snappy_codec.h"

namespace telltale {
namespace {

// A request that was rate limited so often may be above the burst limit and never succeed. Below
// so many bytes no sane burst limit is the reason.
constexpr int kSplitAfter = 3;
constexpr std::size_t kSplitAbove = 4 << 10;

}  // namespace

void PushQueue::SetTimes(const Times& times) {
  times_ = times;
  server_ = Hold{};
  tenants_.clear();
  for (auto& [key, lane] : lanes_) lane.hold = Hold{};
}

void PushQueue::Add(std::uint64_t sequence, std::vector<PushBody> bodies) {
  Job& job = jobs_[sequence];
  job.pieces = bodies.size();
  job.result.sequence = sequence;
  for (PushBody& body : bodies) {
    Lane& lane = lanes_[{body.tenant, body.stream}];
    lane.pieces.push_back({sequence, std::move(body)});
    if (lane.hold.backoff) SayHeld(lane);
  }
  if (job.pieces == 0) {
    results_.push_back(job.result);
    jobs_.erase(sequence);
  }
}

PushQueue::Turn PushQueue::Next(SteadyTime now, std::int64_t wall_nanos) {
  sending_.reset();
  Turn turn;
  std::tuple<int, std::uint64_t> best{};
  for (auto it = lanes_.begin(); it != lanes_.end();) {
    auto& [key, lane] = *it;
    if (lane.pieces.empty() || GiveUp(lane, wall_nanos)) {
      it = lanes_.erase(it);
      continue;
    }
    ++it;
    SteadyTime until = std::max(server_.until, lane.hold.until);
    if (auto tenant = tenants_.find(key.first); tenant != tenants_.end()) {
      until = std::max(until, tenant->second.until);
    }
    if (until > now) {
      if (!turn.due || until < *turn.due) turn.due = until;
      continue;
    }
    const std::tuple rank(lane.failures, lane.pieces.front().sequence);
    if (sending_ && best <= rank) continue;
    best = rank;
    sending_ = key;
  }
  if (sending_) turn = {&lanes_[*sending_].pieces.front().body, std::nullopt};
  return turn;
}

// Takes off what Loki would not accept any more; true when nothing is left then.
bool PushQueue::GiveUp(Lane& lane, std::int64_t wall_nanos) {
  const std::int64_t age = std::chrono::nanoseconds(times_.max_age).count();
  while (age > 0 && !lane.pieces.empty()) {
    const Piece& piece = lane.pieces.front();
    if (!piece.tried || piece.body.newest >= wall_nanos - age) break;
    Lose(lane, "too_old", piece.body.count);
    Pop(lane);
  }
  return lane.pieces.empty();
}

void PushQueue::Settle(const PushAnswer& answer, SteadyTime now) {
  using Kind = PushAnswer::Kind;
  if (!sending_) return;
  Lane& lane = lanes_[*sending_];
  Hold& tenant = tenants_[sending_->first];
  lane.pieces.front().tried = true;
  switch (answer.kind) {
    case Kind::kStored:
    case Kind::kRefused:
      Succeeded(lane, tenant, now);
      Finish(lane, answer);
      break;
    case Kind::kTooLarge:
      lane.limited = 0;
      Split(lane);
      break;
    case Kind::kStreamLimited:
      Limited(lane, lane.hold, answer, now);
      SayHeld(lane);
      break;
    case Kind::kTenantLimited:
      Limited(lane, tenant, answer, now);
      break;
    case Kind::kRetrySlowly:
      // New credentials come on their own, a new URL does not.
      Wait(tenant,
           answer.credentials ? answer.retry_after : std::max(times_.retry_cap, answer.retry_after),
           now);
      break;
    case Kind::kRetry:
      Failed(lane, answer, now);
      break;
  }
  sending_.reset();
}

void PushQueue::Finish(Lane& lane, const PushAnswer& answer) {
  LineCount count = lane.pieces.front().body.count;
  if (answer.lost_lines > 0) {
    LineCount lost{answer.lost_lines, count.bytes};
    // Loki does not say which lines; their bytes are taken as average.
    if (lost.lines < count.lines) lost.bytes = count.bytes / count.lines * lost.lines;
    Lose(lane, answer.reason, lost);
    count -= lost;
  }
  jobs_[lane.pieces.front().sequence].result.acked += count;
  Pop(lane);
}

void PushQueue::Succeeded(Lane& lane, Hold& tenant, SteadyTime now) {
  lane.hold = Hold{};
  lane.limited = lane.failures = 0;
  lane.blamed = false;
  tenant = Hold{};
  server_ = Hold{};
  if (!std::exchange(trouble_, false)) return;
  // Those that failed get another chance at once, and from then on it is their own fault.
  for (auto& [key, other] : lanes_) {
    if (other.failures == 0 || other.blamed) continue;
    other.blamed = true;
    other.hold.until = now;
  }
}

void PushQueue::Limited(Lane& lane, Hold& hold, const PushAnswer& answer, SteadyTime now) {
  Wait(hold, answer.retry_after, now);
  if (++lane.limited < kSplitAfter) return;
  lane.limited = 0;
  const LineCount& count = lane.pieces.front().body.count;
  if (count.lines >= 2 && count.bytes >= kSplitAbove) Split(lane);
}

void PushQueue::Failed(Lane& lane, const PushAnswer& answer, SteadyTime now) {
  ++lane.failures;
  lane.limited = 0;
  if (lane.blamed) {
    Wait(lane.hold, answer.retry_after, now);
    SayHeld(lane);
  } else {
    trouble_ = true;
    Wait(server_, answer.retry_after, now);
  }
}

// Replaces the front by its halves, the older one first; one line that is too large alone is lost.
void PushQueue::Split(Lane& lane) {
  Piece whole = std::move(lane.pieces.front());
  auto request = SnappyUncompress(whole.body.compressed);
  auto split = request ? SplitPushRequest(*request) : std::nullopt;
  if (!split) {
    lane.pieces.front() = std::move(whole);
    Lose(lane, "too_large", lane.pieces.front().body.count);
    Pop(lane);
    return;
  }
  Piece first = whole;
  first.body.compressed = SnappyCompress(split->first);
  first.body.count.lines = split->first_entries;
  first.body.count.bytes = whole.body.count.bytes / whole.body.count.lines * split->first_entries;
  whole.body.compressed = SnappyCompress(split->second);
  whole.body.count -= first.body.count;
  ++jobs_[whole.sequence].pieces;
  lane.pieces.front() = std::move(whole);
  lane.pieces.push_front(std::move(first));
}

void PushQueue::Lose(Lane& lane, std::string_view reason, LineCount count) {
  jobs_[lane.pieces.front().sequence].result.lost[std::string(reason)] += count;
}

void PushQueue::Pop(Lane& lane) {
  auto job = jobs_.find(lane.pieces.front().sequence);
  lane.pieces.pop_front();
  if (--job->second.pieces > 0) return;
  results_.push_back(std::move(job->second.result));
  jobs_.erase(job);
}

void PushQueue::Wait(Hold& hold, Millis at_least, SteadyTime now) {
  if (!hold.backoff) hold.backoff.emplace(times_.retry_initial, times_.retry_cap, random_);
  Millis wait = std::max(hold.backoff->Next(), at_least);
  if (hurry_) wait = std::min(wait, times_.retry_initial);
  hold.until = now + wait;
}

void PushQueue::SayHeld(const Lane& lane) {
  for (const Piece& piece : lane.pieces) {
    Job& job = jobs_[piece.sequence];
    if (std::exchange(job.held, true)) continue;
    PushResult& said = results_.emplace_back();
    said.sequence = piece.sequence;
    said.held = true;
  }
}

std::vector<PushResult> PushQueue::TakeResults() { return std::exchange(results_, {}); }

void PushQueue::Hurry(SteadyTime now) {
  hurry_ = true;
  const SteadyTime latest = now + times_.retry_initial;
  server_.until = std::min(server_.until, latest);
  for (auto& [name, hold] : tenants_) hold.until = std::min(hold.until, latest);
  for (auto& [key, lane] : lanes_) lane.hold.until = std::min(lane.hold.until, latest);
}

}  // namespace telltale
