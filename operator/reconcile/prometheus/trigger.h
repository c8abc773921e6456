// SPDX-License-Identifier: Apache-2.0
//
// Trigger: many threads say "something changed", one thread waits for it. Any number of changes
// before the waiter looks count as one. Thread-safe.
#pragma once

#include <chrono>

#include "common/base/mutex.h"

namespace telltale {

class Trigger {
 public:
  void Fire() {
    MutexLock lock(mutex_);
    fired_ = true;
    wake_.NotifyOne();
  }
  void Stop() {
    MutexLock lock(mutex_);
    stopped_ = true;
    wake_.NotifyAll();
  }

  // Returns at the next Fire, after `longest`, or at Stop; false only at Stop.
  bool Wait(std::chrono::milliseconds longest) {
    MutexLock lock(mutex_);
    wake_.WaitFor(mutex_, longest, [this]() REQUIRES(mutex_) { return fired_ || stopped_; });
    fired_ = false;
    return !stopped_;
  }

 private:
  Mutex mutex_;
  CondVar wake_;
  bool fired_ GUARDED_BY(mutex_) = false;
  bool stopped_ GUARDED_BY(mutex_) = false;
};

}  // namespace telltale
