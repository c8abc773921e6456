// SPDX-License-Identifier: Apache-2.0
//
// How long to wait between tries of a list or a watch: client-go's numbers, to which the API
// server's own limits are tuned. Used by Reflector; not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "common/base/backoff.h"
#include "common/base/clock.h"

namespace telltale {

class RetryPace {
 public:
  RetryPace(Clock& clock, std::function<std::uint64_t()> random)
      : clock_(clock), backoff_(kFirst, kLongest, std::move(random)) {}

  // Between d and 2d, where d is 800 ms and doubles with each call up to 30 s. Two minutes without
  // a call start it over: trouble once an hour is not a storm.
  std::chrono::milliseconds Next() {
    const SteadyTime now = clock_.Steady();
    if (last_ && now - *last_ >= kForgotten) backoff_.Reset();
    last_ = now;
    return backoff_.Next();
  }
  void Reset() { backoff_.Reset(); }

  static constexpr std::chrono::minutes kForgotten{2};

 private:
  static constexpr std::chrono::milliseconds kFirst{800}, kLongest{30'000};
  Clock& clock_;
  Backoff backoff_;
  std::optional<SteadyTime> last_;
};

}  // namespace telltale
