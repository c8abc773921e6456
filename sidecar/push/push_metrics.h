// SPDX-License-Identifier: Apache-2.0
//
// What the sidecar counts of pushes: Pushgateway's own metrics under their names, and what was
// refused by a limit. Thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/mutex.h"
#include "common/metrics/registry.h"

namespace telltale {

enum class PushRefusal { kBody, kGroups, kSeries, kNotLocal };

class PushMetrics {
 public:
  explicit PushMetrics(Registry& registry);

  // An answered request. `method` is in lower case; `handler` is push or delete.
  void Answered(int status, std::string_view handler, std::string_view method);
  void Pushed(std::string_view method, std::size_t bytes, std::chrono::nanoseconds took);
  // Counts, and says so in the log at most once a minute and reason, with the number since.
  void Refused(PushRefusal reason, const std::string& sentence);
  void ShowStore(std::size_t groups, std::size_t series, std::size_t hidden);

 private:
  struct Reason {
    Counter* counter = nullptr;
    std::size_t unsaid = 0;
    std::chrono::steady_clock::time_point said{};
  };

  Registry& registry_;
  Gauge& groups_;
  Gauge& series_;
  Gauge& hidden_;
  Mutex mutex_;
  std::array<Reason, 4> reasons_ GUARDED_BY(mutex_);
};

}  // namespace telltale
