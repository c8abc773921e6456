// SPDX-License-Identifier: Apache-2.0
//
// Controller: calls a reconcile function for each key of its WorkQueue until that succeeds, on
// threads of its own or step by step. Made once; open while this replica is the leader:
//
//   closed --Open/Start--> open (every key is added, low) --Close/Stop--> closed
//
// It is made closed: until the first Open nothing is gathered and nothing done. Start and Stop are
// for one thread, with workers; Open, ProcessOne and Close are for the simulation. The queue's Add
// is for any thread.
#pragma once

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "common/base/result.h"
#include "operator/reconcile/controller/work_queue.h"

namespace telltale {

struct ReconcileResult {
  // An error is tried again with backoff (at most 30 s); kCancelled, a write that was not allowed
  // because the lease is lost, is quietly tried again a second later, if the term goes on.
  Status status;
  std::chrono::milliseconds requeue_after{0};  // of a success: look again then
  // With a requeue_after: it was too early, and nothing was tried. The backoff of an earlier
  // failure stays as it is, so that waiting between two failures does not make the next one look
  // like the first.
  bool too_early = false;

  static ReconcileResult TooEarly(std::chrono::milliseconds wait) { return {{}, wait, true}; }
};

struct ControllerOptions {
  std::string name;  // of the metrics
  int workers = 1;
  // Every key there is, for Open: what changed while nobody looked.
  std::function<std::vector<std::string>()> all_keys = {};
};

class Controller {
 public:
  using Reconcile = std::function<ReconcileResult(const std::string& key)>;

  Controller(ControllerOptions options, Reconcile reconcile, Registry& registry, Clock& clock);
  ~Controller();  // Stop

  WorkQueue& queue() { return queue_; }
  void AddAll();  // every key, in low priority

  void Open();
  void Close();
  // Takes one key and reconciles it; false when none is ready.
  bool ProcessOne();

  void Start();
  void Stop();  // the reconciles in hand end first

 private:
  struct Metrics;
  void Process(const std::string& key);
  ReconcileResult Call(const std::string& key);

  const ControllerOptions options_;
  const Reconcile reconcile_;
  Clock& clock_;
  WorkQueue queue_;
  std::unique_ptr<Metrics> metrics_;
  std::vector<std::jthread> threads_;
};

}  // namespace telltale
