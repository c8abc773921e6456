// SPDX-License-Identifier: Apache-2.0
//
// A Clock that moves only when a test says so. Wall and steady time are set apart, because in
// life the one jumps and the other does not. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "common/base/clock.h"

namespace telltale {

class FakeClock final : public Clock {
 public:
  // 2026-11-21T01:02:03Z, so that a test that prints a time prints a plausible one.
  static constexpr std::int64_t kStartNanos = 1'795'222'923'000'000'000;

  std::int64_t WallNanos() const override { return wall_nanos_.load(); }
  SteadyTime Steady() const override {
    return SteadyTime(std::chrono::nanoseconds(steady_nanos_.load()));
  }

  // Time passes: both move.
  void Advance(std::chrono::nanoseconds by) {
    wall_nanos_ += by.count();
    steady_nanos_ += by.count();
  }
  // Somebody sets the machine's clock: only the wall jumps.
  void SetWallNanos(std::int64_t nanos) { wall_nanos_ = nanos; }
  void SetSteady(SteadyTime time) {
    steady_nanos_ = std::chrono::nanoseconds(time.time_since_epoch()).count();
  }

 private:
  std::atomic<std::int64_t> wall_nanos_{kStartNanos};
  // Not zero: code that takes a default-constructed time for "never" must not see it as now.
  std::atomic<std::int64_t> steady_nanos_{std::int64_t{3'600} * 1'000'000'000};
};

}  // namespace telltale
