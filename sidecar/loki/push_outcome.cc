// SPDX-License-Identifier: Apache-2.0
//
// PushQueue's answers: what becomes of the pieces of a push. A table by kind of answer, and a
// function for each.
#include <algorithm>

#include "sidecar/loki/loki_encoder.h"
#include "sidecar/loki/push_queue.h"
#include "sidecar/loki/snappy_codec.h"

namespace telltale {
namespace {

// A request that was rate limited so often may be above the burst limit and never succeed. Below
// so many bytes no sane burst limit is the reason.
constexpr int kSplitAfter = 3;
constexpr std::size_t kSplitAbove = 4 << 10;
// While nothing succeeds, dividing finds a part that does if few streams are the reason, and only
// makes small pushes if the store is down.
constexpr int kDivideAfter = 2;
constexpr std::size_t kMaxBlindGroups = 8;

}  // namespace

void PushQueue::Settle(TenantQueue& tenant, const InFlight& sent, const PushAnswer& answer,
                       SteadyTime now) {
  using Kind = PushAnswer::Kind;
  const bool alone = sent.streams.size() == 1;
  if (answer.sent_twice || (answer.maybe_stored && !(alone && answer.kind == Kind::kRefused))) {
    for (const StreamId stream : sent.streams) tenant.Front(stream).offered = true;
  }
  switch (answer.kind) {
    case Kind::kStored:
      return Stored(tenant, sent, now);
    case Kind::kRefused:
      return alone ? Refused(tenant, sent, answer, now) : Divide(tenant, sent);
    case Kind::kNoMetadata:
      return alone ? StripMetadata(tenant, sent.streams.front(), answer) : Divide(tenant, sent);
    case Kind::kTooLarge:
      return alone ? SplitPiece(tenant, sent.streams.front(), answer.reason) : Divide(tenant, sent);
    case Kind::kStreamLimited:
    case Kind::kStreamRefused:
      return alone ? StreamWaits(tenant, sent, answer, now) : Divide(tenant, sent);
    case Kind::kTenantLimited:
      TenantWaits(tenant, answer.retry_after, now);
      return Limited(tenant, sent);
    case Kind::kRetrySlowly:
      // New credentials come on their own, a new URL does not.
      return TenantWaits(
          tenant,
          answer.credentials ? answer.retry_after : std::max(times_.retry_cap, answer.retry_after),
          now);
    case Kind::kUnreadable:
    case Kind::kUnclear:
    case Kind::kRetry:
      return Failed(tenant, sent, answer, now);
  }
}

void PushQueue::Stored(TenantQueue& tenant, const InFlight& sent, SteadyTime now) {
  for (const StreamId stream : sent.streams) {
    const TenantQueue::Piece& piece = tenant.Front(stream);
    jobs_.Ack(piece.sequence, piece.body.count);
    tenant.Pop(stream);
  }
  tenant.Heal(sent.group);
  Succeeded(tenant, now);
}

// The store speaks of the lines of one stream.
void PushQueue::Refused(TenantQueue& tenant, const InFlight& sent, const PushAnswer& answer,
                        SteadyTime now) {
  const StreamId stream = sent.streams.front();
  const TenantQueue::Piece& piece = tenant.Front(stream);
  LineCount count = piece.body.count;
  // Loki before 2.4 calls lines out of order that it has already.
  const bool has_them = answer.out_of_order && piece.offered;
  if (answer.lost_lines > 0 && !has_them) {
    LineCount lost{answer.lost_lines, count.bytes};
    // Loki does not say which lines; their bytes are taken as average.
    if (lost.lines < count.lines) lost.bytes = count.bytes / count.lines * lost.lines;
    Lose(piece.sequence, answer.reason, lost);
    count -= lost;
  }
  jobs_.Ack(piece.sequence, count);
  tenant.Pop(stream);
  tenant.Heal(sent.group);
  Succeeded(tenant, now);
}

void PushQueue::Succeeded(TenantQueue& tenant, SteadyTime now) {
  tenant.hold = Hold{};
  tenant.last_success = last_success_ = now;
  hold_ = Hold{};
  const bool store_was_in_trouble = std::exchange(trouble_, false);
  const bool tenant_was_in_trouble = std::exchange(tenant.trouble, false);
  if (!store_was_in_trouble && !tenant_was_in_trouble) return;
  // Those that failed get another chance at once, and from then on it is their own fault.
  for (auto& [name, other] : tenants_) {
    if (&other != &tenant && !store_was_in_trouble) continue;
    for (auto& [id, group] : other.groups()) {
      if (group.failures == 0 || group.blamed) continue;
      group.blamed = true;
      group.hold.until = now;
    }
  }
}

// The answer is about one of the streams, and perhaps the others are stored.
void PushQueue::Divide(TenantQueue& tenant, const InFlight& sent) {
  // Which is no word about the others: they are still to be tried.
  for (const StreamId stream : sent.streams) tenant.Front(stream).tried = false;
  for (const auto id : tenant.MoveToGroups(sent.group, sent.streams, 2)) {
    tenant.group(id).blamed = true;
    tenant.group(id).hold = Hold{};
  }
}

void PushQueue::StreamWaits(TenantQueue& tenant, const InFlight& sent, const PushAnswer& answer,
                            SteadyTime now) {
  const auto id = tenant.MoveToGroups(sent.group, sent.streams, 1).front();
  TenantQueue::Group& group = tenant.group(id);
  group.blamed = true;
  const bool person = answer.kind == PushAnswer::Kind::kStreamRefused;
  Wait(group.hold, person ? std::max(times_.retry_cap, answer.retry_after) : answer.retry_after,
       now);
  tenant.HoldJobs(group.members);
  InFlight moved = sent;
  moved.group = id;
  if (!person) Limited(tenant, moved);
}

void PushQueue::TenantWaits(TenantQueue& tenant, Millis at_least, SteadyTime now) {
  Wait(tenant.hold, at_least, now);
  tenant.trouble = true;
  tenant.HoldAllJobs();
}

// After several limits in a row the push may be larger than any burst that is allowed.
void PushQueue::Limited(TenantQueue& tenant, const InFlight& sent) {
  const auto group_id = tenant.MoveToGroups(sent.group, sent.streams, 1).front();
  TenantQueue::Group& group = tenant.group(group_id);
  if (++group.limited < kSplitAfter) return;
  group.limited = 0;
  if (sent.streams.size() > 1) {
    tenant.MoveToGroups(group_id, sent.streams, 2);
    return;
  }
  const LineCount& count = tenant.Front(sent.streams.front()).body.count;
  if (count.lines >= 2 && count.bytes >= kSplitAbove) {
    SplitPiece(tenant, sent.streams.front(), "too_large");
  }
}

// No good answer and no word on whose fault it is: the store's, unless others succeed.
void PushQueue::Failed(TenantQueue& tenant, const InFlight& sent, const PushAnswer& answer,
                       SteadyTime now) {
  using Kind = PushAnswer::Kind;
  const bool unreadable = answer.kind == Kind::kUnreadable;
  const bool unclear = unreadable || answer.kind == Kind::kUnclear;
  const Millis at_least =
      unclear ? std::max(times_.retry_cap / 4, answer.retry_after) : answer.retry_after;
  const auto whole = tenant.MoveToGroups(sent.group, sent.streams, 1).front();
  TenantQueue::Group& group = tenant.group(whole);
  ++group.failures;
  group.limited = 0;
  group.blamed = group.blamed || tenant.last_success > sent.started;
  if (unreadable && sent.streams.size() == 1) {
    // If others were read since it failed last, one of its lines is the reason.
    TenantQueue::Piece& piece = tenant.Front(sent.streams.front());
    const SteadyTime since = std::exchange(piece.unread_at, now);
    group.blamed = group.blamed || (since != SteadyTime{} && tenant.last_success >= since);
  }
  const bool blamed = group.blamed;
  const bool divide =
      sent.streams.size() > 1 &&
      (blamed || (group.failures >= kDivideAfter && tenant.groups().size() <= kMaxBlindGroups));
  if (!blamed) {
    const bool tenant_only = unclear || last_success_ > tenant.last_success;
    Wait(tenant_only ? tenant.hold : hold_, at_least, now);
    (tenant_only ? tenant.trouble : trouble_) = true;
    if (tenant_only) tenant.HoldAllJobs();
    if (divide) tenant.MoveToGroups(whole, sent.streams, 2);
    return;
  }
  if (divide) {
    // Half of them will succeed: soon, and without a growing pause.
    for (const auto id : tenant.MoveToGroups(whole, sent.streams, 2)) {
      tenant.group(id).hold = Hold{};
      tenant.group(id).hold.until = now + std::max(times_.retry_initial / 4, answer.retry_after);
    }
    return;
  }
  if (unreadable) return SplitPiece(tenant, sent.streams.front(), answer.reason);
  Wait(group.hold, at_least, now);
  tenant.HoldJobs(group.members);
}

// Replaces the piece by its halves, the older one first; one line that is refused alone is lost.
void PushQueue::SplitPiece(TenantQueue& tenant, StreamId stream, std::string_view reason) {
  TenantQueue::Piece& whole = tenant.Front(stream);
  const auto request = SnappyUncompress(whole.body.compressed);
  const auto split = request ? SplitPushRequest(*request) : std::nullopt;
  if (!split) {
    Lose(whole.sequence, reason, whole.body.count);
    tenant.Pop(stream);
    return;
  }
  TenantQueue::Piece first = whole, second = whole;
  first.body.compressed = SnappyCompress(split->first);
  first.raw_bytes = split->first.size();
  first.body.count.lines = split->first_entries;
  first.body.count.bytes = whole.body.count.bytes / whole.body.count.lines * split->first_entries;
  second.body.compressed = SnappyCompress(split->second);
  second.raw_bytes = split->second.size();
  second.body.count -= first.body.count;
  tenant.ReplaceFront(stream, std::move(first), std::move(second));
}

// The store takes no structured metadata: the lines go without it.
void PushQueue::StripMetadata(TenantQueue& tenant, StreamId stream, const PushAnswer& answer) {
  TenantQueue::Piece& piece = tenant.Front(stream);
  const auto request = SnappyUncompress(piece.body.compressed);
  const auto stripped = request ? WithoutMetadata(*request) : std::nullopt;
  if (!stripped || stripped->size() == request->size()) {  // there was none
    return SplitPiece(tenant, stream, answer.reason);
  }
  const std::size_t before = piece.body.compressed.size();
  piece.body.compressed = SnappyCompress(*stripped);
  piece.raw_bytes = stripped->size();
  jobs_.Resize(piece.sequence, before, piece.body.compressed.size());
}

}  // namespace telltale
