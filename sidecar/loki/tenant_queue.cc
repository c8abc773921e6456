// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/tenant_queue.h"

#include <algorithm>

namespace telltale {
namespace {

// What is known of a stream without lines is forgotten so long after its pause.
constexpr std::chrono::minutes kRemember{10};
// So much is read again at once, before compression.
constexpr std::size_t kMaxAskedBytes = 1 << 20;

}  // namespace

void TenantQueue::MakeReady(StreamId id, const Stream& stream) {
  if (stream.busy || stream.awaiting || stream.pieces.empty()) return;
  groups_.at(stream.group).ready.emplace(stream.pieces.front().sequence, id);
}

void TenantQueue::MakeUnready(StreamId id, const Stream& stream) {
  if (stream.pieces.empty()) return;
  groups_.at(stream.group).ready.erase({stream.pieces.front().sequence, id});
}

void TenantQueue::Add(Piece piece) {
  const StreamId id = piece.body.stream;
  jobs_.AddPiece(piece.sequence, KeyOf(id), piece.body.compressed.size());
  Stream& stream = streams_[id];
  if (hold.active() || (IsAlone(stream.group) && group(stream.group).hold.active())) {
    jobs_.Hold(piece.sequence);
  }
  stream.pieces.push_back(std::move(piece));
  if (stream.pieces.size() == 1) MakeReady(id, stream);
}

std::optional<TenantQueue::Choice> TenantQueue::Choose(SteadyTime now, bool careful,
                                                       std::optional<SteadyTime>& due) {
  std::optional<Choice> best;
  std::tuple<int, std::uint64_t> best_rank{};
  std::vector<GroupId> forgotten;
  for (auto& [id, group] : groups_) {
    if (id != kHealthy) {
      if (group.ready.empty() && group.pushes == 0 && now > group.hold.until + kRemember) {
        forgotten.push_back(id);
      }
      if (suspects_ > 0) continue;  // one at a time: others have the other connections
    }
    if (group.ready.empty()) continue;
    const Piece& front = streams_.at(group.ready.begin()->second).pieces.front();
    if (front.away && asked_bytes_ >= kMaxAskedBytes) continue;
    if (group.hold.until > now) {
      if (!due || group.hold.until < *due) due = group.hold.until;
      continue;
    }
    const Choice choice{id, group.failures, group.ready.begin()->first};
    const int order = careful ? group.failures : (id == kHealthy ? 1 : 0);
    const std::tuple rank(order, choice.sequence);
    if (best && best_rank <= rank) continue;
    best = choice;
    best_rank = rank;
  }
  for (const GroupId id : forgotten) Heal(id);
  return best;
}

std::vector<TenantQueue::StreamId> TenantQueue::Take(GroupId id, std::size_t max_bytes,
                                                     std::int64_t oldest) {
  std::vector<StreamId> taken;
  std::size_t bytes = 0;
  while (true) {
    const auto found = groups_.find(id);  // it goes with its last stream
    if (found == groups_.end() || found->second.ready.empty()) break;
    Group& group = found->second;
    const StreamId stream_id = group.ready.begin()->second;
    Stream& stream = streams_.at(stream_id);
    Piece& front = stream.pieces.front();
    if (front.tried && front.body.newest < oldest) {
      jobs_.Lose(front.sequence, "too_old", front.body.count);
      Pop(stream_id);
      continue;
    }
    if (front.away) {
      if (asked_bytes_ >= kMaxAskedBytes) break;
      MakeUnready(stream_id, stream);
      stream.awaiting = true;
      asked_bytes_ += front.raw_bytes;
      jobs_.Want(front.sequence);
      continue;
    }
    if (!taken.empty() && bytes + front.raw_bytes > max_bytes) break;
    bytes += front.raw_bytes;
    MakeUnready(stream_id, stream);
    stream.busy = true;
    taken.push_back(stream_id);
  }
  if (taken.empty()) return taken;
  ++groups_.at(id).pushes;
  ++pushes;
  if (id != kHealthy) ++suspects_;
  return taken;
}

void TenantQueue::Release(GroupId id, const std::vector<StreamId>& streams) {
  --pushes;
  if (id != kHealthy) --suspects_;
  if (auto group = groups_.find(id); group != groups_.end()) --group->second.pushes;
  for (const StreamId stream_id : streams) {
    Stream& stream = streams_.at(stream_id);
    stream.busy = false;
    if (stream.pieces.empty()) {
      Forget(stream_id);
    } else {
      MakeReady(stream_id, stream);
    }
  }
}

void TenantQueue::Pop(StreamId id) {
  Stream& stream = streams_.at(id);
  MakeUnready(id, stream);
  const std::uint64_t sequence = stream.pieces.front().sequence;
  const std::size_t bytes = stream.pieces.front().body.compressed.size();
  stream.pieces.pop_front();
  MakeReady(id, stream);
  if (!stream.busy && stream.pieces.empty()) Forget(id);
  jobs_.Settle(sequence, KeyOf(id), bytes);
}

void TenantQueue::ReplaceFront(StreamId id, Piece first, Piece second) {
  Stream& stream = streams_.at(id);
  jobs_.Split(first.sequence, KeyOf(id), stream.pieces.front().body.compressed.size(),
              first.body.compressed.size() + second.body.compressed.size());
  stream.pieces.front() = std::move(second);
  stream.pieces.push_front(std::move(first));
}

bool TenantQueue::IsAlone(GroupId id) const {
  return id != kHealthy && groups_.at(id).members.size() == 1;
}

std::vector<TenantQueue::GroupId> TenantQueue::MoveToGroups(GroupId from,
                                                            const std::vector<StreamId>& streams,
                                                            std::size_t count) {
  if (IsAlone(from)) return {from};
  const Group before = {{},
                        {},
                        groups_.at(from).failures,
                        groups_.at(from).limited,
                        groups_.at(from).blamed,
                        0,
                        groups_.at(from).hold};
  std::vector<GroupId> made;
  count = std::min(count, streams.size());
  for (std::size_t i = 0; i < streams.size(); ++i) {
    if (i * count / streams.size() == made.size()) {
      made.push_back(next_group_++);
      Group& group = groups_[made.back()];
      group.failures = before.failures;
      group.limited = before.limited;
      group.blamed = before.blamed;
      group.hold = before.hold;
    }
    Stream& stream = streams_.at(streams[i]);
    Group& old = groups_.at(stream.group);
    MakeUnready(streams[i], stream);
    old.members.erase(streams[i]);
    if (stream.group != kHealthy && old.members.empty()) groups_.erase(stream.group);
    stream.group = made.back();
    groups_.at(made.back()).members.insert(streams[i]);
    MakeReady(streams[i], stream);
  }
  return made;
}

void TenantQueue::Heal(GroupId id) {
  if (id == kHealthy) return;
  auto found = groups_.find(id);
  if (found == groups_.end()) return;
  const std::set<StreamId> members = std::move(found->second.members);
  groups_.erase(found);
  for (const StreamId stream_id : members) {
    Stream& stream = streams_.at(stream_id);
    stream.group = kHealthy;
    if (!stream.busy && stream.pieces.empty()) {
      streams_.erase(stream_id);
    } else {
      MakeReady(stream_id, stream);
    }
  }
}

// A stream without lines goes, unless it pauses: what comes next of it must not spoil the pushes
// of others.
void TenantQueue::Forget(StreamId id) {
  const GroupId group_id = streams_.at(id).group;
  if (group_id != kHealthy) {
    Group& group = groups_.at(group_id);
    if (group.hold.active()) return;
    group.members.erase(id);
    if (group.members.empty()) groups_.erase(group_id);
  }
  streams_.erase(id);
}

void TenantQueue::HoldJobs(const std::set<StreamId>& streams) {
  for (const StreamId id : streams) {
    for (const Piece& piece : streams_.at(id).pieces) jobs_.Hold(piece.sequence);
  }
}

void TenantQueue::HoldAllJobs() {
  for (const auto& [id, stream] : streams_) {
    for (const Piece& piece : stream.pieces) jobs_.Hold(piece.sequence);
  }
}

TenantQueue::Piece& TenantQueue::Find(std::uint64_t sequence, StreamId id) {
  auto& pieces = streams_.at(id).pieces;
  return *std::find_if(pieces.begin(), pieces.end(),
                       [&](const Piece& piece) { return piece.sequence == sequence; });
}

bool TenantQueue::CanRelease(std::uint64_t sequence, StreamId id) const {
  const Stream& stream = streams_.at(id);
  return !(stream.busy && stream.pieces.front().sequence == sequence);
}

void TenantQueue::ReleaseBytes(std::uint64_t sequence, StreamId id) {
  Piece& piece = Find(sequence, id);
  piece.body.compressed = std::string();
  piece.away = true;
}

void TenantQueue::Refill(std::uint64_t sequence, StreamId id, PushBody body) {
  Stream& stream = streams_.at(id);
  Piece& piece = Find(sequence, id);
  piece.away = false;
  piece.body.compressed = std::move(body.compressed);
  if (&piece != &stream.pieces.front()) return;
  EndWait(stream);
  MakeReady(id, stream);
}

void TenantQueue::EndWait(Stream& stream) {
  if (std::exchange(stream.awaiting, false)) asked_bytes_ -= stream.pieces.front().raw_bytes;
}

void TenantQueue::Lose(std::uint64_t sequence, StreamId id, std::string_view reason) {
  Stream& stream = streams_.at(id);
  MakeUnready(id, stream);
  const auto piece = std::find_if(stream.pieces.begin(), stream.pieces.end(),
                                  [&](const Piece& p) { return p.sequence == sequence; });
  const LineCount count = piece->body.count;
  if (piece == stream.pieces.begin()) EndWait(stream);
  stream.pieces.erase(piece);
  MakeReady(id, stream);
  if (!stream.busy && stream.pieces.empty()) Forget(id);
  jobs_.Lose(sequence, reason, count);
  jobs_.Settle(sequence, KeyOf(id), 0);
}

}  // namespace telltale
