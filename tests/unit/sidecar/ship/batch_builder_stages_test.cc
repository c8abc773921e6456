// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/snappy_codec.h"
#include "tests/unit/sidecar/ship/batch_builder_fixture.h"

namespace telltale {
namespace {

class PipelinedBatchTest : public BatchBuilderTest {
 protected:
  void Use(PipelineSpec spec) { source_.pipeline = *Pipeline::Compile(spec); }
  // As the worker does.
  void TakeStages(const Batch& batch) {
    Take(batch);
    file_.memory = batch.record.memory_after;
  }
  static std::string Request(const Batch& batch, std::size_t i) {
    return *SnappyUncompress(batch.bodies[i].compressed);
  }
};

TEST_F(PipelinedBatchTest, EachSetOfLabelsIsARequestInFirstSeenOrder) {
  Use({{JsonSpec{{{"level", ""}}, "", false}, LabelsSpec{{{"level", ""}}}}});
  Write("{\"level\":\"warn\"}\n{\"level\":\"info\"}\nplain\n{\"level\":\"warn\"}\n");
  Batch batch = Build();
  ASSERT_EQ(batch.bodies.size(), 3u);
  EXPECT_NE(Request(batch, 0).find("{app=\"shop\", filename=\"/a.log\", level=\"warn\"}"),
            std::string::npos);
  EXPECT_EQ(batch.bodies[0].count.lines, 2u);
  EXPECT_NE(Request(batch, 1).find("level=\"info\""), std::string::npos);
  EXPECT_EQ(Request(batch, 2).find("level"), std::string::npos);
  ExpectSameAgain(batch);
}

TEST_F(PipelinedBatchTest, DroppedLinesAreCountedAndABatchMayHoldNothingElse) {
  Use({{DropSpec{.expression = "debug"}}});
  Write("debug 1\nkeep\ndebug 2\n");
  Batch batch = Build();
  EXPECT_EQ(batch.count, (LineCount{3, 21}));
  EXPECT_EQ(batch.dropped, (Losses{{"drop_stage", {2, 16}}}));
  EXPECT_EQ(batch.bodies[0].count, (LineCount{1, 5}));
  ExpectSameAgain(batch);
  TakeStages(batch);
  Append("debug 3\n", kNow);
  batch = Build();
  EXPECT_TRUE(batch.bodies.empty());
  EXPECT_EQ(batch.count.lines, 1u);
}

TEST_F(PipelinedBatchTest, WhatStagesRememberGoesFromBatchToBatchAndIsInTheRecord) {
  Use({{LimitSpec{.rate = 0.001, .burst = 3, .drop = true}}});
  Write("1\n2\n");
  Batch first = Build();
  TakeStages(first);
  Append("3\n4\n5\n", kNow + 1'000'000);
  Batch second = Build();
  EXPECT_EQ(second.dropped, (Losses{{"ratelimit_drop_stage", {2, 4}}}));
  EXPECT_EQ(second.record.memory, first.record.memory_after);
  ExpectSameAgain(second);
}

TEST_F(PipelinedBatchTest, AgesAreTakenFromWhenTheBatchWasMade) {
  Use({{LogfmtSpec{{{"t", ""}}, ""}, TimestampSpec{"t", "Unix", {}, "", true},
        DropSpec{.older_than_ms = 60'000}}});
  Write("t=" + std::to_string(kNow / 1'000'000'000 - 30) + "\n");
  Batch batch = Build();
  EXPECT_TRUE(batch.dropped.empty());
  BatchBuilder other;
  auto later = other.Rebuild(file_, source_, batch.record, kNow + 3'600'000'000'000);
  ASSERT_TRUE(later.ok());
  EXPECT_TRUE(later->dropped.empty());
}

TEST_F(PipelinedBatchTest, ABatchEndsBeforeABlockThatMayGoOn) {
  Use({{MultilineSpec{"^\\S"}}});
  Write("one\n  more\ntwo\n  more\n");
  Batch batch = Build();
  EXPECT_TRUE(batch.held);
  EXPECT_EQ(batch.count, (LineCount{1, 11}));
  EXPECT_NE(Request(batch, 0).find("one\n  more"), std::string::npos);
  ExpectSameAgain(batch);
  TakeStages(batch);
  Append("  last\nthree\n", kNow + 1'000'000);
  batch = Build();
  EXPECT_NE(Request(batch, 0).find("two\n  more\n  last"), std::string::npos);
  ExpectSameAgain(batch);
  TakeStages(batch);
  EXPECT_EQ(Build().count.lines, 0u);
  batch = *builder_.Build(file_, source_, 1 << 20, {.end_blocks = true}, kNow + 1);
  EXPECT_EQ(batch.count, (LineCount{1, 6}));
  ExpectSameAgain(batch);
}

TEST_F(PipelinedBatchTest, BlocksOfTwoStreamsThatOverlapAreNotTorn) {
  Use({{MultilineSpec{"^\\S"}}});
  const auto line = [](int ms, const char* stream, const char* text) {
    return "2026-11-21T01:02:03." + std::to_string(100 + ms) + "Z " + stream + " F " + text + "\n";
  };
  const std::string head = line(0, "stdout", "a") + line(1, "stdout", "b");
  Write(head + line(2, "stderr", "err") + line(3, "stdout", "c") + line(4, "stderr", " trace"));
  Batch batch = Build();
  EXPECT_EQ(batch.count, (LineCount{1, head.size() / 2}));
  ExpectSameAgain(batch);
  TakeStages(batch);
  // By its time this line says that nothing more comes to any of the blocks.
  Append("2026-11-21T01:02:09.000Z stdout F d\n", kNow);
  batch = Build();
  EXPECT_EQ(batch.count.lines, 3u);
  EXPECT_NE((Request(batch, 0) + Request(batch, 1)).find("err\n trace"), std::string::npos);
  ExpectSameAgain(batch);
}

TEST_F(PipelinedBatchTest, LabelsBeyondWhatABatchMayHaveBecomeMetadata) {
  Use({{LogfmtSpec{{{"id", ""}}, ""}, LabelsSpec{{{"id", ""}}}}});
  std::string content;
  for (int i = 0; i < 200; ++i) content += "id=" + std::to_string(i) + "\n";
  Write(content);
  Batch batch = Build();
  EXPECT_EQ(batch.bodies.size(), StreamSet::kMaxStreams + 1);
  EXPECT_EQ(batch.overflowed, 200 - StreamSet::kMaxStreams);
  EXPECT_EQ(batch.bodies.back().count.lines, batch.overflowed);
  ExpectSameAgain(batch);
}

TEST_F(PipelinedBatchTest, ALimitThatDoesNotDropMakesSmallBatchesAndPauses) {
  Use({{LimitSpec{.rate = 10, .burst = 3, .drop = false}}});
  Write("1\n2\n3\n4\n5\n");
  Batch batch = Build();
  EXPECT_EQ(batch.count.lines, 3u);
  EXPECT_EQ(batch.pause, std::chrono::milliseconds(300));
  ExpectSameAgain(batch);
}

}  // namespace
}  // namespace telltale
