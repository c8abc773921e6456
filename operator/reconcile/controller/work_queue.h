// SPDX-License-Identifier: Apache-2.0
//
// WorkQueue: the keys that a controller must look at, with the semantics of client-go's workqueue
// and controller-runtime's priority queue (reference k8s §1.2):
//
//  - a key that waits is there once, however often it was added; a key that is being processed and
//    is added again waits until Done: one key is never processed twice at once;
//  - of two delays the earlier deadline wins, and a live Add ends the delay;
//  - failures wait 5 ms x 2^n, and all retries together share a bucket of 10 per second, burst 100.
//    Unlike there, a live Add does not cut the wait of a key that failed: a write that the API
//    refuses is not tried at every event;
//  - live keys go before low ones, so a restart's long list does not starve what happens now.
// Unlike there, workqueue_retries_total counts failures alone: what our controllers delay is mostly
// events that come faster than they are worth looking at, and those are no trouble.
//
// Thread-safe. All time comes from the Clock, but Get sleeps in real time: a simulation uses TryGet
// and NextDelayed. It must not be destroyed while a Get runs.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/metrics/registry.h"

namespace telltale {

struct WorkQueueLimits {
  std::chrono::milliseconds backoff{5};  // after the first failure
  std::chrono::milliseconds backoff_cap{1'000'000};
  double retries_per_second = 10;
  double burst = 100;
};

class WorkQueue {
 public:
  enum class Priority { kLive, kLow };  // kLow: initial lists and resyncs

  WorkQueue(const std::string& name, Registry& registry, Clock& clock, WorkQueueLimits limits = {});
  ~WorkQueue();

  void Add(const std::string& key, Priority priority = Priority::kLive);
  void AddAfter(const std::string& key, std::chrono::milliseconds delay,
                Priority priority = Priority::kLive);
  // After a failure: with the key's backoff, in the priority it was processed with.
  void AddRateLimited(const std::string& key);
  // After a success: the next failure starts with the shortest wait again.
  void Forget(const std::string& key);

  // The next key, which the caller must give back with Done; nothing when none is ready.
  std::optional<std::string> TryGet();
  // Waits for one; nothing after ShutDown, whatever was left.
  std::optional<std::string> Get();
  void Done(const std::string& key);

  // When the next delayed key becomes ready; nothing when none is delayed.
  std::optional<SteadyTime> NextDelayed() const;
  std::size_t size() const;  // keys that are ready

  // Every Get returns, Adds do nothing. Open makes it an empty queue again, once nobody processes.
  void ShutDown();
  void Open();

 private:
  struct Impl;
  // Shared with the registry, which asks for the running times at each scrape.
  std::shared_ptr<Impl> impl_;
};

}  // namespace telltale
