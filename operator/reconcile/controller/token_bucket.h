// SPDX-License-Identifier: Apache-2.0
//
// A token bucket that gives its tokens away before it has them: Take says how long to wait for the
// one that was taken. Internal to work_queue.cc, which calls it under its lock.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

#include "common/base/clock.h"

namespace telltale {

class TokenBucket {
 public:
  TokenBucket(double per_second, double burst, Clock& clock)
      : per_second_(per_second),
        burst_(burst),
        clock_(clock),
        tokens_(burst),
        at_(clock.Steady()) {}

  std::chrono::milliseconds Take() {
    const SteadyTime now = clock_.Steady();
    const double passed = std::chrono::duration<double>(now - at_).count();
    tokens_ = std::min(burst_, tokens_ + passed * per_second_) - 1;
    at_ = now;
    const double seconds = tokens_ >= 0 ? 0 : -tokens_ / per_second_;
    return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(seconds * 1000)));
  }

 private:
  const double per_second_, burst_;
  Clock& clock_;
  double tokens_;
  SteadyTime at_;
};

}  // namespace telltale
