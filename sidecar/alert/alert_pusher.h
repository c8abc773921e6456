// SPDX-License-Identifier: Apache-2.0
//
// Alerts that log lines raise, pushed to each of several Alertmanagers as soon as they are raised.
// Each Alertmanager has a queue, a connection and a thread of its own, so one that is down delays
// no other. A queue holds at most AlertBook::kMaxActive alerts; alerts beyond are counted.
//
// Threads: all methods may be called from any thread. Stop takes at most kLastPush; the others
// return at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/metrics/registry.h"
#include "sidecar/alert/alert_sender.h"

namespace telltale {

class AlertPusher {
 public:
  static constexpr std::size_t kMaxActive = AlertBook::kMaxActive;
  // How long Stop waits for alerts that were never sent.
  static constexpr std::chrono::seconds kLastPush{2};

  AlertPusher(Registry& registry, Clock& clock);
  ~AlertPusher();  // stops

  // One that stays keeps its alerts. Without targets nothing is pushed. A target whose URL cannot
  // be parsed is left out, with an error in the log.
  void Configure(const std::vector<AlertTarget>& targets) EXCLUDES(mutex_);
  void Raise(const RaisedAlert& alert) EXCLUDES(mutex_);
  void Stop() EXCLUDES(mutex_);

 private:
  // The gauge of active alerts: the most that any sender has.
  class ActiveGauge {
   public:
    explicit ActiveGauge(Gauge& gauge) : gauge_(gauge) {}
    void Set(std::uint64_t sender, std::size_t count) EXCLUDES(mutex_);
    void Remove(std::uint64_t sender) EXCLUDES(mutex_) { Set(sender, 0); }

   private:
    Gauge& gauge_;
    Mutex mutex_;
    std::map<std::uint64_t, std::size_t> counts_ GUARDED_BY(mutex_);
  };
  struct Entry {
    std::uint64_t id;
    std::unique_ptr<AlertSender> sender;
  };

  Clock& clock_;
  AlertSender::Counters counters_;
  Counter& too_many_;
  ActiveGauge active_;

  Mutex mutex_;
  std::vector<Entry> senders_ GUARDED_BY(mutex_);
  std::uint64_t next_id_ GUARDED_BY(mutex_) = 0;
  bool stopped_ GUARDED_BY(mutex_) = false;
};

}  // namespace telltale
