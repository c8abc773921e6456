// SPDX-License-Identifier: Apache-2.0
//
// Stages in a whole pipeline: files, Loki, journal, restarts.
#include <mutex>

#include "sidecar/pipeline/pipeline.h"
#include "tests/unit/sidecar/ship/pipeline_fixture.h"

namespace telltale {
namespace {

class StagesTest : public PipelineTest {
 protected:
  void Use(PipelineSpec spec) { sources_[0].pipeline = *Pipeline::Compile(spec); }
  double Page(const std::string& series) const {
    auto all = Metrics();
    auto found = all.find(series);
    return found == all.end() ? -1 : found->second;
  }
  std::string Counted() const {
    return "telltale_custom_lines{app=\"shop\",filename=\"" + Log("a.log") + "\",namespace=\"n\"}";
  }
  static PipelineSpec Counting() {
    return {{MetricsStageSpec{{{.name = "lines", .match_all = true}}}}};
  }
};

TEST_F(StagesTest, CountsAgreeWithDeliveredLinesAndSurviveARestart) {
  Use(Counting());
  Append("a.log", Numbers(0, 100));
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Page(Counted()), 100);
  Restart();
  Append("a.log", Numbers(100, 130));
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Page(Counted()), 130);
}

TEST_F(StagesTest, LinesUnderWayAtAKillAreCountedOnceWhenTheyArrive) {
  Use(Counting());
  loki_.SetDefault({503, "", ""});
  Append("a.log", Numbers(0, 50));
  Start();
  ASSERT_TRUE(WaitForMetric("pending_lines", 50));
  EXPECT_EQ(Page(Counted()), -1);
  Crash();
  loki_.SetDefault({204, "", ""});
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Page(Counted()), 50);
  EXPECT_EQ(loki_.lines(), NumberList(0, 50));
}

TEST_F(StagesTest, DroppedLinesAreNeitherAckedNorLostAndAFileOfThemIsReadToItsEnd) {
  Use({{DropSpec{.expression = "^[0-8]", .reason = "small"}}});
  Append("a.log", Numbers(0, 10));
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Metric("dropped_lines_total{reason=\"small\"}"), 9);
  EXPECT_EQ(Metric("acked_lines_total"), 1);
  EXPECT_EQ(Metric("pending_lines"), 0);
  Append("a.log", Numbers(0, 5));
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Metric("dropped_lines_total{reason=\"small\"}"), 14);
  Restart();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Metric("read_lines_total"), 0);
}

TEST_F(StagesTest, UnderAnotherPipelineWhatWasUnderWayIsTakenAnew) {
  Use({{LabelsSpec{{{"x", "filename"}}}}});
  loki_.SetDefault({503, "", ""});
  Append("a.log", Numbers(0, 20));
  Start();
  ASSERT_TRUE(WaitForMetric("pending_lines", 20));
  Crash();
  loki_.SetDefault({204, "", ""});
  Use({{LabelsSpec{{{"y", "filename"}}}}});
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(loki_.lines(), NumberList(0, 20));
  EXPECT_EQ(Metric("rebuilt_lines_total"), 20);
  EXPECT_EQ(Lost("lines", "file_gone"), 0);
}

TEST_F(StagesTest, AnAlertIsRaisedOnceForEachLineAlsoWhileLokiIsAway) {
  std::mutex mutex;
  std::vector<std::string> lines;
  options_.on_alert = [&](LogAlert alert) {
    std::lock_guard lock(mutex);
    lines.push_back(*FindLabel(alert.annotations, "line") + " " +
                    *FindLabel(alert.labels, "alertname"));
  };
  const auto raised = [&](std::size_t count) {
    const auto end = std::chrono::steady_clock::now() + kLong;
    while (std::chrono::steady_clock::now() < end) {
      std::lock_guard lock(mutex);
      if (lines.size() >= count) return true;
    }
    return false;
  };
  Use({{AlertSpec{.name = "Panic", .expression = "^panic"}}});
  loki_.SetDefault({503, "", ""});
  Append("a.log", "panic 1\nfine\n");
  Start();
  ASSERT_TRUE(raised(1));
  Append("a.log", "panic 2\n");
  ASSERT_TRUE(raised(2));
  Append("a.log", "panic 3\n");
  ASSERT_TRUE(raised(3));
  loki_.SetDefault({204, "", ""});
  ASSERT_TRUE(Flush());
  EXPECT_EQ(loki_.lines().size(), 4u);
  std::lock_guard lock(mutex);
  EXPECT_EQ(lines, (std::vector<std::string>{"panic 1 Panic", "panic 2 Panic", "panic 3 Panic"}));
}

TEST_F(StagesTest, ABlockThatNothingFollowsIsSentWhenItsTimeIsUp) {
  Use({{MultilineSpec{.firstline = "^\\S", .max_wait_ms = 50}}});
  Append("a.log", "one\n  two\n");
  Start();
  ASSERT_TRUE(WaitForMetric("acked_lines_total", 1));
  EXPECT_EQ(loki_.lines(), (std::vector<std::string>{"one\n  two"}));
}

}  // namespace
}  // namespace telltale
