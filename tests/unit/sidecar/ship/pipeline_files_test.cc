// SPDX-License-Identifier: Apache-2.0
// What happens to files while the pipeline runs.
#include <gmock/gmock.h>
#include <sys/resource.h>

#include "sidecar/tail/line_reader.h"
#include "tests/fakes/sanitizer.h"
#include "tests/fakes/wait_until.h"
#include "tests/unit/sidecar/ship/pipeline_fixture.h"

namespace telltale {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::UnorderedElementsAre;

class PipelineFilesTest : public PipelineTest {};

TEST_F(PipelineFilesTest, LinesArriveWithTheirLabels) {
  options_.tenant = "team";
  Append("a.log", "one\ntwo\n");
  Start();
  ASSERT_TRUE(Flush());
  auto pushes = loki_.pushes();
  ASSERT_EQ(pushes.size(), 1u);
  EXPECT_EQ(pushes[0].target, "POST /loki/api/v1/push");
  EXPECT_EQ(pushes[0].content_type, "application/x-protobuf");
  EXPECT_EQ(pushes[0].tenant, "team");
  EXPECT_EQ(pushes[0].labels, "{app=\"shop\", filename=\"" + Log("a.log") + "\", namespace=\"n\"}");
  ASSERT_EQ(pushes[0].entries.size(), 2u);
  EXPECT_EQ(pushes[0].entries[0].line, "one");
  EXPECT_EQ(pushes[0].entries[1].line, "two");
  EXPECT_EQ(pushes[0].entries[1].time, pushes[0].entries[0].time + 1);
  EXPECT_EQ(Metric("acked_lines_total"), 2);
  EXPECT_EQ(Metric("acked_bytes_total"), 8);
  EXPECT_EQ(Metric("files"), 1);
  EXPECT_EQ(Metric("requests_total{code=\"204\"}"), 1);
}

TEST_F(PipelineFilesTest, NewLinesArriveByThemselvesAfterTheBatchWait) {
  Start();
  Append("a.log", "one\n");
  ASSERT_TRUE(loki_.WaitForPushes(1));
  Append("a.log", "two\n");
  ASSERT_TRUE(loki_.WaitForPushes(2));
  EXPECT_THAT(loki_.lines(), ElementsAre("one", "two"));
}

TEST_F(PipelineFilesTest, RotationByRenameLosesAndDoublesNothing) {
  Start();
  ASSERT_TRUE(Flush());  // the directory is watched
  for (int i = 0; i < 50; ++i) {
    Append("a.log", Numbers(i * 100, i * 100 + 50));
    Rename("a.log", "a.log." + std::to_string(i));
    // The writer has not noticed yet.
    Append("a.log." + std::to_string(i), Numbers(i * 100 + 50, i * 100 + 100));
    if (i % 7 == 0) {
      ASSERT_TRUE(Flush());
    }
  }
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAreArray(NumberList(0, 5000)));
  EXPECT_EQ(loki_.duplicates(), 0u);
  EXPECT_EQ(loki_.streams().size(), 1u);
}

TEST_F(PipelineFilesTest, TwoRotationsWhileLokiIsAwayKeepTheirOrder) {
  Append("a.log", "0\n");
  Start();
  ASSERT_TRUE(Flush());
  loki_.GoDown();
  Append("a.log", "1\n");
  Rename("a.log", "a.log.1");
  Append("a.log", "2\n");
  Rename("a.log.1", "a.log.2");
  Rename("a.log", "a.log.1");
  Append("a.log", "3\n");
  // All generations are open before the middle one is deleted.
  ASSERT_TRUE(WaitForMetric("files", 3));
  std::filesystem::remove(Log("a.log.1"));
  std::filesystem::remove(Log("a.log.2"));
  loki_.ComeBack();
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAre("0", "1", "2", "3"));
}

