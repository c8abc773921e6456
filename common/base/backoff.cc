// SPDX-License-Identifier: Apache-2.0
#include "common/base/backoff.h"

#include <algorithm>
#include <random>
#include <utility>

namespace telltale {
namespace {

// SplitMix64: eight bytes of state, where a std::mt19937_64 has 2.5 KB in every retry loop.
std::function<std::uint64_t()> SystemRandom() {
  std::random_device device;
  std::uint64_t state = (std::uint64_t{device()} << 32) | device();
  return [state]() mutable {
    state += 0x9E3779B97F4A7C15u;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  };
}

}  // namespace

Backoff::Backoff(Millis initial, Millis cap, std::function<std::uint64_t()> random)
    : initial_(std::max(initial, Millis(1))),
      cap_(std::max(cap, initial_)),
      next_(initial_),
      random_(random ? std::move(random) : SystemRandom()) {}

Backoff::Millis Backoff::Next() {
  const Millis base = next_;
  // Compared before doubling, so that a cap near the largest number cannot overflow.
  next_ = base > cap_ / 2 ? cap_ : base * 2;
  const auto jitter = random_() % static_cast<std::uint64_t>(base.count());
  return base + Millis(static_cast<Millis::rep>(jitter));
}

void Backoff::Reset() { next_ = initial_; }

}  // namespace telltale
