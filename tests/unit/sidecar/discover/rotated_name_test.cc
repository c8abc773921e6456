// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/rotated_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace telltale {
namespace {

using testing::ElementsAre;

TEST(RotatedName, NumbersDatesAndOldAreRotationsAndOtherWordsAreNot) {
  for (const char* name :
       {"a.log.1", "a.log.10.gz", "a.log-20240131", "a.log.2024-01-31.2.gz",
        "a.log.20240131-010203", "a.log.20240131T010203Z", "a.log_1", "a.log.old", "a.log.gz",
        "a.log.1706660000", "a.log.31-Jan-2024", "a.log-31January2024.gz", "a.log.2024-W05",
        "a.log-2024w5", "a.log (1)", "a.log.Sun-31-Mar", "a.log.@400000006740a1b20c0ffee0",
        "a.log.prev", "a.log_2024-01-31 10.00.00 PM"}) {
    EXPECT_TRUE(IsRotationOf("a.log", name)) << name;
  }
  for (const char* name :
       {"a.log",       "a.log.",     "a.log1",        "a.log.lock",  "a.log.json",
        "a.log.1.tmp", "a.log.bak1", "b.log.1",       "a.log.1.zip", "xa.log.1",
        "a.log.-1",    "",           "a.log.1.log",   "a.log.may",   "a.log.1-host",
        "a.log.@1",    "a.log.1ab",  "a.log.Janus-1", "a.log.)1",    "a.log.old2"}) {
    EXPECT_FALSE(IsRotationOf("a.log", name)) << name;
  }
  EXPECT_FALSE(IsRotationOf("", ".1"));
}

TEST(RotatedName, ADateInFrontOfTheNameIsARotationAndANumberOrAnAddressIsNot) {
  for (const char* name :
       {"20260131-app.log.gz", "2026-01-31-app.log", "2026-01-31_app.log.gz", "202601.app.log",
        "2026-01-31T10-00-00.app.log.gz", "1796000000-app.log.gz", "31-01-2026-app.log.gz",
        "31-Jan-2026-app.log.gz", "20260131 app.log"}) {
    EXPECT_TRUE(IsDatedBefore("app.log", name)) << name;
    EXPECT_TRUE(IsGenerationOf("app.log", name)) << name;
  }
  for (const char* name :
       {"1-app.log", "192.168.1.10-app.log.gz", "20260131app.log", "20260131-api.log.gz",
        "20260131-my-app.log.gz", "20269931-app.log", "app.log", "-app.log", "2026-app.log",
        "20260131-app.log.xz", "20260131-app.log.bak"}) {
    EXPECT_FALSE(IsDatedBefore("app.log", name)) << name;
  }
  EXPECT_THAT(BasesBehindDate("2026-11-28-app.log.gz"), ElementsAre("28-app.log", "app.log"));
}

TEST(RotatedName, WordsForOlderMayStandInFrontOfTheExtension) {
  for (const char* name : {"app.old.log.gz", "app-prev.log", "app.1.log.gz"}) {
    EXPECT_TRUE(IsDatedBeside("app.log", name)) << name;
  }
  for (const char* name : {"app-api.log", "app.old1.log", "app-server.old.log"}) {
    EXPECT_FALSE(IsDatedBeside("app.log", name)) << name;
  }
}

TEST(RotatedName, AWordOfANameIsNoPartOfAnother) {
  for (const char* name : {"archive-app.log.gz", "app.gz", "old_app.20260131.gz", "x.app"}) {
    EXPECT_TRUE(Mentions(name, "app.log")) << name;
  }
  for (const char* name : {"myapp.log.gz", "app2.log", "happy.gz", "api.log", ""}) {
    EXPECT_FALSE(Mentions(name, "app.log")) << name;
  }
}

// The names, given with the times of their last changes, from the oldest on.
std::vector<std::string> Sorted(std::vector<std::pair<std::string, int>> files) {
  std::vector<RotatedFile> list;
  for (const auto& [name, modified] : files) {
    list.push_back({name, {}});
    list.back().info.modified = modified;
  }
  SortByAge("a.log", list);
  std::vector<std::string> out;
  for (const RotatedFile& file : list) out.push_back(file.name);
  return out;
}

TEST(RotatedName, OfNumbersTheLargestIsTheOldest) {
  EXPECT_THAT(Sorted({{"a.log.1", 9}, {"a.log.10.gz", 1}, {"a.log.2", 5}}),
              ElementsAre("a.log.10.gz", "a.log.2", "a.log.1"));
  EXPECT_THAT(Sorted({{"a.log.1", 5}, {"a.log.2", 5}}), ElementsAre("a.log.2", "a.log.1"));
}

TEST(RotatedName, ATimeThatSaysOtherwiseWins) {
  EXPECT_THAT(Sorted({{"a.log.1", 1}, {"a.log.2", 2}, {"a.log.10", 3}}),
              ElementsAre("a.log.1", "a.log.2", "a.log.10"));
}

TEST(RotatedName, DatesAreInTheirOrderWhateverTheirTimes) {
  // The kubelet compresses a generation when the next one is rotated.
  EXPECT_THAT(Sorted({{"a.log.20240131-020000", 7}, {"a.log.20240131-010000.gz", 8}}),
              ElementsAre("a.log.20240131-010000.gz", "a.log.20240131-020000"));
  EXPECT_THAT(Sorted({{"a.log.2024-01-31.10", 1}, {"a.log.2024-01-31.9", 1}}),
              ElementsAre("a.log.2024-01-31.9", "a.log.2024-01-31.10"));
}

TEST(RotatedName, DatesWithMonthsInWordsGoByTime) {
  EXPECT_THAT(Sorted({{"a.log.5-Nov-2026", 2}, {"a.log.31-Oct-2026", 1}}),
              ElementsAre("a.log.31-Oct-2026", "a.log.5-Nov-2026"));
  EXPECT_THAT(Sorted({{"a.log.2026-Apr-01", 2}, {"a.log.2026-Mar-02", 1}}),
              ElementsAre("a.log.2026-Mar-02", "a.log.2026-Apr-01"));
}

TEST(RotatedName, DatesInFrontAreInTheirOrder) {
  EXPECT_THAT(Sorted({{"20240132-a.log.gz", 1}, {"20240131-a.log.gz", 2}}),
              ElementsAre("20240131-a.log.gz", "20240132-a.log.gz"));
}

TEST(RotatedName, MixedSchemesGoByTime) {
  EXPECT_THAT(Sorted({{"a.log.1", 2}, {"a.log-20240131", 1}, {"a.log.old", 3}}),
              ElementsAre("a.log-20240131", "a.log.1", "a.log.old"));
}

}  // namespace
}  // namespace telltale
