// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "common/base/rfc3339.h"
#include "sidecar/pipeline/time/go_time.h"
#include "sidecar/pipeline/time/posix_rule.h"
#include "sidecar/pipeline/time/zone_table.h"
#include "tests/unit/sidecar/pipeline/stage_runner.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kSecond = 1'000'000'000;

std::optional<std::int64_t> Time(std::string_view format, std::string_view text,
                                 std::string_view zone = "", std::int64_t now = kStageNow) {
  std::shared_ptr<const TimeZone> loaded;
  if (!zone.empty()) {
    auto result = TimeZone::Load(zone);
    EXPECT_TRUE(result.ok()) << zone;
    loaded = *result;
  }
  auto compiled = TimeFormat::Compile(format, loaded);
  EXPECT_TRUE(compiled.ok()) << format;
  return compiled ? compiled->Parse(text, now) : std::nullopt;
}

std::int64_t At(std::string_view rfc3339) { return *ParseRfc3339(rfc3339); }

std::string Refusal(std::string_view format) {
  auto compiled = TimeFormat::Compile(format, nullptr);
  return compiled ? "" : compiled.error().message;
}

TEST(TimeFormat, ReadsTheNamedFormatsAndGoLayouts) {
  EXPECT_EQ(Time("RFC3339", "2026-11-21T01:02:03Z"), kStageNow);
  EXPECT_EQ(Time("RFC3339Nano", "2026-11-21T02:02:03.5+01:00"), kStageNow + kSecond / 2);
  EXPECT_EQ(Time("2006-01-02 15:04:05", "2026-11-21 01:02:03"), kStageNow);
  EXPECT_EQ(Time("2006-01-02 15:04:05", "2026-11-21 01:02:03.250"), kStageNow + kSecond / 4);
  EXPECT_EQ(Time("2006-01-02 15:04:05,000", "2026-11-21 01:02:03,250"), kStageNow + kSecond / 4);
  EXPECT_EQ(Time("02/Jan/2006:15:04:05 -0700", "21/Nov/2026:03:02:03 +0200"), kStageNow);
  EXPECT_EQ(Time("Jan _2 3:04:05PM 06", "Nov 21 1:02:03AM 26"), kStageNow);
  EXPECT_EQ(Time("2006.002 15:04:05", "2026.325 01:02:03"), kStageNow);
  EXPECT_EQ(Time("RFC1123", "Sat, 21 Nov 2026 01:02:03 GMT"), kStageNow);
  EXPECT_EQ(Time("2006-01-02T15:04:05+00:00", "2026-11-21T01:02:03+00:00"), kStageNow);
  EXPECT_EQ(Time("2006-01-02T15:04:05.000Z", "2026-11-21T01:02:03.250Z"), kStageNow + kSecond / 4);
}

