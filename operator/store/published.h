// SPDX-License-Identifier: Apache-2.0
//
// Published<T>: the newest immutable version of something that one thread makes and others read:
// the discovery document, the plan, what Prometheus said. Thread-safe; readers keep what they got.
#pragma once

#include <memory>
#include <utility>

#include "common/base/mutex.h"

namespace telltale {

template <class T>
class Published {
 public:
  // Null until the first Set.
  std::shared_ptr<const T> Get() const {
    MutexLock lock(mutex_);
    return value_;
  }
  void Set(std::shared_ptr<const T> value) {
    MutexLock lock(mutex_);
    value_.swap(value);
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const T> value_ GUARDED_BY(mutex_);
};

}  // namespace telltale
