// SPDX-License-Identifier: Apache-2.0
#include "common/base/clock.h"

namespace telltale {
namespace {

class SystemClock final : public Clock {
 public:
  std::int64_t WallNanos() const override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  SteadyTime Steady() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace

Clock& RealClock() {
  static SystemClock clock;
  return clock;
}

}  // namespace telltale
