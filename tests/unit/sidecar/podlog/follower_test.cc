// SPDX-License-Identifier: Apache-2.0
#include "sidecar/podlog/follower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/fakes/wait_until.h"
#include "tests/unit/sidecar/podlog/fake_logs.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class FollowerTest : public ::testing::Test {
 protected:
  FollowerTest() { folder_.Write("token", "secret\n"); }

  void Start() {
    FollowerOptions options;
    options.server = {logs_.url(), folder_ / "token", folder_ / "no-ca"};
    options.ns = "shop", options.pod = "web-1", options.container = "app";
    options.spool = folder_ / "state/stdout/app/0.log";
    options.acked = [this](const std::string&) { return acked_.load(); };
    options.max_unacked = max_unacked_;
    options.retry = options.retry_cap = std::chrono::milliseconds(5);
    registry_ = std::make_unique<Registry>();
    follower_ = std::make_unique<LogFollower>(options, *registry_, RealClock());
    follower_->Start();
  }
  void Restart() {
    follower_.reset();
    Start();
  }
  std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    const auto text = ReadFile(folder_ / "state/stdout/app/0.log");
    if (!text.ok()) return lines;
    for (std::string_view line : Split(*text, '\n')) {
      if (line.size() > 35) lines.emplace_back(line.substr(35));
    }
    return lines;
  }
  void WaitForLines(std::size_t count) const {
    WaitUntil(std::to_string(count) + " lines are in the spool",
              [&] { return Lines().size() >= count; });
  }
  std::string Metrics() {
    std::string page;
    registry_->Render(page);
    return page;
  }

  TempFolder folder_;
  FakeLogs logs_;
  std::atomic<std::uint64_t> acked_{0};
  std::uint64_t max_unacked_ = 8 << 20;
  std::unique_ptr<Registry> registry_;
  std::unique_ptr<LogFollower> follower_;
};

TEST_F(FollowerTest, AsksForItsOwnContainerWithTheTokenThatIsThereNow) {
  logs_.Write(kNoon, "one");
  Start();
  WaitForLines(1);
  const auto first = logs_.requests()[0];
  EXPECT_EQ(first.target,
            "/api/v1/namespaces/shop/pods/web-1/log?container=app&follow=true&timestamps=true");
  EXPECT_EQ(*FindHeader(first.headers, "Authorization"), "Bearer secret");
  folder_.Write("token", "rotated");
  logs_.WaitForAnswers(2);
  EXPECT_EQ(*FindHeader(logs_.requests().back().headers, "Authorization"), "Bearer rotated");
}

TEST_F(FollowerTest, AnAnswerThatEndsIsGoneOnWithNothingLostAndNothingTwice) {
  Start();
  std::vector<std::string> written;
  for (int i = 0; i < 50; ++i) {
    // Three of each text, with the same time: only their number tells them apart.
    logs_.Write(kNoon + i / 3 * (kSecond / 4), "line " + std::to_string(i / 3));
    written.push_back("line " + std::to_string(i / 3));
    logs_.WaitForAnswers(1);
  }
  WaitForLines(50);
  logs_.WaitForAnswers(3);
  EXPECT_EQ(Lines(), written);
  EXPECT_THAT(Metrics(), HasSubstr("telltale_podlog_lines_total{log_container=\"app\"} 50\n"));
  EXPECT_THAT(Metrics(), HasSubstr("telltale_podlog_gaps_total{log_container=\"app\"} 0\n"));
}

TEST_F(FollowerTest, ALineThatBreaksOffIsTakenWhenItIsWhole) {
  logs_.Write(kNoon, "first");
  logs_.Write(kNoon + 1, "second");
  logs_.CutAnswers(true);
  Start();
  WaitForLines(1);
  logs_.WaitForAnswers(2);
  EXPECT_THAT(Lines(), ElementsAre("first"));
  logs_.CutAnswers(false);
  WaitForLines(2);
  EXPECT_THAT(Lines(), ElementsAre("first", "second"));
}

TEST_F(FollowerTest, AnotherProcessGoesOnWhereTheLastOneWas) {
  logs_.Write(kNoon, "one");
  Start();
  WaitForLines(1);
  follower_.reset();
  logs_.Write(kNoon, "two");
  Restart();
  WaitForLines(2);
  logs_.WaitForAnswers(2);
  EXPECT_THAT(Lines(), ElementsAre("one", "two"));
}

TEST_F(FollowerTest, TheLastWordsBeforeARestartOfTheContainerAreReadAndAreNoGap) {
  logs_.Write(kNoon, "one");
  Start();
  WaitForLines(1);
  follower_.reset();  // so that it cannot see the next line in time
  logs_.Write(kNoon + 3 * kSecond, "last words");
  logs_.Restart();
  logs_.Write(kNoon + 9 * kSecond, "again");
  Start();
  WaitForLines(3);
  logs_.WaitForAnswers(2);
  EXPECT_THAT(Lines(), ElementsAre("one", "last words", "again"));
  EXPECT_THAT(Metrics(), HasSubstr("telltale_podlog_gaps_total{log_container=\"app\"} 0\n"));
}

TEST_F(FollowerTest, WhatTheKubeletRotatedAwayIsCountedAsAGap) {
  logs_.Write(kNoon, "one");
  Start();
  WaitForLines(1);
  follower_.reset();
  logs_.Rotate();
  logs_.Write(kNoon + 9 * kSecond, "much later");
  Start();
  WaitForLines(2);
  logs_.WaitForAnswers(2);
  EXPECT_THAT(Lines(), ElementsAre("one", "much later"));
  EXPECT_THAT(Metrics(), HasSubstr("telltale_podlog_gaps_total{log_container=\"app\"} 1\n"));
}

TEST_F(FollowerTest, WithoutTheRightToItIsCountedAndTriedUntilItIsGiven) {
  logs_.Write(kNoon, "one");
  logs_.Refuse(403);
  Start();
  logs_.WaitForAnswers(3);
  EXPECT_THAT(Metrics(),
              Not(HasSubstr("telltale_podlog_failures_total{log_container=\"app\"} 0\n")));
  EXPECT_THAT(Metrics(), HasSubstr("telltale_podlog_following{log_container=\"app\"} 0\n"));
  EXPECT_THAT(Metrics(), HasSubstr("telltale_podlog_forbidden{log_container=\"app\"} 1\n"));
  logs_.Refuse(200);
  WaitForLines(1);
  EXPECT_THAT(Metrics(), HasSubstr("telltale_podlog_forbidden{log_container=\"app\"} 0\n"));
}

TEST_F(FollowerTest, WhileLokiIsAwayTheSpoolStaysBelowItsLimitAndThenAllArrives) {
  max_unacked_ = 512 << 10;
  for (int i = 0; i < 4'000; ++i) {
    logs_.Write(kNoon + i * (kSecond / 100), std::to_string(i) + std::string(1'000, 'x'));
  }
  Start();
  // What is acknowledged becomes a hole, so lines are counted where they come in.
  const std::string all = "telltale_podlog_lines_total{log_container=\"app\"} 4000\n";
  WaitUntil("all lines came in", [&] {
    if (Metrics().find(all) != std::string::npos) return true;
    const auto text = ReadFile(folder_ / "state/stdout/app/0.log");
    if (!text.ok()) return false;
    EXPECT_LE(text->size(), acked_ + max_unacked_ + (512 << 10));
    acked_ = text->size();
    return false;
  });
  EXPECT_THAT(Metrics(), HasSubstr("telltale_podlog_gaps_total{log_container=\"app\"} 0\n"));
}

}  // namespace
}  // namespace telltale
