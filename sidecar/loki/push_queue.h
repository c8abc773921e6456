// SPDX-License-Identifier: Apache-2.0
//
// Which push is next, and when. The pushes of one stream stay in their order; of several streams
// the oldest goes first. What is wrong with one stream (its rate limit) makes only that stream
// wait, what is wrong with a tenant (rate limit, credentials) only that tenant, and what is wrong
// with Loki everything; each with its own backoff. A stream that alone gets no good answer, while
// others do, waits alone, too. Pure: time comes as an argument. Owned by Sender, on its thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "sidecar/loki/push_answer.h"
#include "sidecar/loki/push_body.h"

namespace telltale {

class PushQueue {
 public:
  using Millis = std::chrono::milliseconds;
  struct Times {
    Millis retry_initial{500}, retry_cap{30'000};
    // Lines that could not be delivered and are older are given up; 0: never. Loki's
    // reject_old_samples_max_age.
    std::chrono::seconds max_age{7 * 24 * 3600};
    bool operator==(const Times&) const = default;
  };

  // `random` is the jitter; the system's without it.
  explicit PushQueue(std::function<std::uint64_t()> random = {}) : random_(std::move(random)) {}

  // What waits is tried at once, with these times from now on.
  void SetTimes(const Times& times);
  void Add(std::uint64_t sequence, std::vector<PushBody> bodies);

  struct Turn {
    const PushBody* body = nullptr;  // to be sent now, and then Settle
    std::optional<SteadyTime> due;   // without one: when there may be one, if nothing is added
  };
  Turn Next(SteadyTime now, std::int64_t wall_nanos);
  // What became of the body that Next named.
  void Settle(const PushAnswer& answer, SteadyTime now);
  // The batches that are finished since the last call, and those that wait alone.
  std::vector<PushResult> TakeResults();

  // No wait is longer than the first retry's any more.
  void Hurry(SteadyTime now);

 private:
  struct Hold {
    SteadyTime until{};
    std::optional<Backoff> backoff;
  };
  struct Piece {
    std::uint64_t sequence;
    PushBody body;
    bool tried = false;
  };
  struct Lane {
    std::deque<Piece> pieces;  // the front is next
    Hold hold;
    int limited = 0;      // rate limits in a row
    int failures = 0;     // in a row, without a word on whose fault it is
    bool blamed = false;  // others succeeded when it did not
  };
  struct Job {
    std::size_t pieces = 0;
    PushResult result;
    bool held = false;  // said so
  };
  using LaneKey = std::pair<std::string, std::uint64_t>;  // tenant, stream

  bool GiveUp(Lane& lane, std::int64_t wall_nanos);
  void Finish(Lane& lane, const PushAnswer& answer);
  void Succeeded(Lane& lane, Hold& tenant, SteadyTime now);
  void Limited(Lane& lane, Hold& hold, const PushAnswer& answer, SteadyTime now);
  void Failed(Lane& lane, const PushAnswer& answer, SteadyTime now);
  void Split(Lane& lane);
  void Lose(Lane& lane, std::string_view reason, LineCount count);
  void Pop(Lane& lane);
  void Wait(Hold& hold, Millis at_least, SteadyTime now);
  void SayHeld(const Lane& lane);

  std::function<std::uint64_t()> random_;
  Times times_;
  bool hurry_ = false;
  Hold server_;
  bool trouble_ = false;  // with the server, since its last good answer
  std::map<std::string, Hold> tenants_;
  std::map<LaneKey, Lane> lanes_;
  std::optional<LaneKey> sending_;
  std::map<std::uint64_t, Job> jobs_;
  std::vector<PushResult> results_;
};

}  // namespace telltale
