// SPDX-License-Identifier: Apache-2.0
//
// Which seeds a test program runs: TELLTALE_FAULT_SEEDS=27 one, 27,31 some, 1000-1999 many; without
// it those that the program names.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "common/base/log.h"

namespace telltale::faults {

inline std::vector<std::uint64_t> SeedsOr(std::uint64_t first, std::uint64_t count) {
  std::vector<std::uint64_t> seeds;
  const char* given = std::getenv("TELLTALE_FAULT_SEEDS");
  if (given == nullptr || *given == '\0') {
    for (std::uint64_t i = 0; i < count; ++i) seeds.push_back(first + i);
    return seeds;
  }
  const char* at = given;
  while (*at != '\0') {
    char* end = nullptr;
    const std::uint64_t low = std::strtoull(at, &end, 10);
    if (end == at) break;  // no number: the rest says nothing
    std::uint64_t high = low;
    if (*end == '-') high = std::strtoull(end + 1, &end, 10);
    for (std::uint64_t seed = low; seed <= high; ++seed) seeds.push_back(seed);
    at = *end == ',' ? end + 1 : end;
  }
  return seeds;
}

// The named ones; none when TELLTALE_FAULT_SEEDS names others.
inline std::vector<std::uint64_t> SeedsOr(std::vector<std::uint64_t> seeds) {
  const char* given = std::getenv("TELLTALE_FAULT_SEEDS");
  if (given != nullptr && *given != '\0') seeds.clear();
  return seeds;
}

// The `part`-th `count` seeds that follow from the date (UTC), from 1,000,000 on: each day tries
// other plans, and one that fails is repeated by its seed. None when TELLTALE_FAULT_SEEDS names
// others.
inline std::vector<std::uint64_t> SeedsOfTheDay(std::uint64_t part, std::uint64_t count) {
  const char* given = std::getenv("TELLTALE_FAULT_SEEDS");
  if (given != nullptr && *given != '\0') return {};
  const auto day = static_cast<std::uint64_t>(std::time(nullptr) / 86'400);
  std::vector<std::uint64_t> seeds;
  for (std::uint64_t i = 0; i < count; ++i) {
    seeds.push_back(1'000'000 + day * 1'000 + part * count + i);
  }
  return seeds;
}

// Faults make the program talk; TELLTALE_FAULT_LOG=info lets one hear it.
inline void QuietLog() {
  const char* level = std::getenv("TELLTALE_FAULT_LOG");
  EXPECT_TRUE(ConfigureLog(level == nullptr ? "error" : level, "logfmt").ok());
}

}  // namespace telltale::faults
