// SPDX-License-Identifier: Apache-2.0
//
// LeaderElector: of several replicas one writes. It holds a Lease by the rules of client-go
// (tools/leaderelection; reference k8s §1.5): times of other machines are never compared, a lease
// of somebody else has ended when its record did not change for its duration by our own monotonic
// clock. Made by Core, which gives it an Api over a connection of its own (a slow list must not
// cost the lease) with RequestTimeout() and without may_write.
//
// What a lost lease means: IsLeader() turns false at the deadline by itself, even while a request
// hangs or the process is stopped; OnStopped follows as soon as the elector's thread runs; then the
// process is a candidate again. A lease is no fence: a request that was sent before the deadline
// may arrive after it, so writes are idempotent or guarded by a resourceVersion.
//
// Threads: Step, Release and Run belong to one thread; IsLeader and Stop are for any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/metrics/registry.h"
#include "operator/kube/client/api.h"
#include "operator/kube/leader/lease.h"

namespace telltale {

struct LeaderOptions {
  std::string ns;
  std::string name = "telltale-operator";
  std::string identity;  // of this process, never used again: MakeIdentity
  std::chrono::milliseconds lease{15'000};
  std::chrono::milliseconds renew_deadline{10'000};
  std::chrono::milliseconds retry{2'000};
  // The element of ownerReferences of a Lease that is made anew, or "".
  std::function<std::string()> owner = {};
};

// kInvalid unless lease > renew_deadline > 1.2 * retry > 0, the lease is whole seconds, and the
// names are there.
Status ValidateLeaderOptions(const LeaderOptions& options);

// "<pod>_<16 hex digits>": a container that restarts in its pod is another candidate. `random` as
// LeaderElector's.
std::string MakeIdentity(const std::string& pod, const std::function<std::uint64_t()>& random = {});

class LeaderElector {
 public:
  // The options must be valid. `random` gives any 64-bit value; empty: from the system.
  LeaderElector(LeaderOptions options, Api& api, Registry& registry, Clock& clock = RealClock(),
                std::function<std::uint64_t()> random = {});

  // For the Api's timeout: max(1 s, renew_deadline / 2).
  static std::chrono::milliseconds RequestTimeout(const LeaderOptions& options);

  // Called in Step (and at the end of Run) when a term begins and ends, in turns; set before the
  // first Step. OnStarted must be quick, the lease is not renewed meanwhile. OnStopped returns when
  // the writers have stopped.
  void OnStarted(std::function<void()> started) { started_ = std::move(started); }
  void OnStopped(std::function<void()> stopped) { stopped_ = std::move(stopped); }

  // One try to get or keep the lease; how long to wait before the next.
  std::chrono::milliseconds Step();
  // Ends the term if there is one and frees the lease, so that another replica needs not wait for
  // it to run out. At most a few requests.
  void Release();

  void Run();   // Step until Stop, then Release
  void Stop();  // Run returns after the request under way, OnStopped and the release

  // True while the lease was renewed less than renew_deadline ago.
  bool IsLeader() const;

 private:
  enum class Outcome { kHeld, kNotHeld };

  Outcome TryAcquireOrRenew();
  Outcome Create();
  Outcome Write(const Lease& read);
  Outcome Wrote(SteadyTime began, Result<std::string> stored);
  Outcome Failed(const Error& error);
  Status Free();

  LeaseSpec WantedSpec(const LeaseSpec& held) const;
  void Observe(Lease lease);
  bool OthersLeaseRuns() const;
  bool DeadlinePassed() const { return clock_.Steady() >= held_until_; }
  std::chrono::milliseconds NextWait();
  void BeginTerm();
  void EndTerm(const std::string& why);

  const LeaderOptions options_;
  const std::string path_;
  Api& api_;
  Clock& clock_;
  std::function<std::uint64_t()> random_;
  std::function<void()> started_, stopped_;
  Gauge& master_;
  Counter& slow_path_;

  // Of the elector's thread.
  std::optional<Lease> observed_;  // as last read or written
  SteadyTime observed_at_{};       // when we first saw this content
  SteadyTime held_until_{};        // the renew deadline while leading_
  bool leading_ = false;
  bool maybe_ours_ = false;  // a write of ours may have won it, whatever its answer was
  std::string last_error_;   // logged already

  std::atomic<std::int64_t> leader_until_{0};  // held_until_ in steady nanoseconds, 0: no leader
  Mutex mutex_;
  CondVar wake_;
  bool stopping_ GUARDED_BY(mutex_) = false;
};

}  // namespace telltale