TEST_F(PipelineFilesTest, ATruncatedFileIsReadFromItsStart) {
  Append("a.log", "one\ntwo\n");
  Start();
  ASSERT_TRUE(Flush());
  std::ofstream(Log("a.log"), std::ios::binary) << "three\n";
  ASSERT_TRUE(Flush());
  std::ofstream(Log("a.log"), std::ios::binary) << "four, and longer than before\n";
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAre("one", "two", "three", "four, and longer than before"));
  EXPECT_EQ(Lost("bytes", "truncated"), 0);
}

TEST_F(PipelineFilesTest, ATruncatedFileThatGrewToTheSameSizeIsReadFromItsStart) {
  Append("a.log", "one\n");
  Start();
  ASSERT_TRUE(Flush());
  // Written over in place, so that no size in between can be seen.
  std::fstream(Log("a.log"), std::ios::in | std::ios::out | std::ios::binary) << "two\n";
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAre("one", "two"));
}

TEST_F(PipelineFilesTest, WhatATruncationTookAlongIsCounted) {
  Append("a.log", "one\n");
  Start();
  ASSERT_TRUE(Flush());
  Append("a.log", "unfinished");
  ASSERT_TRUE(Flush());  // it is seen, and waits for its end
  std::filesystem::resize_file(Log("a.log"), 0);
  ASSERT_TRUE(WaitForMetric("lost_bytes_total{reason=\"truncated\"}", 10));
  EXPECT_EQ(Lost("bytes", "truncated"), 10);
}

TEST_F(PipelineFilesTest, AFileDeletedUnreadIsReadToItsEnd) {
  loki_.GoDown();
  options_.batch_bytes = 10'000;  // so that most of it is still in the file
  Append("a.log", Numbers(0, 20'000));
  Start();
  ASSERT_TRUE(WaitForMetric("pending_lines", 1));
  std::filesystem::remove(Log("a.log"));
  loki_.ComeBack();
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAreArray(NumberList(0, 20'000)));
}

TEST_F(PipelineFilesTest, AnUnfinishedLineWaitsAndIsSentAtTheEnd) {
  Start();
  Append("a.log", "one\nhal");
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAre("one"));
  Append("a.log", "f\nlast");
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAre("one", "half"));
  Stop();
  EXPECT_THAT(loki_.lines(), ElementsAre("one", "half", "last"));
  EXPECT_EQ(Metric("acked_bytes_total"), 13);
}

TEST_F(PipelineFilesTest, AnUnfinishedLineOfARotatedFileIsSentWhenItsWriterIsQuiet) {
  Start();
  Append("a.log", "one\nlast");
  ASSERT_TRUE(Flush());
  Rename("a.log", "a.log.1");
  Append("a.log", "new\n");
  ASSERT_TRUE(loki_.WaitForPushes(3));
  EXPECT_THAT(loki_.lines(), UnorderedElementsAre("one", "new", "last"));
}

TEST_F(PipelineFilesTest, LineEndsNulAndInvalidTextAreMadeAcceptable) {
  Append("a.log", std::string("dos\r\na\0b\n\xFF\n\n", 13));
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAre("dos",
                                         "a\xEF\xBF\xBD"
                                         "b",
                                         "\xEF\xBF\xBD", ""));
}

TEST_F(PipelineFilesTest, CriLinesKeepTheirTimeAndPartialOnesAreJoined) {
  Append("a.log",
         "2026-11-21T01:02:03.000000001Z stdout P one \n"
         "2026-11-21T01:02:03.000000002Z stderr F err\n"
         "2026-11-21T01:02:03.000000003Z stdout F two\n");
  Start();
  ASSERT_TRUE(Flush());
  std::string rest = "filename=\"" + Log("a.log") + "\", namespace=\"n\", stream=\"";
  auto streams = loki_.streams();
  ASSERT_EQ(streams.size(), 2u);
  auto out = streams["{app=\"shop\", " + rest + "stdout\"}"];
  auto err = streams["{app=\"shop\", " + rest + "stderr\"}"];
  constexpr std::int64_t kSecond = 1'795'222'923'000'000'000;
  EXPECT_THAT(out, ElementsAre(FakeLoki::Entry{kSecond + 3, "one two", {}}));
  EXPECT_THAT(err, ElementsAre(FakeLoki::Entry{kSecond + 2, "err", {}}));
}

TEST_F(PipelineFilesTest, ALineOfTenMebibytesIsCutMarkedCountedAndNotHeld) {
  Append("a.log", "before\n");
  Start();
  ASSERT_TRUE(Flush());
  rusage before, after;
  getrusage(RUSAGE_SELF, &before);
  std::string piece(64 << 10, 'x');
  for (int i = 0; i < 160; ++i) Append("a.log", piece);
  Append("a.log", "\nafter\n");
  ASSERT_TRUE(Flush());
  getrusage(RUSAGE_SELF, &after);
  auto pushes = loki_.pushes();
  auto entries = pushes.back().entries;
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].line, std::string(kMaxLine, 'x'));
  EXPECT_THAT(entries[0].metadata, ElementsAre(testing::Pair("truncated", "true")));
  EXPECT_EQ(entries[1].line, "after");
  EXPECT_EQ(Lost("bytes", "line_too_long"), (10 << 20) - kMaxLine);
  EXPECT_EQ(Lost("lines", "line_too_long"), 0);
  EXPECT_EQ(Metric("acked_lines_total"), 3);
  // The Loki in this process keeps some copies of the cut line.
  if (!kSanitized) {
    EXPECT_LE(after.ru_maxrss - before.ru_maxrss, 5 << 10);
  }
}

