// SPDX-License-Identifier: Apache-2.0
//
// Where the textfile collector leaves the families of its files, and the page of metrics finds
// them. Thread-safe.
#pragma once

#include <memory>
#include <utility>

#include "common/base/mutex.h"
#include "sidecar/collect/textfile_scan.h"

namespace telltale {

class Textfiles {
 public:
  void Set(std::shared_ptr<const TextfilePage> page) {
    MutexLock lock(mutex_);
    page_ = std::move(page);
  }
  // Null if there is no such collector.
  std::shared_ptr<const TextfilePage> Get() const {
    MutexLock lock(mutex_);
    return page_;
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const TextfilePage> page_ GUARDED_BY(mutex_);
};

}  // namespace telltale
