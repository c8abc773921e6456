// SPDX-License-Identifier: Apache-2.0
//
// One host name lookup that the caller can abandon. getaddrinfo cannot be interrupted and may take
// a minute of DNS timeouts, so it runs on a detached thread. The two threads share the state; a
// result that comes after the caller left is dropped. Used by the HTTP client; thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/result.h"

namespace telltale {

class HostLookup {
 public:
  // An address literal is ready at once and costs no thread.
  static std::shared_ptr<HostLookup> Start(const std::string& host);

  // The numeric addresses in the order in which to try them, at least one. kTimeout when the
  // deadline comes first (the lookup goes on, and Wait can be called again), kCancelled after
  // Interrupt, else why the name has no address.
  Result<std::vector<std::string>> Wait(SteadyTime deadline);
  void Interrupt();

 private:
  void Finish(Result<std::vector<std::string>> answer);

  Mutex mutex_;
  CondVar changed_;
  std::optional<Result<std::vector<std::string>>> answer_ GUARDED_BY(mutex_);
  bool interrupted_ GUARDED_BY(mutex_) = false;
};

}  // namespace telltale
