// SPDX-License-Identifier: Apache-2.0
//
// Polls a URL again and again, and keeps its series. A poll begins every interval, whatever the one
// before it took: its timeout is no longer than the interval.
//
// Threads: one of its own for each poller, so that a server that hangs holds up no other poll and
// no collector. Made and destroyed by the main loop.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <thread>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/metrics/registry.h"
#include "sidecar/poll/http_probe.h"

namespace telltale {

class HttpPoller {
 public:
  // `cycle`: that of the collectors, for a poll without an interval of its own.
  HttpPoller(HttpPollConfig config, std::chrono::milliseconds cycle, Registry& registry,
             Clock& clock);
  ~HttpPoller();  // ends the poll that is under way, and takes the series along
  HttpPoller(const HttpPoller&) = delete;
  HttpPoller& operator=(const HttpPoller&) = delete;

  // Blocks until the first poll has published its series.
  void AwaitFirst() EXCLUDES(mutex_);

  const HttpPollConfig& config() const { return config_; }
  std::chrono::milliseconds interval() const { return interval_; }

 private:
  void Run();
  void Publish(const PollResult& result, double seconds);
  // Series that are there only while they have a value.
  void SetOptional(std::string_view name, std::string_view help, bool there, double value);

  const HttpPollConfig config_;
  const std::chrono::milliseconds interval_, timeout_;
  Registry& registry_;
  Clock& clock_;
  const Labels labels_;
  Gauge& up_;
  Gauge& status_;
  Gauge& truncated_;
  Histogram& duration_;
  Counter& successes_;
  std::map<std::string_view, Counter*> failures_;
  std::string last_error_;  // so that a lasting one is logged once
  HttpProbe probe_;

  Mutex mutex_;
  CondVar stopped_, polled_;
  bool stop_ GUARDED_BY(mutex_) = false;
  bool polled_once_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace telltale
