// SPDX-License-Identifier: Apache-2.0
#include "common/base/rfc3339.h"

#include <gtest/gtest.h>

#include <limits>

namespace telltale {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(Rfc3339, ParsesSecondsFractionsAndOffsets) {
  EXPECT_EQ(ParseRfc3339("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(ParseRfc3339("2026-11-21T01:02:03Z"), 1'795'222'923 * kSecond);
  EXPECT_EQ(ParseRfc3339("2026-11-21T01:02:03.5Z"), 1'795'222'923 * kSecond + 500'000'000);
  EXPECT_EQ(ParseRfc3339("2026-11-21T01:02:03.123456789Z"), 1'795'222'923 * kSecond + 123'456'789);
  EXPECT_EQ(ParseRfc3339("2026-11-21T03:32:03.000000001+02:30"), 1'795'222'923 * kSecond + 1);
  EXPECT_EQ(ParseRfc3339("2026-11-20T20:02:03-05:00"), 1'795'222'923 * kSecond);
  EXPECT_EQ(ParseRfc3339("2026-11-21t01:02:03z"), 1'795'222'923 * kSecond);
}

TEST(Rfc3339, KnowsLeapYearsAndDaysOfMonths) {
  EXPECT_EQ(ParseRfc3339("2000-02-29T00:00:00Z"), 951'782'400 * kSecond);
  EXPECT_EQ(ParseRfc3339("2024-02-29T23:59:59Z"), 1'709'251'199 * kSecond);
  EXPECT_EQ(ParseRfc3339("2024-03-01T00:00:00Z"), 1'709'251'200 * kSecond);
  for (const std::string_view bad :
       {"2023-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2024-02-30T00:00:00Z",
        "2024-04-31T00:00:00Z", "2024-06-31T00:00:00Z", "2024-01-32T00:00:00Z",
        "2024-01-00T00:00:00Z", "2024-00-01T00:00:00Z", "2024-13-01T00:00:00Z"}) {
    EXPECT_EQ(ParseRfc3339(bad), std::nullopt) << bad;
  }
}

TEST(Rfc3339, RefusesEverythingElse) {
  for (const std::string_view bad : {"",
                                     "2024-01-01",
                                     "2024-01-01T00:00:00",
                                     "2024-01-01 00:00:00Z",
                                     "2024-01-01T24:00:00Z",
                                     "2024-01-01T00:60:00Z",
                                     "2024-01-01T00:00:60Z",
                                     "2024-01-01T00:00:00.Z",
                                     "2024-01-01T00:00:00.1234567890Z",
                                     "2024-01-01T00:00:00.5",
                                     "2024-01-01T00:00:00,5Z",
                                     "2024-01-01T00:00:00+0100",
                                     "2024-01-01T00:00:00+24:00",
                                     "2024-01-01T00:00:00+01:60",
                                     "2024-01-01T00:00:00+01:0",
                                     "2024-01-01T00:00:00ZZ",
                                     "2024-01-01T00:00:00Z ",
                                     "24-01-01T00:00:00Z  ",
                                     "2024/01/01T00:00:00Z",
                                     "x024-01-01T00:00:00Z",
                                     "2024-01-01T0x:00:00Z",
                                     "2024-1-01T00:00:00.0Z",
                                     "2024-01-01T00:00:00.x5Z"}) {
    EXPECT_EQ(ParseRfc3339(bad), std::nullopt) << bad;
  }
}

TEST(Rfc3339, HoldsTheRangeOf64BitNanoseconds) {
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(ParseRfc3339("2262-04-11T23:47:16.854775807Z"), kMax);
  EXPECT_EQ(ParseRfc3339("2262-04-11T23:47:16.854775808Z"), std::nullopt);
  EXPECT_EQ(ParseRfc3339("9999-12-31T23:59:59Z"), std::nullopt);
  EXPECT_EQ(ParseRfc3339("1969-12-31T23:59:59Z"), std::nullopt);
  EXPECT_EQ(ParseRfc3339("1970-01-01T00:00:00+00:01"), std::nullopt);
  EXPECT_EQ(ParseRfc3339("0000-01-01T00:00:00Z"), std::nullopt);
  EXPECT_EQ(FormatRfc3339(kMax, 9), "2262-04-11T23:47:16.854775807Z");
}

TEST(Rfc3339, FormatsWithTheDigitsAskedFor) {
  constexpr std::int64_t kTime = 1'795'222'923 * kSecond + 45'678'901;
  EXPECT_EQ(FormatRfc3339(kTime), "2026-11-21T01:02:03Z");
  EXPECT_EQ(FormatRfc3339(kTime, 3), "2026-11-21T01:02:03.045Z");
  EXPECT_EQ(FormatRfc3339(kTime, 6), "2026-11-21T01:02:03.045678Z");
  EXPECT_EQ(FormatRfc3339(kTime, 9), "2026-11-21T01:02:03.045678901Z");
  EXPECT_EQ(FormatRfc3339(-1, 9), "1969-12-31T23:59:59.999999999Z");
}

TEST(Rfc3339, ReadsBackWhatItWroteOnEveryDayOfFourCenturies) {
  constexpr std::int64_t kDay = 86'400 * kSecond;
  for (std::int64_t day = 0; day < 106'751; ++day) {
    const std::int64_t nanos = day * kDay + (day * 7'919'000'123 % kDay);
    ASSERT_EQ(ParseRfc3339(FormatRfc3339(nanos, 9)), nanos) << FormatRfc3339(nanos, 9);
  }
}

}  // namespace
}  // namespace telltale
