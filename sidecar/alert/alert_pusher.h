// SPDX-License-Identifier: Apache-2.0
//
// Alerts that log lines raise, pushed to an Alertmanager (v2 API) as soon as they are raised.
// Alerts with the same labels are one: the first line sends it, later ones only move its end, and
// that is sent again at most every kRefresh. An alert ends when no line came for its quiet time;
// the Alertmanager knows that time from the first push on, so it ends there also when we do not
// live to say so. Pushes that fail are tried again; there are at most kMaxActive alerts, and lines
// of further ones are counted.
//
// Threads: one of its own, which blocks in the HTTP client and lives from the first alert on;
// Configure, Raise and Stop come from any thread and return at once.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/metrics/registry.h"
#include "common/net/http/http_client.h"

namespace telltale {

struct RaisedAlert {
  Labels labels;  // alertname among them
  Labels annotations;
  std::int64_t quiet_ms = 300'000;
};

class AlertPusher {
 public:
  static constexpr std::size_t kMaxActive = 200;
  static constexpr std::chrono::seconds kRefresh{30};

  AlertPusher(Registry& registry, Clock& clock);
  ~AlertPusher();  // stops

  // http(s)://host:port, with or without a path before /api/v2/alerts; empty: nothing is pushed.
  void Configure(const std::string& url);
  void Raise(RaisedAlert alert);
  void Stop();

 private:
  struct Active {
    Labels annotations;
    std::int64_t starts = 0, last = 0;  // Unix nanoseconds
    std::int64_t quiet = 0;             // nanoseconds
    std::int64_t sent_end = 0;          // what the Alertmanager knows
    std::int64_t sent_at = 0;           // when it was told so; 0: never
    std::int64_t end() const { return last + quiet; }
  };

  void Run();
  // What is to be sent now, as JSON; empty when nothing is. The lock is held.
  std::string Due(std::int64_t now, std::map<Labels, std::int64_t>& sending);
  std::int64_t NextDue() const;
  bool Push(const std::string& body);

  Clock& clock_;
  Counter& pushes_ok_;
  Counter& pushes_failed_;
  Counter& dropped_;
  Gauge& active_count_;
  Backoff backoff_;  // of the thread

  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<Labels, Active> active_;     // guarded by mutex_
  std::string url_;                     // guarded by mutex_
  bool stop_ = false;                   // guarded by mutex_
  std::unique_ptr<HttpClient> client_;  // replaced under mutex_, by the thread; used without
  std::string path_, client_url_;       // of the thread
  bool in_trouble_ = false;             // of the thread
  std::thread thread_;                  // made under mutex_
};

}  // namespace telltale
