// SPDX-License-Identifier: Apache-2.0
#include "sidecar/alert/alert_pusher.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"

namespace telltale {
namespace {

Counter& Pushes(Registry& registry, const char* result) {
  return registry.AddCounter("telltale_alert_pushes_total",
                             "Pushes of alerts of log lines to an Alertmanager, by result.",
                             {{"result", result}});
}

Counter& Dropped(Registry& registry, const char* reason) {
  return registry.AddCounter("telltale_alerts_dropped_total",
                             "Alerts of log lines that were not sent, by reason.",
                             {{"reason", reason}});
}

}  // namespace

AlertPusher::AlertPusher(Registry& registry, Clock& clock)
    : clock_(clock),
      counters_{Pushes(registry, "success"), Pushes(registry, "failure"),
                Dropped(registry, "refused")},
      too_many_(Dropped(registry, "too_many")),
      active_(registry.AddGauge("telltale_alerts_active",
                                "Alerts of log lines that have not ended.")) {}

AlertPusher::~AlertPusher() { Stop(); }

void AlertPusher::ActiveGauge::Set(std::uint64_t sender, std::size_t count) {
  MutexLock lock(mutex_);
  counts_[sender] = count;
  std::size_t most = 0;
  for (const auto& [id, active] : counts_) most = std::max(most, active);
  gauge_.Set(static_cast<double>(most));
}

void AlertPusher::Configure(const std::vector<AlertTarget>& targets) {
  std::vector<Entry> removed;
  {
    MutexLock lock(mutex_);
    if (stopped_) return;
    std::vector<Entry> before = std::exchange(senders_, {});
    for (const AlertTarget& target : targets) {
      const auto same = [&](const Entry& entry) { return entry.sender->target() == target; };
      if (std::ranges::any_of(senders_, same)) continue;
      if (const auto kept = std::ranges::find_if(before, same); kept != before.end()) {
        senders_.push_back(std::move(*kept));
        before.erase(kept);
        continue;
      }
      if (auto valid = AccessClient::Check("alertmanager", target.url, target.access); !valid) {
        LogError("alerts are not pushed to an Alertmanager", {{"error", valid.error().message}});
        continue;
      }
      const std::uint64_t id = next_id_++;
      senders_.push_back({id, std::make_unique<AlertSender>(
                                  target, counters_, clock_,
                                  [this, id](std::size_t count) { active_.Set(id, count); })});
    }
    removed = std::move(before);
  }
  for (Entry& entry : removed) {
    entry.sender.reset();
    active_.Remove(entry.id);
  }
}

void AlertPusher::Raise(const RaisedAlert& alert) {
  MutexLock lock(mutex_);
  bool taken = true;
  for (const Entry& entry : senders_) taken = entry.sender->Raise(alert) && taken;
  if (!taken) too_many_.Add();
}

void AlertPusher::Stop() {
  std::vector<Entry> senders;
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    senders = std::exchange(senders_, {});
  }
  for (const Entry& entry : senders) entry.sender->BeginStop();
  const SteadyTime deadline = std::chrono::steady_clock::now() + kLastPush;
  for (const Entry& entry : senders) entry.sender->Join(deadline);
}

}  // namespace telltale
