// SPDX-License-Identifier: Apache-2.0
//
// The workqueue_* metrics by the names of client-go and controller-runtime, all there from the
// start. Internal to work_queue.cc, which calls it under its lock.
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/metrics/registry.h"
#include "operator/reconcile/controller/work_queue.h"

namespace telltale {

class WorkQueueMetrics {
 public:
  WorkQueueMetrics(const std::string& name, Registry& registry);

  void Added(WorkQueue::Priority priority);
  void Moved(WorkQueue::Priority from, WorkQueue::Priority to);  // while it waits
  void Withdrawn(WorkQueue::Priority priority);
  void Taken(WorkQueue::Priority priority, SteadyTime::duration waited);
  void Finished(SteadyTime::duration worked);
  void Retried() { retries_.Add(); }
  void Running(double sum_seconds, double longest_seconds);
  void Emptied();

 private:
  Gauge& depth(WorkQueue::Priority priority) {
    return priority == WorkQueue::Priority::kLive ? live_depth_ : low_depth_;
  }
  Gauge &live_depth_, &low_depth_;
  Counter &adds_, &retries_;
  Histogram &queue_duration_, &work_duration_;
  Gauge &unfinished_, &longest_;
};

}  // namespace telltale
