// SPDX-License-Identifier: Apache-2.0
//
// Runs the collectors, one cycle every interval, and measures each: duration and success. One that
// fails does not keep the others from running. Owned and called by the main loop; one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/metrics/registry.h"
#include "sidecar/collect/collector.h"

namespace telltale {

class CollectorRunner {
 public:
  CollectorRunner(Registry& registry, Clock& clock, CollectorRoots roots = {},
                  std::span<const CollectorEntry> table = AllCollectors());
  ~CollectorRunner();

  // What runs from now on; a collector that stays keeps its series, one that goes takes them
  // along. The next cycle is due at once. Names that the table lacks are logged and left out.
  void Configure(const std::vector<std::string>& names, std::chrono::milliseconds interval,
                 const CollectorSettings& settings = {});
  // Whether each cycle is said in the log at level info; else at level debug.
  void LogCycles(bool on) { log_cycles_ = on; }

  void RunCycle();
  // A cycle, and what collectors do beside the cycles, once.
  void RunOnce();
  // When RunCycle is due; the far future when no collector is configured.
  SteadyTime NextCycle() const;

 private:
  struct Running {
    std::string name;
    std::unique_ptr<Collector> collector;
    Gauge* duration = nullptr;
    Gauge* success = nullptr;
    std::string last_error;  // so that a lasting one is logged once
  };
  Running StartCollector(const CollectorEntry& entry);
  void StopCollector(Running& running);
  bool RunOne(Running& running);  // whether it succeeded
  void SayCycle(std::size_t failed, double seconds) const;

  Registry& registry_;
  Clock& clock_;
  const CollectorRoots roots_;
  const std::span<const CollectorEntry> table_;
  Counter& cycles_;
  Gauge& last_cycle_;
  std::vector<Running> running_;
  std::chrono::milliseconds interval_{0};
  SteadyTime next_{};
  bool log_cycles_ = false;
};

}  // namespace telltale
