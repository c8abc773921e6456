// SPDX-License-Identifier: Apache-2.0
//
// Reads a page of metrics again and again and keeps the last one that could be read, because the
// application that serves it may be gone without notice. Each read opens a connection of its own:
// an open one could hold up an application that ends. Reads take a fifth of the time at most, so a
// page that needs seconds is read less often.
//
// Threads: one of its own. Made, called and destroyed by the main loop.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "common/access/access_client.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/strings.h"
#include "common/metrics/registry.h"

namespace telltale {

struct PageToKeep {
  std::string url;
  Labels labels;  // that a scrape would give its samples
  bool insecure_skip_verify = false;
  bool operator==(const PageToKeep&) const = default;
};

struct KeptPage {
  std::string body;
  bool openmetrics = false;
};

class PageKeeper {
 public:
  struct Counters {
    Counter& success;
    Counter& failure;
  };
  static constexpr std::size_t kMaxPage = 2 << 20;  // read back, it takes ten times as much

  PageKeeper(PageToKeep page, std::chrono::milliseconds interval, Counters counters, Clock& clock);
  ~PageKeeper();  // at once

  const PageToKeep& page() const { return page_; }
  std::chrono::milliseconds interval() const { return interval_; }

  // The next read comes now and is the last one.
  void BeginLast() EXCLUDES(mutex_);
  // After BeginLast: what is kept; null if no page was ever read. `alive`: the last read succeeded.
  std::shared_ptr<const KeptPage> Last(bool& alive) EXCLUDES(mutex_);
  // Why the last read failed.
  const std::string& error() const { return error_; }  // after Last

 private:
  void Run() EXCLUDES(mutex_);
  std::shared_ptr<const KeptPage> Read(std::chrono::milliseconds timeout);

  const PageToKeep page_;
  const std::chrono::milliseconds interval_;
  const Counters counters_;
  Clock& clock_;
  AccessClient client_;
  std::string target_;
  std::string error_;  // of the thread

  Mutex mutex_;
  CondVar wake_;
  bool last_ GUARDED_BY(mutex_) = false, stop_ GUARDED_BY(mutex_) = false;
  bool alive_ GUARDED_BY(mutex_) = false;
  std::shared_ptr<const KeptPage> kept_ GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace telltale
