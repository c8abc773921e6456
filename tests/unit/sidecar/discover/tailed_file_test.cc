// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/tailed_file.h"

#include <gtest/gtest.h>

namespace telltale {
namespace {

SteadyTime At(int seconds) { return SteadyTime(std::chrono::seconds(seconds)); }
constexpr std::int64_t kSecond = 1'000'000'000;

TEST(ArrivalTimes, ALineHasTheTimeOfTheFirstLookThatCoversIt) {
  ArrivalTimes seen;
  seen.Note(100, 1 * kSecond, At(1));
  seen.Note(200, 2 * kSecond, At(2));
  EXPECT_EQ(seen.WallAt(0), 1 * kSecond);
  EXPECT_EQ(seen.WallAt(99), 1 * kSecond);
  EXPECT_EQ(seen.WallAt(100), 2 * kSecond);
  EXPECT_EQ(seen.WallAt(500), 2 * kSecond);
  EXPECT_EQ(*seen.OldestSince(100), At(2));
  EXPECT_EQ(seen.OldestSince(200), nullptr);
  seen.Drop(100);
  EXPECT_EQ(seen.WallAt(0), 2 * kSecond);
}

TEST(ArrivalTimes, LooksWithinMillisecondsAreOne) {
  ArrivalTimes seen;
  seen.Note(100, kSecond, At(1));
  seen.Note(200, kSecond + 1'000'000, At(1));
  EXPECT_EQ(seen.WallAt(150), kSecond);
  seen.Note(200, 9 * kSecond, At(9));
  EXPECT_EQ(seen.WallAt(500), kSecond);
}

TEST(ArrivalTimes, ADayWithoutLokiKeepsTheOrderInBoundedMemory) {
  ArrivalTimes seen;
  for (int i = 1; i <= 86'400; ++i) {
    seen.Note(static_cast<std::uint64_t>(i) * 100, i * kSecond, At(i));
  }
  std::int64_t before = 0;
  for (std::uint64_t offset = 0; offset < 8'640'000; offset += 5'000) {
    std::int64_t wall = seen.WallAt(offset), written = static_cast<std::int64_t>(offset / 100 + 1);
    EXPECT_GE(wall, before);
    EXPECT_GE(wall, written * kSecond);
    // 64 looks in 24 hours are 23 minutes apart, or twice that.
    EXPECT_LE(wall, (written + 46 * 60) * kSecond);
    before = wall;
  }
}

}  // namespace
}  // namespace telltale
