// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/push_queue.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "common/base/varint.h"
#include "sidecar/loki/snappy_codec.h"

namespace telltale {

void PushQueue::SetTimes(const Times& times, std::size_t max_bytes) {
  times_ = times;
  max_bytes_ = max_bytes;
  hold_ = Hold{};
  for (auto& [name, tenant] : tenants_) {
    tenant.hold = Hold{};
    for (auto& [id, group] : tenant.groups()) group.hold = Hold{};
  }
}

TenantQueue& PushQueue::Tenant(const std::string& name) {
  return tenants_.try_emplace(name, name, jobs_).first->second;
}

void PushQueue::Add(std::uint64_t sequence, std::vector<PushBody> bodies, bool replayed) {
  jobs_.Add(sequence);
  for (PushBody& body : bodies) {
    TenantQueue& tenant = Tenant(body.tenant);
    const std::size_t raw = SnappyRawSize(body.compressed);
    tenant.Add({sequence, std::move(body), raw, false, replayed});
  }
  jobs_.EndIfEmpty(sequence);
  ReleaseExcess();
}

std::optional<PushQueue::Candidate> PushQueue::Choose(SteadyTime now,
                                                      std::optional<SteadyTime>& due) {
  if (in_flight_.size() >= (trouble_ ? 1 : kMaxPushes)) return {};
  if (hold_.until > now) {
    due = hold_.until;
    return {};
  }
  std::optional<Candidate> best;
  std::tuple<std::size_t, int, std::uint64_t> best_rank{};
  for (auto it = tenants_.begin(); it != tenants_.end();) {
    TenantQueue& tenant = it->second;
    if (tenant.empty() && !tenant.hold.active()) {
      it = tenants_.erase(it);
      continue;
    }
    ++it;
    const std::size_t most =
        tenant.trouble ? 1 : (tenants_.size() > 1 ? kMaxPushesOfTenant : kMaxPushes);
    if (tenant.pushes >= most) continue;
    if (tenant.hold.until > now) {
      if (!tenant.empty() && (!due || tenant.hold.until < *due)) due = tenant.hold.until;
      continue;
    }
    const auto choice = tenant.Choose(now, trouble_ || tenant.trouble, due);
    if (!choice) continue;
    // A tenant whose answers take long leaves the other connections to the others.
    const std::tuple rank(tenant.pushes, trouble_ ? choice->failures : 0, choice->sequence);
    if (best && best_rank <= rank) continue;
    best = Candidate{&tenant, *choice};
    best_rank = rank;
  }
  return best;
}

bool PushQueue::HasNext(SteadyTime now) {
  std::optional<SteadyTime> due;
  return Choose(now, due).has_value();
}

PushQueue::Turn PushQueue::Next(SteadyTime now, std::int64_t wall_nanos) {
  const std::int64_t age = std::chrono::nanoseconds(times_.max_age).count();
  const std::int64_t oldest = age > 0 ? wall_nanos - age : std::numeric_limits<std::int64_t>::min();
  while (true) {
    Turn turn;
    const auto candidate = Choose(now, turn.due);
    if (!candidate) return turn;
    TenantQueue& tenant = *candidate->tenant;
    InFlight sent{tenant.name(), candidate->choice.group, {}, now};
    sent.streams = tenant.Take(sent.group, max_bytes_, oldest);
    if (sent.streams.empty()) continue;  // its lines were too old
    turn.due.reset();
    turn.push = Compose(sent, tenant);
    turn.push->id = next_push_++;
    in_flight_.emplace(turn.push->id, std::move(sent));
    return turn;
  }
}

// Requests of one stream each, one after the other, are a request of all of them: a protobuf
// message is the concatenation of its fields.
PushQueue::Push PushQueue::Compose(const InFlight& sent, TenantQueue& tenant) {
  Push push;
  push.tenant = sent.tenant;
  push.streams = sent.streams.size();
  std::size_t size = 0;
  for (const StreamId stream : sent.streams) {
    TenantQueue::Piece& piece = tenant.Front(stream);
    piece.tried = true;
    push.lines += piece.body.count.lines;
    push.raw_bytes += piece.raw_bytes;
    size += piece.body.compressed.size();
  }
  push.body.reserve(PushCapacity(size + 10));
  AppendVarint(push.body, push.raw_bytes);
  for (const StreamId stream : sent.streams) {
    AppendSnappyElements(tenant.Front(stream).body.compressed, push.body);
  }
  return push;
}

std::uint64_t PushQueue::OnResponse(std::uint64_t push, const PushAnswer& answer, SteadyTime now) {
  auto found = in_flight_.find(push);
  if (found == in_flight_.end()) return 0;
  lost_lines_ = 0;
  const InFlight sent = std::move(found->second);
  in_flight_.erase(found);
  TenantQueue& tenant = tenants_.at(sent.tenant);
  Settle(tenant, sent, answer, now);
  tenant.Release(sent.group, sent.streams);
  ReleaseExcess();
  return lost_lines_;
}

void PushQueue::Lose(std::uint64_t sequence, std::string_view reason, const LineCount& count) {
  jobs_.Lose(sequence, reason, count);
  lost_lines_ += count.lines;
}

void PushQueue::Wait(Hold& hold, Millis at_least, SteadyTime now) {
  if (!hold.backoff) hold.backoff.emplace(times_.retry_initial, times_.retry_cap, random_);
  Millis wait = std::max(hold.backoff->Next(), at_least);
  if (hurry_) wait = std::min(wait, times_.retry_initial);
  hold.until = now + wait;
}

// Lets the bytes of the youngest batches go that wait, until the others fit. The oldest stays, so
// that something is there to be tried.
void PushQueue::ReleaseExcess() {
  if (jobs_.held_bytes() <= kMaxHeldBytes) return;
  std::vector<std::uint64_t> held;
  for (const auto& [sequence, job] : jobs_.jobs()) {
    if (job.held && !job.away) held.push_back(sequence);
  }
  for (std::size_t i = held.size(); i > 1 && jobs_.held_bytes() > kMaxHeldBytes; --i) {
    const std::uint64_t sequence = held[i - 1];
    const JobTable::Job& job = jobs_.jobs().at(sequence);
    if (!CanRelease(sequence, job)) continue;
    for (const auto& [key, pieces] : job.open) {
      tenants_.at(key.first).ReleaseBytes(sequence, key.second);
    }
    jobs_.Release(sequence);
  }
}

bool PushQueue::CanRelease(std::uint64_t sequence, const JobTable::Job& job) const {
  return std::all_of(job.open.begin(), job.open.end(), [&](const auto& open) {
    // Of a piece that was split a part may be stored.
    return !job.split.contains(open.first) &&
           tenants_.at(open.first.first).CanRelease(sequence, open.first.second);
  });
}

void PushQueue::Refill(std::uint64_t sequence, std::vector<PushBody> bodies) {
  const auto job = jobs_.jobs().find(sequence);
  if (job == jobs_.jobs().end() || !job->second.away) return;
  std::size_t bytes = 0;
  auto missing = job->second.open;
  for (PushBody& body : bodies) {
    if (missing.erase({body.tenant, body.stream}) == 0) continue;  // it is settled
    bytes += body.compressed.size();
    tenants_.at(body.tenant).Refill(sequence, body.stream, std::move(body));
  }
  jobs_.Refilled(sequence, bytes);
  for (const auto& [key, pieces] : missing) {
    tenants_.at(key.first).Lose(sequence, key.second, "file_gone");
  }
  ReleaseExcess();
}

void PushQueue::Abandon(std::uint64_t sequence, std::string_view reason) {
  const auto job = jobs_.jobs().find(sequence);
  if (job == jobs_.jobs().end() || !job->second.away) return;
  const auto open = job->second.open;
  for (const auto& [key, pieces] : open) tenants_.at(key.first).Lose(sequence, key.second, reason);
}

void PushQueue::Hurry(SteadyTime now) {
  hurry_ = true;
  const SteadyTime latest = now + times_.retry_initial;
  hold_.until = std::min(hold_.until, latest);
  for (auto& [name, tenant] : tenants_) {
    tenant.hold.until = std::min(tenant.hold.until, latest);
    for (auto& [id, group] : tenant.groups()) {
      group.hold.until = std::min(group.hold.until, latest);
    }
  }
}

}  // namespace telltale
