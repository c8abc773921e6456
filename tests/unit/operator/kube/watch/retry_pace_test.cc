// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/watch/retry_pace.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RetryPace, DoublesFrom800MillisecondsToThirtySecondsWithJitterUpToTwice) {
  for (const bool most : {false, true}) {
    FakeClock clock;
    RetryPace pace(clock, [&] { return most ? ~std::uint64_t{0} : 0; });
    for (const int base : {800, 1600, 3200, 6400, 12800, 25600, 30000, 30000}) {
      const auto wait = pace.Next();
      EXPECT_GE(wait, milliseconds(base));
      EXPECT_LT(wait, milliseconds(2 * base));
      clock.Advance(wait);
    }
  }
}

TEST(RetryPace, StartsOverAfterTwoMinutesWithoutTrouble) {
  FakeClock clock;
  RetryPace pace(clock, [] { return std::uint64_t{0}; });
  pace.Next();
  pace.Next();
  clock.Advance(seconds(119));
  EXPECT_EQ(pace.Next(), milliseconds(3200));
  clock.Advance(seconds(120));
  EXPECT_EQ(pace.Next(), milliseconds(800));
  pace.Next();
  pace.Reset();
  EXPECT_EQ(pace.Next(), milliseconds(800));
}

}  // namespace
}  // namespace telltale
