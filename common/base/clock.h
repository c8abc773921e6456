// SPDX-License-Identifier: Apache-2.0
//
// Clock: the only source of time, so that tests can hold it. RealClock() is the system's;
// tests/fakes/fake_clock.h is the one that stands still. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>

namespace telltale {

using SteadyTime = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  // Nanoseconds since the Unix epoch; may jump.
  virtual std::int64_t WallNanos() const = 0;
  // For durations and deadlines; never goes back.
  virtual SteadyTime Steady() const = 0;
};

Clock& RealClock();

}  // namespace telltale
