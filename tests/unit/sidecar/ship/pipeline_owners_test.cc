// SPDX-License-Identifier: Apache-2.0
//
// What a whole pipeline counts for each owner: two pods of two MonitoringTargets with two tenants,
// as a node agent has them. Every page that the fixture reads balances for each of them.
#include <gmock/gmock.h>

#include "sidecar/pipeline/pipeline.h"
#include "tests/fakes/wait_until.h"
#include "tests/unit/sidecar/ship/pipeline_fixture.h"

namespace telltale {
namespace {

class OwnersPipelineTest : public PipelineTest {
 protected:
  OwnersPipelineTest() {
    sources_.clear();
    for (const char* pod : {"a", "b"}) {
      std::filesystem::create_directories(temp_ / ("log/" + std::string(pod)));
      LogSource source;
      source.include = {temp_ / ("log/" + std::string(pod) + "/*.log")};
      source.labels = {{"pod", pod}};
      source.tenant = std::string("team-") + pod;
      source.owners = {{std::string("shop/") + pod, "shop", pod, std::string("u-") + pod}};
      sources_.push_back(source);
    }
  }
  // Answers for one tenant; the other's pushes are stored.
  void Answer(const std::string& tenant, int status) {
    loki_.SetHandler([=](const FakeLoki::Push& push) {
      return push.tenant == tenant ? FakeLoki::Reply{status, "", ""} : FakeLoki::Reply{204, "", ""};
    });
  }
  double Of(const std::string& pod, const std::string& what, const std::string& more = "") const {
    return Metric("target_" + what + "{log_namespace=\"shop\",log_pod=\"" + pod +
                  "\",log_pod_uid=\"u-" + pod + "\"," + more + "target=\"shop/" + pod + "\"}");
  }
  bool Shows(const std::string& pod, const std::string& what, double value,
             const std::string& more = "") const {
    return WaitUntil("pod " + pod + " has " + what + " " + std::to_string(value),
                     [&] { return Of(pod, what, more) == value; });
  }
};

TEST_F(OwnersPipelineTest, ATenantThatIsRefusedShowsAtItsPodAndNotAtTheOther) {
  Answer("team-b", 429);
  Append("a/0.log", Numbers(0, 20));
  Append("b/0.log", Numbers(0, 30));
  Start();
  EXPECT_TRUE(Shows("a", "acked_lines_total", 20));
  EXPECT_TRUE(Shows("b", "pending_lines", 30));
  EXPECT_EQ(Of("a", "pending_lines"), 0);
  EXPECT_EQ(Of("b", "acked_lines_total"), 0);
  EXPECT_EQ(Of("b", "read_lines_total"), 30);
  EXPECT_EQ(Of("b", "read_bytes_total"), static_cast<double>(Numbers(0, 30).size()));
  EXPECT_TRUE(Shows("b", "oldest_unacked_age_seconds", 1)) << "it waits, so it ages";
  EXPECT_TRUE(Shows("a", "oldest_unacked_age_seconds", 0));

  Answer("", 204);
  EXPECT_TRUE(Shows("b", "acked_lines_total", 30));
  EXPECT_TRUE(Shows("b", "oldest_unacked_age_seconds", 0));
  EXPECT_TRUE(Flush());
}

TEST_F(OwnersPipelineTest, WhatIsNotReadWhileTheStoreIsAwayIsUnreadOfItsPod) {
  Answer("team-b", 503);
  options_.batch_bytes = 1 << 10;
  Start();
  std::string many;
  for (int i = 0; i < 4'000; ++i) many += std::to_string(i) + " of many lines\n";
  Append("b/0.log", many);
  const auto unread = [&] { return Of("b", "unread_bytes"); };
  EXPECT_TRUE(WaitUntil("a part is in flight and the rest unread", [&] {
    return Of("b", "pending_bytes") > 0 && unread() > 0 &&
           Of("b", "pending_bytes") + unread() == static_cast<double>(many.size());
  }));
  EXPECT_EQ(Of("a", "unread_bytes"), 0);
  Answer("", 204);
  EXPECT_TRUE(Shows("b", "acked_lines_total", 4'000));
  EXPECT_TRUE(Shows("b", "unread_bytes", 0));
}

TEST_F(OwnersPipelineTest, APodThatGoesTakesItsSeriesWithItAndTheOtherKeepsItsOwn) {
  Append("a/0.log", Numbers(0, 5));
  Append("b/0.log", Numbers(0, 6));
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_TRUE(Shows("a", "acked_lines_total", 5));
  EXPECT_TRUE(Shows("a", "files", 1, "state=\"current\","));
  const std::vector<LogSource> both = sources_;
  sources_.erase(sources_.begin());
  pipeline_->Reconfigure(sources_, options_);
  WaitUntil("the series of pod a are gone", [&] {
    const auto page = Metrics();
    return std::ranges::none_of(
        page, [](const auto& series) { return series.first.find("u-a") != std::string::npos; });
  });
  Append("b/0.log", Numbers(6, 8));
  EXPECT_TRUE(Shows("b", "acked_lines_total", 8));
  pipeline_->Reconfigure(both, options_);
  EXPECT_TRUE(Shows("a", "read_lines_total", 0)) << "a counter that begins anew";
  Append("a/0.log", Numbers(5, 7));
  EXPECT_TRUE(Shows("a", "acked_lines_total", 2));
  EXPECT_TRUE(Shows("b", "acked_lines_total", 8));
}

TEST_F(OwnersPipelineTest, ALossIsCountedForThePodWhoseLinesItWere) {
  Answer("team-b", 503);
  Append("a/0.log", Numbers(0, 5));
  Append("b/0.log", Numbers(0, 6));
  Start();
  ASSERT_TRUE(Shows("b", "pending_lines", 6));
  ASSERT_TRUE(Shows("a", "acked_lines_total", 5));
  Crash();
  std::filesystem::remove(Log("b/0.log"));
  Start();
  EXPECT_TRUE(Shows("b", "lost_lines_total", 6, "reason=\"file_gone\","));
  EXPECT_EQ(Of("a", "lost_lines_total", "reason=\"file_gone\","), -1);
  EXPECT_EQ(Lost("lines", "file_gone"), 6);
}

TEST_F(OwnersPipelineTest, AFileThatMayNotBeReadIsUnreadOfItsPodOnly) {
  Append("a/0.log", "x\n");
  const std::string broken = Log("b/1.log");
  std::filesystem::create_symlink(temp_ / "nowhere", broken);
  Append("b/0.log", "y\n");
  Start();
  EXPECT_TRUE(Shows("b", "files_unread", 1, "reason=\"broken_link\","));
  EXPECT_EQ(Of("a", "files_unread", "reason=\"broken_link\","), -1);
  EXPECT_EQ(Metric("files_unread{reason=\"broken_link\"}"), 1);
  std::filesystem::remove(broken);
  EXPECT_TRUE(Shows("b", "files_unread", -1, "reason=\"broken_link\","));
}

TEST_F(OwnersPipelineTest, StagesThatFailAreCountedForThePodTheirLinesAreOf) {
  sources_[0].pipeline = *Pipeline::Compile({{JsonSpec{.expressions = {{"level", ""}}}}});
  sources_[1].pipeline = *Pipeline::Compile({{RegexSpec{.expression = "^(?P<n>[a-z]+)$"}}});
  Append("a/0.log", "{\"level\":\"x\"}\nno JSON\n");
  Append("b/0.log", Numbers(0, 4));
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Of("a", "stage_failures_total", "reason=\"malformed\",stage=\"json\","), 1);
  EXPECT_EQ(Of("b", "stage_unmatched_lines_total", "stage=\"regex\","), 4);
  EXPECT_EQ(Of("b", "stage_failures_total", "reason=\"malformed\",stage=\"json\","), -1);
}

}  // namespace
}  // namespace telltale
