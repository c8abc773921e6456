// SPDX-License-Identifier: Apache-2.0
// Rotations of every kind while the program is down or Loki is away: nothing lost, nothing twice.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <utility>

#include "tests/unit/sidecar/gzip_text.h"
#include "tests/unit/sidecar/ship/pipeline_fixture.h"

namespace telltale {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::ElementsAreArray;

class PipelineRotationTest : public PipelineTest {
 protected:
  // As the kubelet does: through a .tmp file, then the original goes. Backdated, because a file
  // that was changed just now is left alone for a moment.
  void Compress(const std::string& name) const {
    std::ifstream in(Log(name), std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(in)), {});
    std::ofstream(Log(name + ".tmp"), std::ios::binary) << Gzip(text);
    fs::last_write_time(Log(name + ".tmp"),
                        fs::last_write_time(Log(name)) - std::chrono::seconds(10));
    fs::rename(Log(name + ".tmp"), Log(name + ".gz"));
    fs::remove(Log(name));
  }
  // What is written next is in the emptied file.
  void CopyAndTruncate(const std::string& next) const {
    fs::copy_file(Log("a.log"), Log("a.log.1"));
    std::ofstream(Log("a.log"), std::ios::binary) << next;
  }
  // ... between two runs, before the lines from 10 on were read.
  void CopyAndTruncateWhileItIsDown() {
    Crash();
    Append("a.log", Numbers(10, 20));
    CopyAndTruncate(Numbers(20, 400));
    Start();
    ASSERT_TRUE(Flush());
    EXPECT_THAT(InOrder(), ElementsAreArray(NumberList(0, 400)));
    EXPECT_EQ(loki_.duplicates(), 0u);
  }
  // What is stored, by time, as a person would see it.
  std::vector<std::string> InOrder() {
    std::map<std::int64_t, std::string> by_time;
    for (const auto& [labels, entries] : loki_.streams()) {
      for (const auto& entry : entries) by_time[entry.time] = entry.line;
    }
    std::vector<std::string> out;
    for (auto& [time, line] : by_time) out.push_back(line);
    return out;
  }
};

TEST_F(PipelineRotationTest, GenerationsThatCameAndWentWhileItWasDownArriveInOrder) {
  Append("a.log", Numbers(0, 10));
  Start();
  ASSERT_TRUE(Flush());
  Crash();
  Append("a.log", Numbers(10, 20));
  Rename("a.log", "a.log.20260101-000001");
  Append("a.log", Numbers(20, 30));
  Rename("a.log", "a.log.20260101-000002");
  Append("a.log", Numbers(30, 40));
  Rename("a.log", "a.log.20260101-000003");
  Compress("a.log.20260101-000001");
  Compress("a.log.20260101-000002");
  Append("a.log", Numbers(40, 50));
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_THAT(InOrder(), ElementsAreArray(NumberList(0, 50)));
  EXPECT_EQ(loki_.streams().size(), 1u);
  Restart();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(loki_.duplicates(), 0u);
  EXPECT_EQ(loki_.lines().size(), 50u);
}

TEST_F(PipelineRotationTest, AFileHalfSentAndCompressedSinceIsContinuedByteForByte) {
  options_.batch_bytes = 500;
  Append("a.log", Numbers(0, 2000));
  loki_.GoDown();
  Start();
  ASSERT_TRUE(WaitForMetric("pending_lines", 1));  // journalled, and perhaps never answered
  Crash();
  Rename("a.log", "a.log.1");
  Compress("a.log.1");
  Append("a.log", Numbers(2000, 2100));
  loki_.ComeBack();
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_THAT(InOrder(), ElementsAreArray(NumberList(0, 2100)));
  EXPECT_EQ(loki_.duplicates(), 0u);
  EXPECT_EQ(Lost("lines", "file_gone"), 0);
}

TEST_F(PipelineRotationTest, ABatchIsNotGivenUpWhileItsFileMayStillBeCompressed) {
  Append("a.log", Numbers(0, 100));
  loki_.GoDown();
  Start();
  ASSERT_TRUE(WaitForMetric("pending_lines", 1));
  Crash();
  Rename("a.log", "a.log.1");
  Compress("a.log.1");
  fs::last_write_time(Log("a.log.1.gz"), fs::file_time_type::clock::now());  // not old enough yet
  Append("a.log", Numbers(100, 110));
  loki_.ComeBack();
  Start();
  ASSERT_TRUE(loki_.WaitForPushes(2));
  ASSERT_TRUE(Flush());
  EXPECT_THAT(InOrder(), ElementsAreArray(NumberList(0, 110)));
  EXPECT_EQ(loki_.lines().size(), 110u);
  EXPECT_EQ(Lost("lines", "file_gone"), 0);
}

