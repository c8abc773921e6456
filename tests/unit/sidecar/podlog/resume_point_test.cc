// SPDX-License-Identifier: Apache-2.0
#include "sidecar/podlog/resume_point.h"

#include <gtest/gtest.h>

namespace telltale {
namespace {

constexpr std::int64_t kNoon = 1'795'262'400'000'000'000;  // 2026-11-21T12:00:00Z
constexpr std::int64_t kSecond = 1'000'000'000;

TEST(ResumePoint, BeforeTheFirstLineEverythingIsAskedForAndNew) {
  ResumePoint point;
  EXPECT_FALSE(point.Since());
  EXPECT_FALSE(point.IsGap(kNoon));
  point.Begin();
  EXPECT_TRUE(point.IsNew(kNoon, "a"));
}

TEST(ResumePoint, LinesOfTheLastSecondComeAgainAndAreKnownAsOftenAsTheyWereThere) {
  ResumePoint point;
  point.Keep(kNoon, "same");
  point.Keep(kNoon, "same");
  point.Keep(kNoon + 5, "other");
  EXPECT_EQ(point.Since(), "2026-11-21T11:59:59Z");
  for (int answers = 0; answers < 2; ++answers) {
    point.Begin();
    EXPECT_FALSE(point.IsNew(kNoon, "same"));
    EXPECT_FALSE(point.IsNew(kNoon, "same"));
    EXPECT_FALSE(point.IsNew(kNoon + 5, "other"));
    EXPECT_TRUE(point.IsNew(kNoon, "same")) << "the third of its kind";
    EXPECT_TRUE(point.IsNew(kNoon + 5, "another"));
  }
}

TEST(ResumePoint, ALineThatIsAMomentOutOfOrderIsNeitherLostNorDoubled) {
  ResumePoint point;
  point.Keep(kNoon + 2, "stderr");
  point.Keep(kNoon - 1, "stdout");  // of the second before
  EXPECT_EQ(point.Since(), "2026-11-21T11:59:59Z");
  point.Begin();
  EXPECT_FALSE(point.IsNew(kNoon + 2, "stderr"));
  EXPECT_FALSE(point.IsNew(kNoon - 1, "stdout"));
  EXPECT_TRUE(point.IsNew(kNoon - 2, "late"));
}

TEST(ResumePoint, WhatIsNotAskedForAgainIsForgotten) {
  ResumePoint point;
  point.Keep(kNoon, "old");
  point.Keep(kNoon + 10 * kSecond, "new");
  EXPECT_EQ(point.Since(), "2026-11-21T12:00:09Z");
  point.Begin();
  EXPECT_TRUE(point.IsNew(kNoon, "old"));
}

TEST(ResumePoint, AnAnswerThatBeginsBehindTheLastLineHasAGap) {
  ResumePoint point;
  point.Keep(kNoon, "last");
  EXPECT_FALSE(point.IsGap(kNoon - 1));
  EXPECT_FALSE(point.IsGap(kNoon));
  EXPECT_TRUE(point.IsGap(kNoon + 1));
}

}  // namespace
}  // namespace telltale
