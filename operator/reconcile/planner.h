// SPDX-License-Identifier: Apache-2.0
//
// Planner: turns the caches into a Plan and the discovery document whenever they changed, and
// hands both on. It writes nothing to the API, so discovery goes on when the API server is away.
// One thread runs Run(); Changed() is called by the reflectors' threads.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/metrics/registry.h"
#include "operator/plan/discovery/sd_targets.h"
#include "operator/reconcile/caches.h"
#include "operator/reconcile/trigger.h"
#include "operator/store/published.h"

namespace telltale {

// All that follows from one snapshot of the caches. Immutable once made.
struct Plan {
  World world;
  std::vector<MatchedTarget> matched;
  ScrapePlan scrapes;
};

class Planner {
 public:
  // `synced` says whether every cache holds a whole list: nothing is published before, so that
  // nobody ever reads a partial list. `planned` is called on the planner's thread.
  Planner(const Caches& caches, std::function<bool()> synced, Published<std::string>& document,
          Published<Plan>& plan, std::function<void()> planned, Registry& registry);

  void Changed() { trigger_.Fire(); }
  void Run();
  void Stop() { trigger_.Stop(); }

  // One round; what Run does after each settled change.
  void PlanOnce();

 private:
  const Caches& caches_;
  std::function<bool()> synced_;
  Published<std::string>& document_;
  Published<Plan>& plan_;
  std::function<void()> planned_;
  Trigger trigger_;
  Gauge& targets_;
  Gauge& pods_;
  Gauge& scrape_targets_;
  Counter& rounds_;
  Histogram& duration_;
};

}  // namespace telltale
