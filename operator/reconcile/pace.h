// SPDX-License-Identifier: Apache-2.0
//
// Pace: how often work on many keys may be done, so that all of it together takes a twentieth of a
// core, and leads to fifty writes a second, however often it is asked for: in a small cluster at
// once, in one of a thousand busy resources every twenty seconds for each. Used by
// StatusReconciler; thread-safe.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string>

#include "common/base/clock.h"
#include "common/base/mutex.h"

namespace telltale {

class Pace {
 public:
  using Millis = std::chrono::milliseconds;
  explicit Pace(Clock& clock, Millis longest) : clock_(clock), longest_(longest) {}

  // How long the work on this key must wait; zero for one that was not worked on lately.
  Millis MustWait(const std::string& key) const {
    MutexLock lock(mutex_);
    const auto found = last_.find(key);
    if (found == last_.end()) return Millis(0);
    const auto each = std::max<SteadyTime::duration>(average_ * kShare, kLeast);
    const auto all = each * static_cast<std::int64_t>(last_.size());
    if (all < kNotWorthIt) return Millis(0);
    const auto due = found->second + std::min<SteadyTime::duration>(all, longest_);
    return std::max(std::chrono::ceil<Millis>(due - clock_.Steady()), Millis(0));
  }
  void Worked(const std::string& key, SteadyTime began) {
    MutexLock lock(mutex_);
    const SteadyTime now = clock_.Steady();
    average_ += (now - began - average_) / kSmooth;
    last_[key] = now;
  }
  void Forget(const std::string& key) {
    MutexLock lock(mutex_);
    last_.erase(key);
  }
  void KeepOnly(const std::set<std::string>& keys) {
    MutexLock lock(mutex_);
    std::erase_if(last_, [&](const auto& entry) { return !keys.contains(entry.first); });
  }

 private:
  static constexpr int kShare = 20, kSmooth = 8;
  static constexpr Millis kNotWorthIt{100};
  // For each key: the work costs little, but what comes of it is a write for the API server too.
  static constexpr Millis kLeast{20};

  Clock& clock_;
  const Millis longest_;
  mutable Mutex mutex_;
  std::map<std::string, SteadyTime> last_ GUARDED_BY(mutex_);
  SteadyTime::duration average_ GUARDED_BY(mutex_){0};  // of the work on one key
};

}  // namespace telltale
