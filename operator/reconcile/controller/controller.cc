// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/controller/controller.h"

#include <exception>

#include "common/base/log.h"

namespace telltale {
namespace {

constexpr std::chrono::milliseconds kBackoffCap{30'000};
constexpr std::chrono::milliseconds kWriteRefused{1'000};

std::vector<double> ReconcileBuckets() {
  return {0.005, 0.01, 0.025, 0.05, 0.1,  0.15, 0.2,  0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6,
          0.7,   0.8,  0.9,   1,    1.25, 1.5,  1.75, 2,    2.5, 3,    3.5, 4,    4.5, 5,
          6,     7,    8,     9,    10,   15,   20,   25,   30,  40,   50,  60};
}

WorkQueueLimits Limits() {
  WorkQueueLimits limits;
  limits.backoff_cap = kBackoffCap;
  return limits;
}

}  // namespace

struct Controller::Metrics {
  Metrics(const ControllerOptions& options, Registry& registry)
      : name{{"controller", options.name}},
        success(Result(registry, "success")),
        error(Result(registry, "error")),
        requeue(Result(registry, "requeue")),
        requeue_after(Result(registry, "requeue_after")),
        errors(registry.AddCounter("controller_runtime_reconcile_errors_total",
                                   "Reconciles that failed.", name)),
        panics(registry.AddCounter("controller_runtime_reconcile_panics_total",
                                   "Reconciles that threw an exception.", name)),
        time(registry.AddHistogram("controller_runtime_reconcile_time_seconds",
                                   "How long a reconcile took.", ReconcileBuckets(), name)),
        active(registry.AddGauge("controller_runtime_active_workers",
                                 "Workers that are reconciling now.", name)) {
    registry.AddCounter("controller_runtime_terminal_reconcile_errors_total",
                        "Reconciles that failed and are not tried again.", name);
    registry.AddCounter("controller_runtime_reconcile_timeouts_total",
                        "Reconciles that took too long.", name);
    registry
        .AddGauge("controller_runtime_max_concurrent_reconciles", "Workers of the controller.",
                  name)
        .Set(options.workers);
  }

  Counter& Result(Registry& registry, const char* result) const {
    Labels labels = name;
    SetLabel(labels, "result", result);
    return registry.AddCounter("controller_runtime_reconcile_total", "Reconciles by their result.",
                               labels);
  }

  const Labels name;
  Counter &success, &error, &requeue, &requeue_after, &errors, &panics;
  Histogram& time;
  Gauge& active;
};

Controller::Controller(ControllerOptions options, Reconcile reconcile, Registry& registry,
                       Clock& clock)
    : options_(std::move(options)),
      reconcile_(std::move(reconcile)),
      clock_(clock),
      queue_(options_.name, registry, clock, Limits()),
      metrics_(std::make_unique<Metrics>(options_, registry)) {
  queue_.ShutDown();
}

Controller::~Controller() { Stop(); }

void Controller::AddAll() {
  if (!options_.all_keys) return;
  for (const auto& key : options_.all_keys()) queue_.Add(key, WorkQueue::Priority::kLow);
}

void Controller::Open() {
  queue_.Open();
  AddAll();
}

void Controller::Close() { queue_.ShutDown(); }

bool Controller::ProcessOne() {
  const auto key = queue_.TryGet();
  if (key) Process(*key);
  return key.has_value();
}

void Controller::Start() {
  Open();
  for (int i = 0; i < options_.workers; ++i) {
    threads_.emplace_back([this] {
      while (const auto key = queue_.Get()) Process(*key);
    });
  }
}

void Controller::Stop() {
  Close();
  threads_.clear();  // joins
}

// An exception is a bug of ours, but one resource's bug must not stop the others.
ReconcileResult Controller::Call(const std::string& key) {
  try {
    return reconcile_(key);
  } catch (const std::exception& error) {
    metrics_->panics.Add();
    return {Fail(Code::kInternal, std::string("an exception: ") + error.what())};
  } catch (...) {
    metrics_->panics.Add();
    return {Fail(Code::kInternal, "an exception that says nothing")};
  }
}

void Controller::Process(const std::string& key) {
  metrics_->active.Add(1);
  const SteadyTime began = clock_.Steady();
  const ReconcileResult result = Call(key);
  metrics_->time.Observe(std::chrono::duration<double>(clock_.Steady() - began).count());
  metrics_->active.Add(-1);
  if (result.status.ok()) {
    if (!result.too_early) queue_.Forget(key);
    if (result.requeue_after.count() > 0) {
      queue_.AddAfter(key, result.requeue_after);
      metrics_->requeue_after.Add();
    } else {
      metrics_->success.Add();
    }
  } else if (result.status.error().code == Code::kCancelled) {
    queue_.AddAfter(key, kWriteRefused);
    metrics_->requeue.Add();
  } else {
    metrics_->error.Add();
    metrics_->errors.Add();
    LogWarn(
        "a reconcile failed and will be tried again",
        {{"controller", options_.name}, {"object", key}, {"error", result.status.error().message}});
    queue_.AddRateLimited(key);
  }
  queue_.Done(key);
}

}  // namespace telltale
