// SPDX-License-Identifier: Apache-2.0
// Text behind the last line end of a file that is not rotated.
#include <filesystem>

#include "sidecar/pipeline/pipeline.h"
#include "tests/unit/sidecar/ship/log_worker_fixture.h"

namespace telltale {
namespace {

using std::chrono::seconds;

class LastWordsTest : public LogWorkerTest {
 protected:
  double Lines() { return Metric("read_lines_total"); }
  double Bytes() { return Metric("read_bytes_total"); }
  void WriteAt(const std::string& name, std::streamoff at, const std::string& text) {
    std::fstream file(temp_ / name, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file << text;
  }
};

TEST_F(LastWordsTest, ALineWithoutItsEndIsSentAfterFiveSecondsOfSilence) {
  const std::string part = "2026-01-02T03:04:05.000000001Z stdout P panic: last words\n";
  Append("a.log", "whole\nno line end");
  Append("b.log", part);
  Start();
  Pass(seconds(2));
  EXPECT_EQ(Lines(), 1);
  Pass(seconds(2));
  EXPECT_EQ(Lines(), 1);
  Pass(seconds(1));
  EXPECT_EQ(Lines(), 3);
  EXPECT_EQ(Bytes(), 17 + static_cast<double>(part.size()));
  Pass(seconds(60));
  EXPECT_EQ(Lines(), 3);
  Start();  // both are in flight and made again
  Pass(seconds(10));
  EXPECT_EQ(Lines(), 3);
  EXPECT_EQ(Metric("lost_lines_total{reason=\"file_gone\"}"), 0);
}

// Once the worker tried for ever to read the end that had to wait, and took no answers any more.
TEST_F(LastWordsTest, TheEndOfARotatedFileWaitsForTheBatchesBeforeItWithoutASpin) {
  Append("a.log", "one\nhalf");
  Append("b.log", "one\n" + std::string(100, '\0'));
  Start();
  Pass(seconds(2));
  ASSERT_EQ(Lines(), 2);  // in flight
  for (const std::string name : {"a.log", "b.log"}) {
    std::filesystem::rename(temp_ / name, temp_ / (name + ".1"));
    Append(name, "new");
  }
  for (int i = 0; i < 10; ++i) {
    Pass(seconds(1));
    worker_->Sync(true);
    const auto due = worker_->NextDue();
    EXPECT_TRUE(!due || *due > clock_.Steady()) << i;
  }
  EXPECT_EQ(Lines(), 2);
  for (std::uint64_t batch = 1; batch <= 2; ++batch) worker_->Answered(Done(batch, {}));
  Pass(seconds(1));
  EXPECT_EQ(Lines(), 6);
}

TEST_F(LastWordsTest, WhoeverWritesOnWithinFiveSecondsHasHisLineWhole) {
  Append("a.log", "one ");
  Start();
  for (int i = 0; i < 10; ++i) {
    Pass(seconds(4));
    Append("a.log", "more ");
    worker_->Sweep();
  }
  EXPECT_EQ(Lines(), 0);
  Append("a.log", "end\n");
  Pass(seconds(2));
  EXPECT_EQ(Lines(), 1);
}

TEST_F(LastWordsTest, WhatIsWrittenAfterTheSilenceIsALineOfItsOwnAndNothingIsSentTwice) {
  Append("a.log", "half");
  Start();
  Pass(seconds(6));
  EXPECT_EQ(Lines(), 1);
  Append("a.log", " rest\nnext\n");
  Pass(seconds(1));
  Pass(seconds(1));
  EXPECT_EQ(Lines(), 3);
  EXPECT_EQ(Bytes(), 15);
  Append("a.log", "half again");
  Pass(seconds(2));
  EXPECT_EQ(Lines(), 3);
  Pass(seconds(5));
  EXPECT_EQ(Lines(), 4);
}

TEST_F(LastWordsTest, AWorkerThatComesLateLooksAtTheFileBeforeItTakesItForSilent) {
  Append("a.log", "half");
  Start();
  Pass(seconds(2));
  Append("a.log", " rest");
  clock_.Advance(seconds(30));  // without a look
  worker_->Work(LogWorker::Mode::kNormal);
  EXPECT_EQ(Lines(), 0);
  Append("a.log", " end\n");
  Pass(seconds(1));
  EXPECT_EQ(Lines(), 1);
}

TEST_F(LastWordsTest, NulsAtTheEndAreRoomForMoreText) {
  Append("a.log", "one\n" + std::string(300'000, '\0'));
  Append("b.log", "b\n" + std::string(1'000, '\0'));
  Start();
  for (int i = 0; i < 10; ++i) Pass(seconds(3));
  EXPECT_EQ(Lines(), 2);
  EXPECT_EQ(Bytes(), 6);
  WriteAt("a.log", 4, "half");
  Pass(seconds(1));
  Pass(seconds(6));
  EXPECT_EQ(Lines(), 3);
  EXPECT_EQ(Bytes(), 10);
  WriteAt("a.log", 8, " rest\nnext\n");
  Pass(seconds(1));
  Pass(seconds(12));
  EXPECT_EQ(Lines(), 5);
  EXPECT_EQ(Bytes(), 21);
}

TEST_F(LastWordsTest, AStopLeavesTheNulsAtTheEndToTheNextStart) {
  Append("a.log", "half" + std::string(100, '\0'));
  Start();
  for (int i = 0; i < 4; ++i) worker_->Work(LogWorker::Mode::kDrain);
  EXPECT_EQ(Lines(), 1);
  EXPECT_EQ(Bytes(), 4);
}

TEST_F(LastWordsTest, ABlockOfLinesMayWaitLonger) {
  MultilineSpec block;
  block.firstline = "^start";
  block.max_wait_ms = 30'000;
  source_.pipeline = *Pipeline::Compile({{block}});
  Append("a.log", "start\n more\n half");
  Start();
  Pass(seconds(20));
  EXPECT_EQ(Lines(), 0);
  Pass(seconds(11));
  EXPECT_EQ(Lines(), 1);
  EXPECT_EQ(Bytes(), 17);
}

}  // namespace
}  // namespace telltale
