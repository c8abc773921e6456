// SPDX-License-Identifier: Apache-2.0
//
// Exponential backoff with full jitter in [d, 2d), reset by the caller after success.
// Not thread-safe; each retry loop owns one. The jitter source is injected for tests.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace telltale {

class Backoff {
 public:
  using Millis = std::chrono::milliseconds;
  // `random` returns any 64-bit value; the default is seeded from the system.
  Backoff(Millis initial, Millis cap, std::function<std::uint64_t()> random = {});

  Millis Next();
  void Reset();

 private:
  Millis initial_, cap_, next_;
  std::function<std::uint64_t()> random_;
};

}  // namespace telltale