TEST_F(PipelineFilesTest, SourcesComeAndGoWhileItRuns) {
  Append("a.log", "a1\n");
  Append("b.txt", "b1\n");
  Start();
  ASSERT_TRUE(Flush());
  LogSource text;
  text.include = {Log("*.txt")};
  text.labels = {{"app", "text"}};
  pipeline_->Reconfigure({sources_[0], text}, options_);
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), UnorderedElementsAre("a1", "b1"));
  pipeline_->Reconfigure({text}, options_);
  Append("a.log", "a2\n");
  Append("b.txt", "b2\n");
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), UnorderedElementsAre("a1", "b1", "b2"));
  EXPECT_EQ(Metric("files"), 1);
  pipeline_->Reconfigure(sources_, options_);
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), UnorderedElementsAre("a1", "b1", "b2", "a2"));
  EXPECT_EQ(loki_.duplicates(), 0u);
}

TEST_F(PipelineFilesTest, ManyFilesShareTheWay) {
  for (int i = 0; i < 100; ++i) Append("f" + std::to_string(i) + ".log", Numbers(0, 100));
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(loki_.streams().size(), 100u);
  for (const auto& [labels, entries] : loki_.streams()) EXPECT_EQ(entries.size(), 100u) << labels;
}

TEST_F(PipelineTest, WhoAsksIsToldWhichDirectoriesHoldUnreadLinesAndForHowLong) {
  Start();
  Append("app.log", "one\n");
  ASSERT_TRUE(Flush());
  EXPECT_EQ(pipeline_->Behind(Millis(0)), std::set<std::string>{});
  loki_.GoDown();
  // More than the batches that are under way hold.
  options_.batch_bytes = 4 << 10;
  pipeline_->Reconfigure(sources_, options_);
  Append("app.log", Numbers(0, 20'000));
  const std::set<std::string> here{temp_ / "log"};
  WaitUntil("the folder is behind", [&] { return pipeline_->Behind(Millis(0)) == here; });
  EXPECT_EQ(pipeline_->Behind(std::chrono::hours(1)), std::set<std::string>{});
  loki_.ComeBack();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(pipeline_->Behind(Millis(0)), std::set<std::string>{});
}

}  // namespace
}  // namespace telltale
