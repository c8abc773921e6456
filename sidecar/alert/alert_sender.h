// SPDX-License-Identifier: Apache-2.0
//
// Pushes alerts to one Alertmanager (v2 API). Pushes that fail are tried again. If the Alertmanager
// refuses a push because of an alert in it, the push is divided until that alert is found; only it
// is dropped, counted and logged.
//
// Threads: one of its own, which blocks in the HTTP client and lives from the first alert on. The
// methods may be called from any thread; all but Join return at once.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "common/access/access_client.h"
#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/metrics/registry.h"
#include "sidecar/alert/alert_book.h"

namespace telltale {

// Where alerts go: http(s)://host:port, with or without a path before /api/v2/alerts.
struct AlertTarget {
  std::string url;
  Access access = {};
  bool operator==(const AlertTarget&) const = default;
};

class AlertSender {
 public:
  static constexpr std::size_t kMaxPush = 64;  // alerts in one push

  struct Counters {
    Counter& success;
    Counter& failure;
    Counter& refused;
  };

  // `resized` is called with the number of active alerts when that changes; from any thread.
  AlertSender(AlertTarget target, Counters counters, Clock& clock,
              std::function<void(std::size_t)> resized);
  ~AlertSender();  // stops at once

  const AlertTarget& target() const { return target_; }

  // False if too many alerts are active.
  bool Raise(const RaisedAlert& alert) EXCLUDES(mutex_);
  // No alerts are taken from now on; those that were never sent are tried once more.
  void BeginStop() EXCLUDES(mutex_);
  // Ends the thread, at the latest at `deadline`.
  void Join(SteadyTime deadline) EXCLUDES(mutex_);

 private:
  enum class Answer { kTaken, kRefused, kFailed };
  struct Outcome {
    OutgoingAlert alert;
    Answer answer;
  };

  void Run() EXCLUDES(mutex_);
  // False when a push failed, so the rest was not tried.
  bool PushDivided(std::span<const OutgoingAlert> alerts, std::vector<Outcome>& outcomes);
  Answer Push(std::span<const OutgoingAlert> alerts);
  Answer Failed(const std::string& why);
  void Record(const std::vector<Outcome>& outcomes, std::int64_t now) REQUIRES(mutex_);

  const AlertTarget target_;
  const Counters counters_;
  Clock& clock_;
  const std::function<void(std::size_t)> resized_;
  AccessClient client_;
  std::string path_;
  Backoff backoff_;          // of the thread
  std::string refusal_;      // of the thread: what the Alertmanager said last
  bool in_trouble_ = false;  // of the thread

  Mutex mutex_;
  CondVar wake_, finished_;
  AlertBook book_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;  // ends when nothing is unsent, or a push fails
  bool stop_ GUARDED_BY(mutex_) = false;      // ends at once
  bool running_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // started under mutex_, joined by Join
};

}  // namespace telltale
