// SPDX-License-Identifier: Apache-2.0
//
// Speaks to Loki: takes batches in order, pushes each until Loki has stored it or refused it for
// good, and reports. Never gives up, never lets a batch pass another. The pipeline owns it.
//
// Threads: one of its own, which blocks in the HTTP client; Submit, SetTarget, Hurry and Stop come
// from the pipeline's worker. `done` is called on the sender's thread, without a lock held.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/metrics/registry.h"
#include "common/net/http_client.h"
#include "sidecar/ship/accounting.h"
#include "sidecar/ship/batch_builder.h"
#include "sidecar/ship/push_answer.h"

namespace telltale {

// Where and how to push.
struct PushTarget {
  std::string url, tenant;
  std::chrono::milliseconds retry_initial{500}, retry_cap{30'000}, request_timeout{10'000};
  bool operator==(const PushTarget&) const = default;
};

struct PushResult {
  std::uint64_t sequence = 0;
  LineCount acked;
  Losses lost;
};

class Sender {
 public:
  using Done = std::function<void(PushResult)>;

  Sender(Registry& registry, Clock& clock, Done done);
  ~Sender();

  void Start();
  // An error when the URL is none; then batches wait for the next target.
  Status SetTarget(PushTarget target);
  void Submit(std::uint64_t sequence, std::vector<PushBody> bodies);
  // The program is about to end: no waiting longer than the first retry's.
  void Hurry();
  // Cancels the request under way and joins the thread. Batches without a result are dropped.
  void Stop();

 private:
  struct Job {
    std::uint64_t sequence;
    std::vector<PushBody> bodies;  // in reverse: the back is next
  };

  void Run();
  bool Deliver(Job& job, PushResult& result);
  // Handles the answer to the back of `bodies`; true when it is dealt with.
  bool Settle(const PushAnswer& answer, std::vector<PushBody>& bodies, PushResult& result);
  Result<HttpResponse> Push(const std::string& body);
  void UseTarget();
  void Split(std::vector<PushBody>& bodies, PushResult& result);
  bool WaitBeforeRetry(const PushAnswer& answer);
  void Report(const Result<HttpResponse>& response, const PushAnswer& answer);
  void ReportRefusal(const HttpResponse& response, const PushAnswer& answer);
  Counter& Requests(const std::string& code);

  Registry& registry_;
  Clock& clock_;
  Done done_;
  Histogram& duration_;
  std::map<std::string, Counter*> requests_;  // by code; used by the thread alone

  // Used by the thread alone.
  PushTarget using_;
  std::string path_;
  Backoff backoff_;
  int rate_limited_ = 0;  // answers in a row to the same request
  std::string last_trouble_;
  bool in_trouble_ = false;
  SteadyTime trouble_since_{}, trouble_logged_{}, refusal_logged_{};

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;                // guarded by mutex_
  PushTarget target_;                   // guarded by mutex_
  bool target_changed_ = false;         // guarded by mutex_
  bool hurry_ = false, stop_ = false;   // guarded by mutex_
  std::unique_ptr<HttpClient> client_;  // replaced under mutex_, by the thread; used without
  std::thread thread_;
};

}  // namespace telltale
