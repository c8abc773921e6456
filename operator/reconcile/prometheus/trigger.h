// SPDX-License-Identifier: Apache-2.0
//
// Trigger: many threads say "something changed", one thread waits for it. Any number of changes
// before the waiter looks count as one. Thread-safe.
#pragma once

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

  // Returns at the next Fire, after `longest`, or at Stop; false only at Stop.
  bool Wait(std::chrono::milliseconds longest) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, longest, [this] { return fired_ || stopped_; });
    fired_ = false;
    return !stopped_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool fired_ = false;    // guarded by mutex_
  bool stopped_ = false;  // guarded by mutex_
};

}  // namespace telltale
