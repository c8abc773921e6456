// SPDX-License-Identifier: Apache-2.0
//
// Which pieces go into the next push, and what an answer means for them.
//
// A push carries pieces of many streams and files of one tenant, at most one of each stream, so
// several can be in flight and the lines of a stream stay in their order. An answer that is about
// one stream or one line divides the push until the one that is meant is alone: only there a
// refusal is final. What is wrong with a stream (its rate limit, its labels) makes only that stream
// wait, what is wrong with a tenant (rate limit, credentials) only that tenant, and what is wrong
// with the store everything; each with its own backoff.
//
// What waits for its own tenant or stream is told to the worker (kHeld), so that others are read
// on. Beyond kMaxHeldBytes the bytes of the youngest batches are let go (kReleased), and asked for
// when their turn comes (kWanted): the file is the buffer.
//
// Pure: time comes as an argument. Not thread-safe: Sender has the lock.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "sidecar/loki/job_table.h"
#include "sidecar/loki/push_answer.h"
#include "sidecar/loki/push_body.h"
#include "sidecar/loki/tenant_queue.h"

namespace telltale {

class PushQueue {
 public:
  using Millis = std::chrono::milliseconds;
  static constexpr std::size_t kMaxHeldBytes = 4 << 20;
  static constexpr std::size_t kMaxPushes = 4;          // in flight
  static constexpr std::size_t kMaxPushesOfTenant = 2;  // where there are several tenants

  struct Times {
    Millis retry_initial{500}, retry_cap{30'000};
    // Lines that could not be delivered and are older are given up; 0: never. Loki's
    // reject_old_samples_max_age.
    std::chrono::seconds max_age{7 * 24 * 3600};
    bool operator==(const Times&) const = default;
  };

  // `random` is the jitter; the system's without it.
  explicit PushQueue(std::function<std::uint64_t()> random = {}) : random_(std::move(random)) {}

  // What waits is tried at once, with these times from now on. A push has at most `max_bytes`
  // before compression, or one piece.
  void SetTimes(const Times& times, std::size_t max_bytes = 1 << 20);
  // `replayed`: an earlier process may have sent it.
  void Add(std::uint64_t sequence, std::vector<PushBody> bodies, bool replayed = false);

  // A batch that was wanted, made again.
  void Refill(std::uint64_t sequence, std::vector<PushBody> bodies);
  // It cannot be made again: what is not settled of it is lost.
  void Abandon(std::uint64_t sequence, std::string_view reason);

  struct Push {
    std::uint64_t id = 0;
    std::string tenant;         // empty: that of the target
    std::string body;           // snappy of a PushRequest
    std::size_t raw_bytes = 0;  // before compression
    std::uint64_t lines = 0;
    std::size_t streams = 0;
  };
  struct Turn {
    std::optional<Push> push;       // to be sent now, and then OnResponse
    std::optional<SteadyTime> due;  // without one: when there may be one, if nothing happens
  };
  Turn Next(SteadyTime now, std::int64_t wall_nanos);
  // Whether Next would give a push now.
  bool HasNext(SteadyTime now);
  // Returns the lines that are counted as lost by this answer.
  std::uint64_t OnResponse(std::uint64_t push, const PushAnswer& answer, SteadyTime now);
  std::vector<PushResult> TakeResults() { return jobs_.TakeResults(); }
  bool HasResults() const { return jobs_.has_results(); }

  // No wait is longer than the first retry's any more.
  void Hurry(SteadyTime now);

 private:
  using StreamId = TenantQueue::StreamId;
  struct InFlight {
    std::string tenant;
    TenantQueue::GroupId group = TenantQueue::kHealthy;
    std::vector<StreamId> streams;
    SteadyTime started{};
  };
  struct Candidate {
    TenantQueue* tenant = nullptr;
    TenantQueue::Choice choice;
  };

  TenantQueue& Tenant(const std::string& name);
  std::optional<Candidate> Choose(SteadyTime now, std::optional<SteadyTime>& due);
  Push Compose(const InFlight& sent, TenantQueue& tenant);

  void Settle(TenantQueue& tenant, const InFlight& sent, const PushAnswer& answer, SteadyTime now);
  void Stored(TenantQueue& tenant, const InFlight& sent, SteadyTime now);
  void Refused(TenantQueue& tenant, const InFlight& sent, const PushAnswer& answer, SteadyTime now);
  void StreamWaits(TenantQueue& tenant, const InFlight& sent, const PushAnswer& answer,
                   SteadyTime now);
  void Lose(std::uint64_t sequence, std::string_view reason, const LineCount& count);
  void TenantWaits(TenantQueue& tenant, Millis at_least, SteadyTime now);
  void Limited(TenantQueue& tenant, const InFlight& sent);
  void Failed(TenantQueue& tenant, const InFlight& sent, const PushAnswer& answer, SteadyTime now);
  void Succeeded(TenantQueue& tenant, SteadyTime now);
  void Divide(TenantQueue& tenant, const InFlight& sent);
  void SplitPiece(TenantQueue& tenant, StreamId stream, std::string_view reason);
  void StripMetadata(TenantQueue& tenant, StreamId stream, const PushAnswer& answer);
  void Wait(Hold& hold, Millis at_least, SteadyTime now);
  void ReleaseExcess();
  bool CanRelease(std::uint64_t sequence, const JobTable::Job& job) const;

  std::function<std::uint64_t()> random_;
  Times times_;
  std::size_t max_bytes_ = 1 << 20;
  bool hurry_ = false;
  // Of the store as a whole.
  Hold hold_;
  bool trouble_ = false;
  SteadyTime last_success_{};

  JobTable jobs_;
  std::map<std::string, TenantQueue> tenants_;
  std::map<std::uint64_t, InFlight> in_flight_;  // by push
  std::uint64_t next_push_ = 1;
  std::uint64_t lost_lines_ = 0;  // by the answer that is being dealt with
};

}  // namespace telltale
