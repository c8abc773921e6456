// SPDX-License-Identifier: Apache-2.0
//
// Stage: what every simulated plan stands on: time, a cluster with a world in it, a network that
// the seed's plan spoils. One per test case, one thread at a time (scheduler.h).
#pragma once

#include <functional>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/kube/cluster/fake_cluster.h"
#include "tests/faults/operator/fault_plan.h"
#include "tests/faults/operator/scheduler.h"
#include "tests/faults/operator/sim_server.h"
#include "tests/faults/operator/world.h"

namespace telltale::faults {

struct Stage {
  // `writers`: somebody writes to the cluster by himself.
  explicit Stage(std::uint64_t seed, bool writers = false);

  // The plan's time with its faults: world changes, restarts and restores of the server. `at_end`
  // is called while the faults still happen.
  void Disturb(const std::function<void()>& at_end = {});

  using Millis = std::chrono::milliseconds;
  FakeClock clock;
  FaultPlan plan;
  Seeded random;
  Scheduler scheduler;
  FakeCluster cluster;
  World world;
  SimServer server;

 private:
  void AtSomeTime(std::function<void()> action);
  void ChangeWorld();
  void Restore();
  const bool writers_;
  SteadyTime still_until_{};   // the world does not change
  std::uint64_t created_ = 0;  // the version that had all that never changes
};

}  // namespace telltale::faults
