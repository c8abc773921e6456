// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/planner.h"

#include <chrono>

namespace telltale {
namespace {

// A rollout is a burst of events: waiting a little makes one document of it, and the bound keeps
// a cluster that never rests from starving its readers.
constexpr std::chrono::milliseconds kQuiet{100};
constexpr std::chrono::milliseconds kBound{1'000};
constexpr std::chrono::hours kIdle{24};
// Nobody tells when the last cache is synced, so until the first plan it is asked.
constexpr std::chrono::milliseconds kUnsynced{250};

}  // namespace

Planner::Planner(const Caches& caches, std::function<bool()> synced,
                 Published<std::string>& document, Published<Plan>& plan,
                 std::function<void()> planned, Registry& registry)
    : caches_(caches),
      synced_(std::move(synced)),
      document_(document),
      plan_(plan),
      planned_(std::move(planned)),
      targets_(registry.AddGauge("telltale_monitoring_targets",
                                 "MonitoringTarget resources in the cache.")),
      pods_(registry.AddGauge("telltale_pods", "Pods in the cache.")),
      scrape_targets_(registry.AddGauge("telltale_discovery_targets",
                                        "Targets in the discovery document served now.")),
      rounds_(registry.AddCounter("telltale_plans_total",
                                  "Times the outputs were planned anew from the caches.")),
      duration_(registry.AddHistogram("telltale_plan_duration_seconds",
                                      "Time to plan and render once.",
                                      {0.0001, 0.001, 0.01, 0.1, 1, 10})) {}

void Planner::Run() {
  while (trigger_.Wait(document_.Get() ? std::chrono::milliseconds(kIdle) : kUnsynced)) {
    // At once for the first change after a rest: a pod may be starting whose configuration this
    // is. Then what follows is gathered.
    PlanOnce();
    if (!trigger_.Settle(kQuiet, kBound, [this] { PlanOnce(); })) break;
  }
}

void Planner::PlanOnce() {
  if (!synced_()) return;
  const auto start = std::chrono::steady_clock::now();
  auto plan = std::make_shared<Plan>();
  plan->world = caches_.Snapshot();
  plan->matched = Match(plan->world);
  plan->scrapes = PlanScrapes(plan->matched);
  document_.Set(std::make_shared<const std::string>(RenderHttpSd(plan->scrapes)));
  targets_.Set(static_cast<double>(plan->world.targets.size()));
  pods_.Set(static_cast<double>(plan->world.pods.size()));
  scrape_targets_.Set(static_cast<double>(plan->scrapes.targets.size()));
  plan_.Set(std::move(plan));
  rounds_.Add();
  duration_.Observe(
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  planned_();
}

}  // namespace telltale
