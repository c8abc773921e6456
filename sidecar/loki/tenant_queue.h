// SPDX-License-Identifier: Apache-2.0
//
// The streams of one tenant and the groups in which they are pushed. Part of PushQueue.
//
// The pieces of a stream stay in their order, and one of them is in a push at a time. Streams
// without trouble are one group, whose pieces share pushes. A push that the store did not take as a
// whole makes its streams a group of their own; every further bad answer divides that group, until
// the stream that is the reason is alone, and a good answer makes its streams healthy again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "sidecar/loki/hold.h"
#include "sidecar/loki/job_table.h"
#include "sidecar/loki/push_body.h"

namespace telltale {

class TenantQueue {
 public:
  using StreamId = std::uint64_t;
  using GroupId = std::uint64_t;
  static constexpr GroupId kHealthy = 0;

  struct Piece {
    std::uint64_t sequence = 0;
    PushBody body;
    std::size_t raw_bytes = 0;  // before compression
    bool tried = false;         // was sent
    bool offered = false;       // the store may have lines of it
    bool away = false;          // its bytes were let go
    SteadyTime unread_at{};     // the store could not decode it alone
  };
  struct Group {
    std::set<std::pair<std::uint64_t, StreamId>> ready;  // by the sequence of the front piece
    std::set<StreamId> members;                          // not of kHealthy
    int failures = 0;        // in a row, without a word on whose fault it is
    int limited = 0;         // rate limits in a row
    bool blamed = false;     // other streams succeeded when it failed
    std::size_t pushes = 0;  // in flight
    Hold hold;
  };
  struct Choice {
    GroupId group = kHealthy;
    int failures = 0;
    std::uint64_t sequence = 0;
  };

  TenantQueue(std::string name, JobTable& jobs) : name_(std::move(name)), jobs_(jobs) {}

  void Add(Piece piece);
  // The group that may push now. Without one, `due` is lowered to the time at which one may.
  // `careful`: after bad answers, those with the fewest failures first.
  std::optional<Choice> Choose(SteadyTime now, bool careful, std::optional<SteadyTime>& due);
  // Takes the oldest pieces of the group into a push of at most `max_bytes`, or one piece. Pieces
  // that were tried and whose newest line is older than `oldest` are given up, and those whose
  // bytes were let go are asked for. May return nothing.
  std::vector<StreamId> Take(GroupId group, std::size_t max_bytes, std::int64_t oldest);
  // The push is answered: its streams may be in another one.
  void Release(GroupId group, const std::vector<StreamId>& streams);

  Piece& Front(StreamId stream) { return streams_.at(stream).pieces.front(); }
  // The front piece needs no more pushes.
  void Pop(StreamId stream);
  // Replaces the front piece by two.
  void ReplaceFront(StreamId stream, Piece first, Piece second);

  Group& group(GroupId id) { return groups_.at(id); }
  std::map<GroupId, Group>& groups() { return groups_; }
  bool IsAlone(GroupId id) const;
  // Moves streams of `from` into a group of their own, or into two; returns the groups. They
  // inherit the failures of `from`.
  std::vector<GroupId> MoveToGroups(GroupId from, const std::vector<StreamId>& streams,
                                    std::size_t count);
  void Heal(GroupId id);
  // Tells the worker that these wait while others go on.
  void HoldJobs(const std::set<StreamId>& streams);
  void HoldAllJobs();

  // False if the job's piece is in a push.
  bool CanRelease(std::uint64_t sequence, StreamId stream) const;
  void ReleaseBytes(std::uint64_t sequence, StreamId stream);
  void Refill(std::uint64_t sequence, StreamId stream, PushBody body);
  // The job's lines of the stream cannot be read again.
  void Lose(std::uint64_t sequence, StreamId stream, std::string_view reason);

  const std::string& name() const { return name_; }
  bool empty() const { return streams_.empty(); }

  // Of the tenant as a whole.
  Hold hold;
  bool trouble = false;  // no good answer since the last bad one: one push at a time
  SteadyTime last_success{};
  std::size_t pushes = 0;  // in flight

 private:
  struct Stream {
    std::deque<Piece> pieces;
    GroupId group = kHealthy;
    bool busy = false;      // in a push
    bool awaiting = false;  // the bytes of its front piece
  };
  JobTable::Stream KeyOf(StreamId stream) const { return {name_, stream}; }
  void MakeReady(StreamId id, const Stream& stream);
  void MakeUnready(StreamId id, const Stream& stream);
  Piece& Find(std::uint64_t sequence, StreamId stream);
  void Forget(StreamId id);
  void EndWait(Stream& stream);

  const std::string name_;
  JobTable& jobs_;
  std::map<StreamId, Stream> streams_;
  std::map<GroupId, Group> groups_{{kHealthy, {}}};
  GroupId next_group_ = 1;
  std::size_t asked_bytes_ = 0;  // that are being read again
  std::size_t suspects_ = 0;     // pushes in flight of groups other than kHealthy
};

}  // namespace telltale
