// SPDX-License-Identifier: Apache-2.0
//
// Speaks to the log store: takes batches, pushes them until the store has them, refused lines of
// them for good, or would refuse them for their age, and reports. Loses nothing silently; the
// lines of one stream never pass each other (push_queue.h). The pipeline owns it.
//
// Threads: one of its own that blocks in the HTTP client, and up to PushQueue::kMaxPushes while
// there is more to send than one connection carries. Submit, SetTarget, Hurry and Stop come from
// the pipeline's worker. `done` is called on the sender's threads, without a lock held, by one
// thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/metrics/registry.h"
#include "sidecar/loki/push_body.h"
#include "sidecar/loki/push_client.h"
#include "sidecar/loki/push_queue.h"
#include "sidecar/loki/push_report.h"
#include "sidecar/loki/push_target.h"

namespace telltale {

class Sender {
 public:
  using Done = std::function<void(PushResult)>;

  Sender(Registry& registry, Clock& clock, Done done);
  ~Sender();

  void Start();
  // Error if the URL is invalid; batches wait for a valid one.
  Status SetTarget(PushTarget target);
  // Sent at the next Send, so that batches of many files share a push; at once when there is enough
  // for a push. `replayed`: an earlier process may have sent it.
  void Submit(std::uint64_t sequence, std::vector<PushBody> bodies, bool replayed = false);
  void Send();
  // Answers kWanted: the batch made again, or that it cannot be.
  void Refill(std::uint64_t sequence, std::vector<PushBody> bodies);
  void Abandon(std::uint64_t sequence, std::string_view reason);
  // The program is about to end: no waiting longer than the first retry's.
  void Hurry();
  // Cancels the pushes in flight and joins the threads. Batches without a result are dropped.
  void Stop();

 private:
  // One connection and its thread.
  struct Lane {
    std::unique_ptr<PushClient> client;  // replaced under mutex_ by the thread; used without
    std::uint64_t target = 0;            // that it was made for
    std::thread thread;
  };

  void Wake() REQUIRES(mutex_);
  void StartLane() REQUIRES(mutex_);
  void Run(Lane& lane);
  void ShareWork() REQUIRES(mutex_);
  void Connect(Lane& lane) REQUIRES(mutex_);
  // Both release mutex_ meanwhile.
  void Push(Lane& lane, PushQueue::Push push) REQUIRES(mutex_);
  void Deliver() REQUIRES(mutex_);

  Clock& clock_;
  Mutex delivering_;  // taken before mutex_, so that results stay in their order
  Done done_ GUARDED_BY(delivering_);

  Mutex mutex_;
  CondVar wake_;
  PushReport report_ GUARDED_BY(mutex_);
  PushQueue queue_ GUARDED_BY(mutex_);
  PushTarget target_ GUARDED_BY(mutex_);
  std::uint64_t target_version_ GUARDED_BY(mutex_) = 0;
  std::list<Lane> lanes_ GUARDED_BY(mutex_);
  std::size_t unsent_bytes_ GUARDED_BY(mutex_) = 0;  // submitted since the lanes were told
  std::size_t idle_ GUARDED_BY(mutex_) = 0;          // lanes that wait for something to send
  bool stop_ GUARDED_BY(mutex_) = false;
};

}  // namespace telltale
