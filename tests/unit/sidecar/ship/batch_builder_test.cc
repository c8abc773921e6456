// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/snappy_codec.h"
#include "tests/unit/sidecar/ship/batch_builder_fixture.h"

namespace telltale {
namespace {

TEST_F(BatchBuilderTest, PlainLinesGetTheTimeTheyWereSeenAndGoUpByNanoseconds) {
  Write("one\ntwo\n");
  Append("three\nhalf", kNow + 5'000'000'000);
  Batch batch = Build();
  EXPECT_EQ(batch.record.begin, 0u);
  EXPECT_EQ(batch.record.checkpoint.offset, 14u);
  EXPECT_EQ(batch.count, (LineCount{3, 14}));
  EXPECT_EQ(batch.record.times, (std::vector<TimeRun>{{kNow, 2}, {kNow + 5'000'000'000, 1}}));
  EXPECT_EQ(batch.searched, 18u);
  EXPECT_EQ(batch.first_seen, kNow);
  ExpectSameAgain(batch);
}

TEST_F(BatchBuilderTest, TimesNeverGoBackUnlessTheClockWasFarAhead) {
  Write("one\n");
  file_.last_time = kNow + 1'000'000'000;
  EXPECT_EQ(Build().record.times, (std::vector<TimeRun>{{kNow + 1'000'000'001, 1}}));
  file_.last_time = kNow + 3'600'000'000'000;
  EXPECT_EQ(Build().record.times, (std::vector<TimeRun>{{kNow, 1}}));
}

TEST_F(BatchBuilderTest, ABatchEndsWhereItIsFullAndTheNextGoesOnThere) {
  std::string content;
  for (int i = 0; i < 1000; ++i)
    content += "line " + std::to_string(i) + std::string(90, '.') + "\n";
  Write(content);
  std::uint64_t lines = 0, at = 0;
  while (file_.checkpoint.offset < content.size()) {
    Batch batch = Build(10'000);
    ASSERT_EQ(batch.bodies.size(), 1u);
    EXPECT_EQ(batch.record.begin, at);
    EXPECT_LE(batch.count.bytes, 10'000u);
    bool last = batch.record.checkpoint.offset == content.size();
    EXPECT_TRUE(last || batch.count.bytes >= 6'000) << batch.count.bytes;
    ExpectSameAgain(batch);
    lines += batch.count.lines;
    Take(batch);
    at = file_.checkpoint.offset;
  }
  EXPECT_EQ(lines, 1000u);
}

TEST_F(BatchBuilderTest, EachStreamOfCriLinesIsARequestOfItsOwn) {
  Write("2026-11-21T01:02:03Z stdout F out\n2026-11-21T01:02:03Z stderr F err\nplain\n");
  Batch batch = Build();
  ASSERT_EQ(batch.bodies.size(), 3u);
  EXPECT_EQ(batch.record.times, (std::vector<TimeRun>{{kNow, 1}}));
  LineCount sum;
  for (const PushBody& body : batch.bodies) sum += body.count;
  EXPECT_EQ(sum, batch.count);
  ExpectSameAgain(batch);
}

TEST_F(BatchBuilderTest, ABatchNeverEndsBetweenPartialLines) {
  Write(
      "2026-11-21T01:02:03Z stdout F one\n2026-11-21T01:02:03Z stdout P half\n"
      "2026-11-21T01:02:03Z stderr F err\n");
  Batch batch = Build();
  EXPECT_EQ(batch.count, (LineCount{1, 34}));
  Take(batch);
  EXPECT_TRUE(Build().bodies.empty());
  Append("2026-11-21T01:02:03Z stdout F  done\n", kNow);
  batch = Build();
  EXPECT_EQ(batch.count.lines, 2u);
  EXPECT_EQ(batch.record.checkpoint.offset, file_.info.size);
  ExpectSameAgain(batch);
}

TEST_F(BatchBuilderTest, AnEndlessPartialLineIsSentBeforeItFillsTheMemory) {
  std::string content = "2026-11-21T01:02:03Z stdout P never ends\n";
  for (int i = 0; i < 1000; ++i)
    content += "2026-11-21T01:02:03Z stderr F " + std::string(90, 'e') + "\n";
  Write(content);
  Batch batch = Build(10'000);
  EXPECT_GT(batch.count.lines, 10u);
  EXPECT_LT(batch.count.bytes, 20'000u);
  ExpectSameAgain(batch);
}

TEST_F(BatchBuilderTest, AnUnfinishedLineIsSentWhenAskedForAndIsTheSameAgain) {
  Write("one\nhalf");
  Batch batch = Build(1 << 20, true);
  EXPECT_EQ(batch.count, (LineCount{2, 8}));
  ExpectSameAgain(batch);
  Append(" and more\n", kNow);
  ExpectSameAgain(batch);  // also when the file has grown since
}

TEST_F(BatchBuilderTest, ALineThatGrowsWithoutEndIsNotABatchUntilItEnds) {
  Write(std::string(3 << 20, 'x'));
  Batch none = Build();
  EXPECT_TRUE(none.bodies.empty());
  EXPECT_EQ(none.searched, 3u << 20);
  Take(none);
  Append(std::string(100, 'x'), kNow);
  EXPECT_TRUE(Build().bodies.empty());
  Append("\n", kNow);
  Batch batch = Build();
  EXPECT_EQ(batch.count, (LineCount{1, (3u << 20) + 101}));
  EXPECT_EQ(batch.cut_bytes, (3u << 20) + 100 - kMaxLine);
  ExpectSameAgain(batch);
}

TEST_F(BatchBuilderTest, AFileWithOtherContentCannotGiveTheBatchAgain) {
  Write("one\ntwo\n");
  Batch batch = Build();
  temp_.Write("a.log", "one\nTWO\n");
  auto again = builder_.Rebuild(file_, source_, batch.record, kNow);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, Code::kGone);
}

constexpr const char* kPart = "2026-11-21T01:02:03.000000001Z stdout P one \n";
constexpr const char* kErr = "2026-11-21T01:02:03.000000002Z stderr F err\n";
constexpr const char* kEnd = "2026-11-21T01:02:03.000000003Z stdout F two\n";

TEST_F(BatchBuilderTest, APartialLineAtTheEndIsHandedOverAndTheNextGenerationGoesOnWithIt) {
  Write(std::string(kPart) + kErr);
  Batch first = *builder_.Build(file_, source_, 1 << 20, {.carry_over = true}, kNow);
  ASSERT_EQ(first.carried_over.size(), 1u);
  EXPECT_EQ(first.carried_over[0].text, "one ");
  EXPECT_EQ(first.record.lines, 1u);  // the one of the other stream
  EXPECT_EQ(first.record.checkpoint.offset, file_.info.size);
  EXPECT_EQ(first.count, (LineCount{1, std::string(kErr).size()}));
  ExpectSameAgain(first);

  Write(kEnd);
  file_.carried_partial = first.carried_over;
  Batch second = Build();
  ASSERT_EQ(second.bodies.size(), 1u);
  EXPECT_NE(SnappyUncompress(second.bodies[0].compressed)->find("one two"), std::string::npos);
  EXPECT_EQ(second.count, (LineCount{1, std::string(kPart).size() + std::string(kEnd).size()}));
  ExpectSameAgain(second);
}

TEST_F(BatchBuilderTest, AFileOfPartsAloneIsHandedOverWithoutABatchAndThroughSeveralGenerations) {
  Write(kPart);
  Batch open = Build();
  EXPECT_TRUE(open.partial);
  EXPECT_TRUE(open.bodies.empty());
  Batch first = *builder_.Build(file_, source_, 1 << 20, {.carry_over = true}, kNow);
  EXPECT_TRUE(first.bodies.empty());
  EXPECT_EQ(first.record.checkpoint.offset, file_.info.size);
  Write(kPart);
  file_.carried_partial = first.carried_over;
  Batch second = *builder_.Build(file_, source_, 1 << 20, {.carry_over = true}, kNow);
  EXPECT_TRUE(second.bodies.empty());
  ASSERT_EQ(second.carried_over.size(), 1u);
  EXPECT_EQ(second.carried_over[0].text, "one one ");
  EXPECT_EQ(second.carried_over[0].bytes, 2 * std::string(kPart).size());
}

TEST_F(BatchBuilderTest, WithoutASuccessorPartsGoOutAsTheyAre) {
  Write(kEnd);
  file_.carried_partial = {{LogStream::kStderr, 7, "err", false, 40, 0}};
  Batch batch = Build(1 << 20, true);
  EXPECT_EQ(batch.record.lines, 2u);
  EXPECT_EQ(batch.count.bytes, 40 + std::string(kEnd).size());
  ExpectSameAgain(batch);
}

TEST_F(BatchBuilderTest, EqualCriLinesHaveTimesOfTheirOwnAlsoInTheNextBatchAndWhenMadeAgain) {
  const std::string tick = "2026-11-21T01:02:03Z stdout F tick\n";
  const std::string error = "2026-11-21T01:02:03Z stderr F tick\n";
  Write(tick + tick + error);
  Batch first = Build();
  EXPECT_EQ(first.record.stream_times_after.streams[1].given, kNow + 1);
  EXPECT_EQ(first.record.stream_times_after.streams[2].given, kNow);
  ExpectSameAgain(first);
  Take(first);
  file_.stream_times = first.record.stream_times_after;
  Append(tick + error, kNow + 5);
  Batch second = Build();
  EXPECT_EQ(second.record.stream_times_after.streams[1].given, kNow + 2);
  EXPECT_EQ(second.record.stream_times_after.streams[2].given, kNow + 1);
  ExpectSameAgain(second);
}

TEST_F(BatchBuilderTest, WhateverMakesEntriesChangesTheirHash) {
  const std::uint64_t hash = MakerHash(source_, "t", 15);
  EXPECT_EQ(MakerHash(source_, "t", 15), hash);
  std::vector<LogSource> others(5, source_);
  others[0].labels[0].second = "other";
  others[1].labels.emplace_back("b", "c");
  others[2].tenant = "u";
  others[3].max_line_size = 1000;
  others[4].format = LogSource::Format::kCri;
  for (const LogSource& other : others) EXPECT_NE(MakerHash(other, "t", 15), hash);
  EXPECT_NE(MakerHash(source_, "u", 15), hash);
  EXPECT_NE(MakerHash(source_, "t", 30), hash);
  LogSource same = source_;
  same.tenant = "t";
  same.include = {"/other/*.log"};
  EXPECT_EQ(MakerHash(same, "u", 15), hash);
}

}  // namespace
}  // namespace telltale
