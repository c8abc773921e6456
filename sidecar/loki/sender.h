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

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/base/clock.h"
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

  void Wake();
  void StartLane();
  void Run(Lane& lane);
  void ShareWork();
  void Connect(Lane& lane);
  void Push(Lane& lane, const PushQueue::Push& push, std::unique_lock<std::mutex>& lock);
  void Deliver(std::unique_lock<std::mutex>& lock);

  Clock& clock_;
  Done done_;

  std::mutex mutex_;
  std::condition_variable wake_;
  PushReport report_;  // guarded by mutex_, as what follows
  PushQueue queue_;
  PushTarget target_;
  std::uint64_t target_version_ = 0;
  std::list<Lane> lanes_;
  std::size_t unsent_bytes_ = 0;  // submitted since the lanes were told
  std::size_t idle_ = 0;          // lanes that wait for something to send
  bool stop_ = false;
  std::mutex delivering_;  // held while `done` is called, so that results stay in their order
};

}  // namespace telltale
