// SPDX-License-Identifier: Apache-2.0
#include "common/base/backoff.h"

#include <gtest/gtest.h>

#include <limits>

namespace telltale {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, DoublesUpToItsCapAndStartsAgainAfterReset) {
  Backoff backoff(milliseconds(100), milliseconds(450), [] { return 0u; });
  EXPECT_EQ(backoff.Next(), milliseconds(100));
  EXPECT_EQ(backoff.Next(), milliseconds(200));
  EXPECT_EQ(backoff.Next(), milliseconds(400));
  EXPECT_EQ(backoff.Next(), milliseconds(450));
  EXPECT_EQ(backoff.Next(), milliseconds(450));
  backoff.Reset();
  EXPECT_EQ(backoff.Next(), milliseconds(100));
}

TEST(Backoff, AddsJitterBelowTheDelayItself) {
  Backoff backoff(milliseconds(100), milliseconds(1000), [] { return 99u; });
  EXPECT_EQ(backoff.Next(), milliseconds(199));
  EXPECT_EQ(backoff.Next(), milliseconds(299));
  Backoff wraps(milliseconds(100), milliseconds(1000), [] { return 100u; });
  EXPECT_EQ(wraps.Next(), milliseconds(100));
}

TEST(Backoff, StaysInItsRangeWithTheSystemsRandomness) {
  Backoff first(milliseconds(1000), milliseconds(1000)), second = first;
  Backoff other(milliseconds(1000), milliseconds(1000));
  int same = 0;
  for (int i = 0; i < 100; ++i) {
    const auto delay = first.Next();
    EXPECT_GE(delay, milliseconds(1000));
    EXPECT_LT(delay, milliseconds(2000));
    same += delay == other.Next() ? 1 : 0;
  }
  EXPECT_LT(same, 50);  // two loops of one fleet do not retry together
}

TEST(Backoff, TakesNonsenseWithoutDividingByZeroOrOverflowing) {
  Backoff zero(milliseconds(0), milliseconds(-5));
  EXPECT_EQ(zero.Next(), milliseconds(1));
  constexpr auto kHuge = milliseconds(std::numeric_limits<std::int64_t>::max() / 4);
  Backoff huge(kHuge, kHuge * 2, [] { return 0u; });
  EXPECT_EQ(huge.Next(), kHuge);
  EXPECT_EQ(huge.Next(), kHuge * 2);
}

}  // namespace
}  // namespace telltale
