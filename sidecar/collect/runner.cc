// SPDX-License-Identifier: Apache-2.0
#include "sidecar/collect/runner.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"

namespace telltale {
namespace {

constexpr std::string_view kDuration = "telltale_collector_duration_seconds";
constexpr std::string_view kSuccess = "telltale_collector_success";

double Seconds(std::chrono::steady_clock::duration d) {
  return std::chrono::duration<double>(d).count();
}

}  // namespace

CollectorRunner::CollectorRunner(Registry& registry, Clock& clock, CollectorRoots roots,
                                 std::span<const CollectorEntry> table)
    : registry_(registry),
      clock_(clock),
      roots_(std::move(roots)),
      table_(table),
      cycles_(registry.AddCounter("telltale_collect_cycles_total", "Collector cycles finished.")),
      last_cycle_(registry.AddGauge("telltale_collect_last_cycle_timestamp_seconds",
                                    "When the last collector cycle finished; the values of the "
                                    "collectors are of that time.")) {}

CollectorRunner::~CollectorRunner() {
  for (Running& running : running_) StopCollector(running);
}

CollectorRunner::Running CollectorRunner::StartCollector(const CollectorEntry& entry) {
  Running running;
  running.name = std::string(entry.name);
  running.collector = entry.make(registry_, roots_);
  const Labels labels{{"collector", running.name}};
  running.duration =
      &registry_.AddGauge(kDuration, "How long the collector took in the last cycle.", labels);
  running.success =
      &registry_.AddGauge(kSuccess, "Whether the collector succeeded in the last cycle.", labels);
  return running;
}

void CollectorRunner::StopCollector(Running& running) {
  running.collector.reset();
  registry_.Remove(kDuration, {{"collector", running.name}});
  registry_.Remove(kSuccess, {{"collector", running.name}});
}

void CollectorRunner::Configure(const std::vector<std::string>& names,
                                std::chrono::milliseconds interval,
                                const CollectorSettings& settings) {
  const auto wanted = [&](const Running& running) {
    return std::find(names.begin(), names.end(), running.name) != names.end();
  };
  for (Running& running : running_) {
    if (!wanted(running)) StopCollector(running);
  }
  std::erase_if(running_, [&](const Running& running) { return !wanted(running); });
  for (const std::string& name : names) {
    const auto is_it = [&](const auto& item) { return item.name == name; };
    if (std::any_of(running_.begin(), running_.end(), is_it)) continue;
    const auto entry = std::find_if(table_.begin(), table_.end(), is_it);
    if (entry == table_.end()) {
      LogError("there is no collector of this name", {{"collector", name}});
      continue;
    }
    running_.push_back(StartCollector(*entry));
  }
  for (Running& running : running_) running.collector->Configure(settings, interval);
  interval_ = interval;
  next_ = clock_.Steady();
}

SteadyTime CollectorRunner::NextCycle() const {
  return running_.empty() ? SteadyTime::max() : next_;
}

bool CollectorRunner::RunOne(Running& running) {
  const SteadyTime start = clock_.Steady();
  const Status status = running.collector->Collect();
  running.duration->Set(Seconds(clock_.Steady() - start));
  running.success->Set(status.ok() ? 1 : 0);
  const std::string error = status.ok() ? "" : status.error().message;
  if (error == running.last_error) return status.ok();
  if (status.ok()) {
    LogInfo("collector works again", {{"collector", running.name}});
  } else {
    LogWarn("collector failed", {{"collector", running.name}, {"error", error}});
  }
  running.last_error = error;
  return status.ok();
}

void CollectorRunner::SayCycle(std::size_t failed, double seconds) const {
  const LogLevel level = log_cycles_ ? LogLevel::kInfo : LogLevel::kDebug;
  Log(level, "Collect cycle finished",
      {{"cycle", cycles_.Value()},
       {"collectors", running_.size()},
       {"failed", failed},
       {"seconds", std::to_string(seconds)}});
}

void CollectorRunner::RunCycle() {
  const SteadyTime start = clock_.Steady();
  std::size_t failed = 0;
  for (Running& running : running_) failed += RunOne(running) ? 0u : 1u;
  cycles_.Add();
  last_cycle_.Set(static_cast<double>(clock_.WallNanos() / 1'000'000) / 1e3);
  SayCycle(failed, Seconds(clock_.Steady() - start));
  // From the time it was due, so that cycles do not drift; after a long stop, from now.
  next_ = std::max(next_ + interval_, start + interval_ / 2);
}

void CollectorRunner::RunOnce() {
  RunCycle();
  for (Running& running : running_) running.collector->AwaitFirst();
}

}  // namespace telltale
