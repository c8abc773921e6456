// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "tests/unit/sidecar/ship/batch_builder_fixture.h"

namespace telltale {
namespace {

// CRI lines of hours, as somebody ships them who was away, or whose application is quiet.
class BatchTimesTest : public BatchBuilderTest {
 protected:
  static std::string Line(int minute, const std::string& text) {
    const auto two = [](int number) { return (number < 10 ? "0" : "") + std::to_string(number); };
    return "2026-11-21T" + two(minute / 60) + ":" + two(minute % 60) + ":00.000Z stdout F " + text +
           "\n";
  }
  // The number of lines of each batch until nothing is left.
  std::vector<std::uint64_t> LinesOfBatches() {
    std::vector<std::uint64_t> lines;
    for (Batch batch = Build(); batch.count.lines > 0; batch = Build()) {
      ExpectSameAgain(batch);
      lines.push_back(batch.count.lines);
      Take(batch);
      file_.memory = batch.record.memory_after;
    }
    return lines;
  }
};

TEST_F(BatchTimesTest, ABatchEndsWhereTheTimesOfItsLinesGoOnByMoreThanHalfAnHour) {
  Write(Line(0, "a") + Line(30, "b") + Line(31, "c") + Line(32, "d") + Line(300, "e"));
  EXPECT_EQ(LinesOfBatches(), (std::vector<std::uint64_t>{2, 2, 1}));
}

TEST_F(BatchTimesTest, AQuietFileWithAGapBetweenAnyTwoLinesMakesABatchForEachHalfHour) {
  std::string lines;
  for (int minute = 0; minute < 200; minute += 20) lines += Line(minute, "x");
  Write(lines);
  EXPECT_EQ(LinesOfBatches(), (std::vector<std::uint64_t>{2, 2, 2, 2, 2}));
}

TEST_F(BatchTimesTest, LinesWhoseTimesGoBackAndForthAreNotABatchEach) {
  std::string lines;
  for (int i = 0; i < 20; ++i) lines += Line(i, "begin") + Line(i + 120, "end");
  Write(lines);
  EXPECT_EQ(LinesOfBatches(), (std::vector<std::uint64_t>{1, 39}));
}

TEST_F(BatchTimesTest, PartsOfALineAreNotTornByTheirTimes) {
  std::string part = Line(10, "begun ");
  part.replace(part.find(" F "), 3, " P ");
  Write(Line(0, "a") + part + Line(90, "and ended") + Line(91, "b"));
  EXPECT_EQ(LinesOfBatches(), (std::vector<std::uint64_t>{1, 2}));
}

TEST_F(BatchTimesTest, LinesThatWereSeenHoursApartAreTwoBatches) {
  constexpr std::int64_t kHour = 3'600'000'000'000;
  Write("one\ntwo\n");
  Append("three\n", kNow + 2 * kHour);
  EXPECT_EQ(LinesOfBatches(), (std::vector<std::uint64_t>{2, 1}));
}

TEST_F(BatchTimesTest, TheTimesThatAStageReadsCountToo) {
  source_.pipeline =
      *Pipeline::Compile({{LogfmtSpec{{{"t", ""}}, ""}, TimestampSpec{"t", "Unix", {}, "", true}}});
  const auto line = [](int hour) {
    return "t=" + std::to_string(kNow / 1'000'000'000 + hour * 3'600) + "\n";
  };
  Write(line(-3) + line(-3) + line(-2) + line(-1) + line(-1));
  EXPECT_EQ(LinesOfBatches(), (std::vector<std::uint64_t>{2, 1, 2}));
}

TEST_F(BatchTimesTest, ABlockOfLinesEndsWithItsBatchAndTheNextBeginsWithItsFirstLine) {
  source_.pipeline = *Pipeline::Compile({{MultilineSpec{"^\\S"}}});
  Write(Line(0, "one") + Line(0, "  more") + Line(90, "two") + Line(90, "  more") +
        Line(91, "three"));
  EXPECT_EQ(LinesOfBatches(), (std::vector<std::uint64_t>{1, 1}));
  EXPECT_EQ(file_.info.size - file_.checkpoint.offset, Line(91, "three").size());
}

TEST_F(BatchTimesTest, TheLastBlockOfAFileIsABatchOfItsOwnWhenItIsHoursYounger) {
  source_.pipeline = *Pipeline::Compile({{MultilineSpec{"^\\S"}}});
  Write(Line(0, "one") + Line(90, "two") + Line(90, "  more"));
  for (int block = 0; block < 2; ++block) {
    const Batch batch =
        *builder_.Build(file_, source_, 1 << 20, {.end_blocks = true, .front = front_}, kNow + 1);
    EXPECT_EQ(batch.count.lines, 1u);
    ExpectSameAgain(batch);
    Take(batch);
    file_.memory = batch.record.memory_after;
  }
  EXPECT_EQ(file_.checkpoint.offset, file_.info.size);
}

// What an older version put into one batch is one batch when it is made again.
TEST_F(BatchTimesTest, ABatchOfHoursThatTheJournalHasIsMadeAgain) {
  Write(Line(0, "a") + Line(1, "b"));
  Batch batch = Build();
  ASSERT_EQ(batch.count.lines, 2u);
  const std::string whole = Line(0, "a") + Line(90, "b");
  Write(whole);
  batch.record.checkpoint = *MakeCheckpoint(file_.bytes, whole.size());
  BatchBuilder other;
  auto again = other.Rebuild(file_, source_, batch.record, kNow);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(again->count, (LineCount{2, whole.size()}));
}

}  // namespace
}  // namespace telltale