TEST(TimeFormat, KeepsAllDigitsOfUnixTimes) {
  EXPECT_EQ(Time("Unix", "1795222923"), kStageNow);
  EXPECT_EQ(Time("Unix", "1796000000.123456789"), 1'796'000'000'123'456'789);
  EXPECT_EQ(Time("Unix", "1796000000.1234567899"), 1'796'000'000'123'456'789);
  EXPECT_EQ(Time("UnixMs", "1795222923007"), kStageNow + 7'000'000);
  EXPECT_EQ(Time("UnixMs", "1795222923007.5"), kStageNow + 7'500'000);
  EXPECT_EQ(Time("UnixUs", "1795222923000007"), kStageNow + 7'000);
  EXPECT_EQ(Time("UnixNs", "1796000000123456789"), 1'796'000'000'123'456'789);
  for (const char* bad : {"12a", "-1", "", ".5", "1.", "1.x", "99999999999999999999"}) {
    EXPECT_FALSE(Time("Unix", bad)) << bad;
  }
}

TEST(TimeFormat, AJsonNumberOfNanosecondsArrivesWithAllItsDigits) {
  StageRunner runner(
      {{JsonSpec{{{"ts", ""}}, "", false}, TimestampSpec{"ts", "UnixNs", {}, "", true}}});
  runner.Line(R"({"ts":1796000000123456789})");
  EXPECT_EQ(runner.time(), 1'796'000'000'123'456'789);
  StageRunner seconds(
      {{JsonSpec{{{"ts", ""}}, "", false}, TimestampSpec{"ts", "Unix", {}, "", true}}});
  seconds.Line(R"({"ts":1796000000.123456789})");
  EXPECT_EQ(seconds.time(), 1'796'000'000'123'456'789);
}

TEST(TimeFormat, ADateWithoutAYearIsTheLatestThatIsNotAhead) {
  const std::int64_t now = At("2026-11-30T12:00:00Z");
  const auto year = [&](std::string_view text, std::int64_t at) {
    return Time("Jan _2 15:04:05", text, "", at);
  };
  EXPECT_EQ(year("Nov 30 11:59:59", now), At("2026-11-30T11:59:59Z"));
  EXPECT_EQ(year("Dec  1 11:59:59", now), At("2026-12-01T11:59:59Z"));  // a clock that is ahead
  EXPECT_EQ(year("Dec  1 12:00:01", now), At("2025-12-01T12:00:01Z"));
  EXPECT_EQ(year("Dec 31 00:00:00", now), At("2025-12-31T00:00:00Z"));
  EXPECT_EQ(year("Jan  1 00:00:00", now), At("2026-01-01T00:00:00Z"));
  EXPECT_EQ(year("Dec 31 23:59:59", At("2027-01-01T00:00:00Z")), At("2026-12-31T23:59:59Z"));
  EXPECT_EQ(year("Jan  1 00:00:01", At("2026-12-31T23:59:59Z")), At("2027-01-01T00:00:01Z"));
  EXPECT_EQ(year("Feb 29 10:00:00", now), At("2024-02-29T10:00:00Z"));
  EXPECT_EQ(year("Feb 29 10:00:00", At("2028-03-01T00:00:00Z")), At("2028-02-29T10:00:00Z"));
  EXPECT_EQ(year("Feb 29 10:00:00", At("2103-03-01T00:00:00Z")), At("2096-02-29T10:00:00Z"));
  EXPECT_FALSE(year("Feb 30 10:00:00", now));
}

TEST(TimeFormat, RefusesWhatGoRefuses) {
  EXPECT_FALSE(Time("RFC3339", "2026-13-21T01:02:03Z"));
  EXPECT_FALSE(Time("RFC3339", "2026-02-30T01:02:03Z"));
  EXPECT_FALSE(Time("RFC3339", "2026-11-30T01:02:03.007+0100"));
  EXPECT_FALSE(Time("2006-01-02", "2026-11-21 x"));
  EXPECT_FALSE(Time("2006-01-02", "1969-12-31"));  // Loki takes none before 1970
}

TEST(TimeFormat, NamesInAnotherSpellingAreRefusedWithTheRightOne) {
  EXPECT_EQ(Refusal("rfc3339"), "\"rfc3339\" is no format: write RFC3339");
  EXPECT_EQ(Refusal("Rfc3339Nano"), "\"Rfc3339Nano\" is no format: write RFC3339Nano");
  EXPECT_EQ(Refusal("unix"), "\"unix\" is no format: write Unix");
  EXPECT_EQ(Refusal("UNIX_MS"), "\"UNIX_MS\" is no format: write UnixMs");
  EXPECT_EQ(Refusal("unixNano"), "\"unixNano\" is no format: write UnixNs");
  EXPECT_THAT(Refusal("ISO8601"), HasSubstr("write RFC3339, or a Go layout such as"));
  EXPECT_THAT(Refusal("iso-8601"), HasSubstr("write RFC3339, or a Go layout such as"));
}

TEST(TimeFormat, LayoutsThatCannotBeMeantAreRefused) {
  const char* const reference = "a Go layout shows how the moment 2006-01-02 15:04:05.000 -0700";
  for (const char* format :
       {"2024-01-01 00:00:00", "2026-11-30T10:20:30Z", "2006-01-02 12:34:56", "01.01.2006",
        "2006-01-02 15:04:05.123", "%Y-%m-%d %H:%M:%S", "yyyy-MM-dd HH:mm:ss", "YYYY-MM-DD",
        "dd/MM/yyyy", "2006-01-02T15:04:05.SSS", "2006-01-02T15:04:05XXX", "2006-01-02'T'15:04:05",
        "2006-01-02 15:04:05.fff", "2006-01-02 15:mm", "2006-01-02 15:04:ss"}) {
    EXPECT_THAT(Refusal(format), HasSubstr(reference)) << format;
  }
  EXPECT_THAT(Refusal("x"), HasSubstr("has no part of a time"));
  EXPECT_THAT(Refusal("15:04:05"), HasSubstr("has no whole date"));
  EXPECT_THAT(Refusal("2006-01 15:04"), HasSubstr("has no whole date"));
  EXPECT_THAT(Refusal("2006-01-02 04:05"), HasSubstr("has minutes and no hour"));
  EXPECT_THAT(Refusal("2006-01-02 15h 05"), HasSubstr("has seconds and no minutes"));
  EXPECT_THAT(Refusal("2006-01-02 03:04:05"), HasSubstr("has the hour 1 to 12 and no PM"));
  for (const char* format : {"2006-01-02", "20060102T150405Z0700", "Mon Jan _2 15:04:05 MST 2006",
                             "2006/01/02 15:04:05.000000", "Jan _2 15:04:05", "2006-01-02 15",
                             "02/Jan/2006:15:04:05 -0700 MST", "1/2/06 3:04 PM"}) {
    EXPECT_EQ(Refusal(format), "") << format;
  }
}

TEST(TimeZone, TimesWithoutAnOffsetAreThoseOfTheLocation) {
  const auto local = [](std::string_view zone, std::string_view text) {
    return Time("2006-01-02 15:04:05", text, zone);
  };
  EXPECT_EQ(local("Europe/Berlin", "2026-11-21 02:02:03"), kStageNow);
  EXPECT_EQ(local("Europe/Berlin", "2026-07-01 02:00:00"), At("2026-07-01T00:00:00Z"));
  EXPECT_EQ(local("Europe/Berlin", "2060-07-01 02:00:00"), At("2060-07-01T00:00:00Z"));
  EXPECT_EQ(local("Europe/Berlin", "1980-01-01 01:00:00"), At("1980-01-01T00:00:00Z"));
  EXPECT_EQ(local("Europe/Berlin", "1980-07-01 02:00:00"), At("1980-07-01T00:00:00Z"));
  EXPECT_EQ(local("America/New_York", "2026-07-01 00:00:00"), At("2026-07-01T04:00:00Z"));
  EXPECT_EQ(local("US/Pacific", "2026-01-01 00:00:00"), At("2026-01-01T08:00:00Z"));
  EXPECT_EQ(local("Asia/Kolkata", "2026-01-01 05:30:00"), At("2026-01-01T00:00:00Z"));
  EXPECT_EQ(local("Asia/Calcutta", "2026-01-01 05:30:00"), At("2026-01-01T00:00:00Z"));
  EXPECT_EQ(local("Australia/Lord_Howe", "2026-01-01 11:00:00"), At("2026-01-01T00:00:00Z"));
  EXPECT_EQ(local("America/Sao_Paulo", "2018-01-01 00:00:00"), At("2018-01-01T02:00:00Z"));
  EXPECT_EQ(local("America/Sao_Paulo", "2026-01-01 00:00:00"), At("2026-01-01T03:00:00Z"));
  EXPECT_EQ(local("Etc/UTC", "2026-11-21 01:02:03"), kStageNow);
  EXPECT_EQ(local("Etc/GMT+3", "2026-01-01 00:00:00"), At("2026-01-01T03:00:00Z"));
}

TEST(TimeZone, ALocalTimeThatOccursTwiceOrNeverIsWhatGoMakesOfIt) {
  const auto berlin = [](std::string_view text) {
    return Time("2006-01-02 15:04:05", text, "Europe/Berlin");
  };
  EXPECT_EQ(berlin("2026-10-25 02:30:00"), At("2026-10-25T01:30:00Z"));
  EXPECT_EQ(berlin("2026-03-29 02:30:00"), At("2026-03-29T01:30:00Z"));
}

TEST(TimeZone, AnAbbreviationIsTheOneInEffectThen) {
  const auto berlin = [](std::string_view text) {
    return Time("2006-01-02 15:04:05 MST", text, "Europe/Berlin");
  };
  EXPECT_EQ(berlin("2026-07-01 02:00:00 CEST"), At("2026-07-01T00:00:00Z"));
  EXPECT_EQ(berlin("2026-07-01 02:00:00 CET"), At("2026-07-01T01:00:00Z"));
  EXPECT_EQ(berlin("2026-07-01 02:00:00 PST"), At("2026-07-01T02:00:00Z"));
  // Moscow had three offsets that were all called MSK.
  EXPECT_EQ(Time("2006-01-02 15:04:05 MST", "2012-07-01 04:00:00 MSK", "Europe/Moscow"),
            At("2012-07-01T00:00:00Z"));
  EXPECT_EQ(Time("2006-01-02 15:04:05 MST", "2026-07-01 03:00:00 MSK", "Europe/Moscow"),
            At("2026-07-01T00:00:00Z"));
}

TEST(TimeZone, EveryNameOfTheDatabaseIsThereAndNothingElse) {
  EXPECT_GT(ZoneNames().size(), 500u);
  for (const ZoneName& zone : ZoneNames()) EXPECT_TRUE(TimeZone::Load(zone.name).ok()) << zone.name;
  for (const char* name : {"Europe/Kyiv", "Europe/Kiev", "US/Eastern", "UTC", "EST5EDT", "Japan",
                           "America/Argentina/Buenos_Aires", "Asia/Ho_Chi_Minh", "CET"}) {
    EXPECT_TRUE(TimeZone::Load(name).ok()) << name;
  }
  const auto error = [](std::string_view name) { return TimeZone::Load(name).error().message; };
  EXPECT_THAT(error("europe/berlin"), HasSubstr("write Europe/Berlin"));
  EXPECT_THAT(error("No/Where"), HasSubstr("\"No/Where\" is no time zone of the tz database 20"));
  for (const char* name :
       {"../../etc/passwd", "/etc/localtime", "Local", "right/UTC", "CEST", ""}) {
    EXPECT_FALSE(TimeZone::Load(name).ok()) << name;
  }
}

TEST(TimeZone, ADamagedEntryIsAnError) {
  const std::string_view good = ZoneData()[ZoneNames()[200].data];
  EXPECT_TRUE(TimeZone::Parse(good).ok());
  EXPECT_FALSE(TimeZone::Parse("").ok());
  EXPECT_FALSE(TimeZone::Parse(good.substr(0, 9)).ok());
}

TEST(PosixRule, IsReadInTheFormsThatTzdataUses) {
  const auto rule = PosixRule::Parse("<-02>2<-01>,M3.5.0/-1,M10.5.0/0");
  ASSERT_TRUE(rule);
  EXPECT_EQ(rule->standard, -7'200);
  EXPECT_EQ(rule->summer, -3'600);
  EXPECT_EQ(rule->begin.clock, -3'600);
  EXPECT_EQ(rule->summer_name, "-01");
  EXPECT_EQ(PosixRule::Parse("IST-5:30")->standard, 19'800);
  EXPECT_FALSE(PosixRule::Parse("CET-1CEST"));
  EXPECT_FALSE(PosixRule::Parse("CET-1CEST,J60,J300"));
  EXPECT_FALSE(PosixRule::Parse(""));
}

}  // namespace
}  // namespace telltale