TEST_F(PipelineRotationTest, TheKubeletsRotationWhileLokiIsAwayLosesNothing) {
  options_.batch_bytes = 1000;
  Append("0.log", Numbers(0, 500));
  Start();
  ASSERT_TRUE(Flush());
  loki_.GoDown();
  for (int i = 1; i <= 4; ++i) {
    Append("0.log", Numbers(i * 500, i * 500 + 400));
    std::string rotated = "0.log.20260101-00000" + std::to_string(i);
    Rename("0.log", rotated);
    Append(rotated, Numbers(i * 500 + 400, i * 500 + 500));  // the runtime has not reopened yet
    ASSERT_TRUE(WaitForMetric("files", i));
    // Its turn to be compressed has come, and the oldest are deleted altogether.
    std::string before = "0.log.20260101-00000" + std::to_string(i - 1);
    if (i > 1) Compress(before);
    if (i > 2) fs::remove(Log("0.log.20260101-00000" + std::to_string(i - 2) + ".gz"));
  }
  Append("0.log", Numbers(2500, 2600));
  ASSERT_TRUE(WaitForMetric("files", 5));
  ASSERT_TRUE(WaitForMetric("deleted_bytes", 1));
  loki_.ComeBack();
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAreArray(NumberList(0, 2600)));
  EXPECT_EQ(loki_.duplicates(), 0u);
  Restart();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(loki_.lines().size(), 2600u);
}

TEST_F(PipelineRotationTest, AKillWithinACompressedFileIsNoticedByNobody) {
  options_.batch_bytes = 2000;
  Append("a.log", Numbers(0, 10));
  Start();
  ASSERT_TRUE(Flush());
  Crash();
  Append("a.log", Numbers(10, 3000));
  Rename("a.log", "a.log.1");
  Compress("a.log.1");
  Append("a.log", Numbers(3000, 3010));
  for (std::size_t pushes : {2u, 4u, 6u}) {
    Start();
    ASSERT_TRUE(loki_.WaitForPushes(pushes));
    Crash();
  }
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_THAT(InOrder(), ElementsAreArray(NumberList(0, 3010)));
  EXPECT_EQ(loki_.lines().size(), 3010u);
}

TEST_F(PipelineRotationTest, ACopiedAndTruncatedFileLosesNothingWhileLokiIsAway) {
  options_.batch_bytes = 1000;
  Append("a.log", Numbers(0, 2000));
  loki_.GoDown();
  Start();
  ASSERT_TRUE(WaitForMetric("pending_lines", 1));
  CopyAndTruncate(Numbers(2000, 2100));
  ASSERT_TRUE(WaitForMetric("files", 2));
  loki_.ComeBack();
  ASSERT_TRUE(Flush());
  EXPECT_THAT(InOrder(), ElementsAreArray(NumberList(0, 2100)));
  EXPECT_EQ(Lost("bytes", "truncated"), 0);
  Restart();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(loki_.lines().size(), 2100u);
}

TEST_F(PipelineRotationTest, ACopiedAndTruncatedFileLosesNothingWhileItIsDown) {
  Append("a.log", Numbers(0, 10));
  Start();
  ASSERT_TRUE(Flush());
  CopyAndTruncateWhileItIsDown();
}

TEST_F(PipelineRotationTest, AnUnreadFileThatIsCopiedAndTruncatedWhileItIsDownLosesNothing) {
  Append("a.log", Numbers(0, 10));
  const std::string url = std::exchange(options_.loki_url, {});  // so that nothing is read
  Start();
  ASSERT_TRUE(WaitForMetric("files", 1));
  Crash();
  options_.loki_url = url;
  CopyAndTruncateWhileItIsDown();
}

TEST_F(PipelineRotationTest, WhatWasRotatedBeforeTheFirstStartIsNobodysBusiness) {
  Append("a.log.1", "old\n");
  std::ofstream(Log("a.log.2.gz"), std::ios::binary) << Gzip("older\n");
  Append("a.log", "new\n");
  Start();
  ASSERT_TRUE(Flush());
  Restart();
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAre("new"));
}

TEST_F(PipelineRotationTest, CompressedFilesThatAreWantedAreReadAsWhatTheyHold) {
  sources_[0].include = {temp_ / "log/*"};
  std::ofstream(Log("old.gz"), std::ios::binary) << Gzip("one\ntwo\n");
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAre("one", "two"));
  EXPECT_EQ(Metric("read_bytes_total"), 8);
}

TEST_F(PipelineRotationTest, ALinkThatIsTurnedToAnotherFileIsFollowedAndTheOldOneReadToItsEnd) {
  sources_[0].include = {temp_ / "log/current.log"};
  Append("app-1", "one\n");
  fs::create_symlink(Log("app-1"), Log("current.log"));
  Start();
  ASSERT_TRUE(Flush());
  Append("app-1", "two\n");
  Append("app-2", "three\n");
  fs::create_symlink(Log("app-2"), Log("next"));
  fs::rename(Log("next"), Log("current.log"));
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAre("one", "two", "three"));
  EXPECT_EQ(loki_.streams().size(), 1u);
}

}  // namespace
}  // namespace telltale
