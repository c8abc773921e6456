// SPDX-License-Identifier: Apache-2.0
//
// Speaks to Loki: takes batches, pushes each until Loki has stored it, refused it for good, or
// would refuse it for its age, and reports. Loses nothing silently; the batches of one stream never
// pass each other (push_queue.h). The pipeline owns it.
//
// Threads: one of its own, which blocks in the HTTP client; Submit, SetTarget, Hurry and Stop come
// from the pipeline's worker. `done` is called on the sender's thread, without a lock held.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
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
  // An error when a URL is none; then batches wait for the next target.
  Status SetTarget(PushTarget target);
  void Submit(std::uint64_t sequence, std::vector<PushBody> bodies);
  // The program is about to end: no waiting longer than the first retry's.
  void Hurry();
  // Cancels the request under way and joins the thread. Batches without a result are dropped.
  void Stop();

 private:
  struct Job {
    std::uint64_t sequence;
    std::vector<PushBody> bodies;
  };

  void Run();
  bool TakeMail();
  void Push(const PushBody& body);
  void Deliver();
  void Await(std::optional<SteadyTime> due);

  Clock& clock_;
  Done done_;

  // Used by the thread alone.
  PushReport report_;
  PushQueue queue_;
  std::string url_;
  bool hurrying_ = false;
  bool cancelled_ = false;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Job> jobs_;  // guarded by mutex_, as what follows
  PushTarget target_;
  bool target_changed_ = false;
  bool hurry_ = false, stop_ = false;
  std::unique_ptr<PushClient> client_;  // replaced under mutex_, by the thread; used without
  std::thread thread_;
};

}  // namespace telltale
