// SPDX-License-Identifier: Apache-2.0
//
// Random numbers that follow from a seed on every machine (SplitMix64; the standard library's
// distributions differ between implementations). One thread at a time.
#pragma once

#include <cstdint>
#include <string_view>

namespace telltale::faults {

class Seeded {
 public:
  explicit Seeded(std::uint64_t seed) : state_(seed) {}
  // A stream of its own for a part, so that a draw more here changes nothing there.
  Seeded(std::uint64_t seed, std::string_view part) : state_(seed) {
    for (const char c : part) state_ = (state_ ^ static_cast<unsigned char>(c)) * 1099511628211u;
    Next();
  }

  std::uint64_t Next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  std::uint64_t Below(std::uint64_t limit) { return limit == 0 ? 0 : Next() % limit; }
  int Between(int low, int high) {
    return low + static_cast<int>(Below(static_cast<std::uint64_t>(high - low) + 1));
  }
  bool Chance(double probability) {
    return static_cast<double>(Next() >> 11) * 0x1.0p-53 < probability;
  }

 private:
  std::uint64_t state_;
};

}  // namespace telltale::faults
