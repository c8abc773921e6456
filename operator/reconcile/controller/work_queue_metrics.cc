// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/controller/work_queue_metrics.h"

#include <chrono>
#include <vector>

namespace telltale {
namespace {

// controller-runtime shows priorities as numbers: 0, and -100 for what a restart lists.
constexpr const char* kLive = "0";
constexpr const char* kLow = "-100";

Labels Named(const std::string& name) { return {{"controller", name}, {"name", name}}; }

Labels Named(const std::string& name, const char* priority) {
  Labels labels = Named(name);
  SetLabel(labels, "priority", priority);
  return labels;
}

Gauge& Depth(const std::string& name, const char* priority, Registry& registry) {
  return registry.AddGauge("workqueue_depth", "Keys that wait in the work queue.",
                           Named(name, priority));
}

// 10 ns to 1,000 s.
std::vector<double> Buckets() {
  return {1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100, 1000};
}

double Seconds(SteadyTime::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

WorkQueueMetrics::WorkQueueMetrics(const std::string& name, Registry& registry)
    : live_depth_(Depth(name, kLive, registry)),
      low_depth_(Depth(name, kLow, registry)),
      adds_(registry.AddCounter("workqueue_adds_total", "Keys that were added.", Named(name))),
      retries_(registry.AddCounter("workqueue_retries_total",
                                   "Keys that were added again because they had failed.",
                                   Named(name))),
      queue_duration_(registry.AddHistogram("workqueue_queue_duration_seconds",
                                            "How long a key waited before it was processed.",
                                            Buckets(), Named(name))),
      work_duration_(registry.AddHistogram("workqueue_work_duration_seconds",
                                           "How long the processing of a key took.", Buckets(),
                                           Named(name))),
      unfinished_(registry.AddGauge("workqueue_unfinished_work_seconds",
                                    "Sum of the time that keys in work have been in work.",
                                    Named(name))),
      longest_(registry.AddGauge("workqueue_longest_running_processor_seconds",
                                 "How long the key that is longest in work has been in work.",
                                 Named(name))) {}

void WorkQueueMetrics::Added(WorkQueue::Priority priority) {
  adds_.Add();
  depth(priority).Add(1);
}

void WorkQueueMetrics::Moved(WorkQueue::Priority from, WorkQueue::Priority to) {
  depth(from).Add(-1);
  depth(to).Add(1);
}

void WorkQueueMetrics::Withdrawn(WorkQueue::Priority priority) { depth(priority).Add(-1); }

void WorkQueueMetrics::Taken(WorkQueue::Priority priority, SteadyTime::duration waited) {
  depth(priority).Add(-1);
  queue_duration_.Observe(Seconds(waited));
}

void WorkQueueMetrics::Finished(SteadyTime::duration worked) {
  work_duration_.Observe(Seconds(worked));
}

void WorkQueueMetrics::Running(double sum_seconds, double longest_seconds) {
  unfinished_.Set(sum_seconds);
  longest_.Set(longest_seconds);
}

void WorkQueueMetrics::Emptied() {
  live_depth_.Set(0);
  low_depth_.Set(0);
}

}  // namespace telltale
