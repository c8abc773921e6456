// SPDX-License-Identifier: Apache-2.0
//
// Trigger: many threads say "something changed", one thread waits for it. Any number of changes
// before the waiter looks count as one. Thread-safe.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace telltale {

class Trigger {
 public:
  void Fire() {
    std::lock_guard lock(mutex_);
    fired_ = true;
    wake_.notify_one();
  }
  void Stop() {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    wake_.notify_all();
  }
  bool stopped() const {
    std::lock_guard lock(mutex_);
    return stopped_;
  }

  // Returns at the next Fire, after `longest`, or at Stop; false only at Stop.
  bool Wait(std::chrono::milliseconds longest) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, longest, [this] { return fired_ || stopped_; });
    fired_ = false;
    return !stopped_;
  }

  // After a Wait: gathers further Fires until none came for `quiet`, at most for `bound`, and calls
  // `settled` if there were any; again until a `quiet` passes without one. False at Stop.
  template <class F>
  bool Settle(std::chrono::milliseconds quiet, std::chrono::milliseconds bound, F settled) {
    for (;;) {
      bool any = false;
      const auto deadline = std::chrono::steady_clock::now() + bound;
      std::unique_lock lock(mutex_);
      while (!stopped_ && std::chrono::steady_clock::now() < deadline) {
        const auto until = std::min(std::chrono::steady_clock::now() + quiet, deadline);
        if (!wake_.wait_until(lock, until, [this] { return fired_ || stopped_; })) break;
        any = true;
        fired_ = false;
      }
      if (stopped_) return false;
      if (!any) return true;
      lock.unlock();
      settled();
    }
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool fired_ = false;    // guarded by mutex_
  bool stopped_ = false;  // guarded by mutex_
};

}  // namespace telltale
