// SPDX-License-Identifier: Apache-2.0
#include "common/net/http/http_date.h"

#include <gtest/gtest.h>

namespace telltale {
namespace {

using std::chrono::seconds;

TEST(HttpDate, TheThreeFormsOfRfc9110AreTheSameSecond) {
  for (const char* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov  6 08:49:37 1994", " Sun, 06 nov 1994 08:49:37 GMT "}) {
    EXPECT_EQ(ParseHttpDate(text), 784'111'777) << text;
  }
  EXPECT_EQ(ParseHttpDate("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
  EXPECT_EQ(ParseHttpDate("Thu, 29 Feb 2024 23:59:59 GMT"), 1'709'251'199);
  EXPECT_EQ(ParseHttpDate("Monday, 30-Nov-26 10:00:00 GMT"), 1'796'032'800);
  EXPECT_EQ(ParseHttpDate("Mon Nov 30 10:00:00 2026"), 1'796'032'800);
}

TEST(HttpDate, OtherTextIsNoDate) {
  for (const char* text :
       {"", "120", "2026-11-30T10:00:00Z", "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Nov 1994 08:49 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, -6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT", "Sunday, 06-Nov GMT x",
        "Sunday, 06-Nov-94 08:49:37 UTC", "Sun Nov xx 08:49:37 1994", "Sun Nov 6 8:49:37 1994"}) {
    EXPECT_EQ(ParseHttpDate(text), std::nullopt) << text;
  }
}

TEST(RetryAfter, ANumberIsSecondsAndADateIsSeenFromNow) {
  EXPECT_EQ(ParseRetryAfter("120", 0), seconds(120));
  EXPECT_EQ(ParseRetryAfter(" 0 ", 0), seconds(0));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:49:37 GMT", 784'111'700), seconds(77));
  EXPECT_EQ(ParseRetryAfter("Sun, 06 Nov 1994 08:49:37 GMT", 784'111'778), seconds(0));
  EXPECT_GT(ParseRetryAfter("99999999999999999999999", 0), seconds(1'000'000));
}

TEST(RetryAfter, OtherTextIsNothing) {
  for (const char* text : {"", "soon", "-1", "1.5", "10s"}) {
    EXPECT_EQ(ParseRetryAfter(text, 0), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace telltale
