// SPDX-License-Identifier: Apache-2.0
//
// From the API to Loki: a follower, its spool, and the log pipeline that tails it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <memory>

#include "sidecar/podlog/follower.h"
#include "sidecar/ship/log_pipeline.h"
#include "tests/fakes/fake_loki.h"
#include "tests/fakes/wait_until.h"
#include "tests/unit/sidecar/podlog/fake_logs.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;

class PodlogPipelineTest : public ::testing::Test {
 protected:
  PodlogPipelineTest() { folder_.Write("token", "secret"); }
  ~PodlogPipelineTest() override { Crash(); }

  void Start() {
    registry_ = std::make_unique<Registry>();
    LogPipelineOptions options;
    options.loki_url = loki_.url();
    options.state_dir = folder_ / "state";
    options.batch_wait = milliseconds(10);
    options.max_age = std::chrono::seconds(0);  // the lines have a fixed date
    options.batch_bytes = 64 << 10;
    pipeline_ = std::make_unique<LogPipeline>(options, *registry_, RealClock());
    ASSERT_TRUE(pipeline_->Start().ok());
    LogSource source;
    source.include = {Spool()};
    source.format = LogSource::Format::kCri;
    source.labels = {{"container", "app"}};
    pipeline_->Reconfigure({source}, options);

    FollowerOptions follow;
    follow.server = {logs_.url(), folder_ / "token", folder_ / "no-ca"};
    follow.ns = "shop", follow.pod = "web-1", follow.container = "app";
    follow.spool = Spool();
    follow.acked = [this](const std::string& path) { return pipeline_->Acked(path); };
    follow.max_unacked = 2 << 20;
    follow.retry = follow.retry_cap = milliseconds(5);
    follower_ = std::make_unique<LogFollower>(follow, *registry_, RealClock());
    follower_->Start();
  }
  void Crash() {
    follower_.reset();
    pipeline_.reset();
  }
  std::string Spool() const { return folder_ / "state/stdout/app/0.log"; }
  bool WaitForLine(const std::string& line) const {
    return loki_.WaitFor([&](const std::vector<FakeLoki::Push>& pushes) {
      return !pushes.empty() && !pushes.back().entries.empty() &&
             pushes.back().entries.back().line == line;
    });
  }

  TempFolder folder_;
  FakeLogs logs_;
  FakeLoki loki_;
  std::unique_ptr<Registry> registry_;
  std::unique_ptr<LogPipeline> pipeline_;
  std::unique_ptr<LogFollower> follower_;
};

TEST_F(PodlogPipelineTest, EachLineArrivesOnceWithTheKubeletsTimeAcrossAKill) {
  std::vector<std::string> written;
  const auto write = [&](int from, int to) {
    for (int i = from; i < to; ++i) {
      written.push_back(std::to_string(i) + std::string(200, 'x'));
      logs_.Write(kNoon - 3'600 * kSecond + i * (kSecond / 1'000), written.back());
    }
  };
  write(0, 5'000);
  Start();
  ASSERT_TRUE(WaitForLine(written.back()));
  write(5'000, 6'000);
  Crash();
  write(6'000, 10'000);
  Start();
  ASSERT_TRUE(WaitForLine(written.back()));
  // What was under way at the kill comes again as it was, and Loki stores it once.
  EXPECT_EQ(loki_.lines(), written);
  const auto streams = loki_.streams();
  ASSERT_EQ(streams.size(), 1u);
  EXPECT_EQ(streams.begin()->first.find("stream="), std::string::npos);
  EXPECT_EQ(streams.begin()->second[1].time, kNoon - 3'600 * kSecond + kSecond / 1'000);
}

TEST_F(PodlogPipelineTest, WhatLokiHasTakesNoRoomInTheSpool) {
  Start();
  std::uint64_t bytes = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string line = std::to_string(i) + std::string(200, 'x');
    bytes += line.size();
    logs_.Write(kNoon - 3'600 * kSecond + i * (kSecond / 100), line);
  }
  ASSERT_TRUE(WaitForLine("19999" + std::string(200, 'x')));
  // But for its beginning, the lines of two seconds and the blocks that are not whole.
  struct stat info{};
  WaitUntil("the spool's blocks are given back", [&] {
    logs_.WaitForAnswers(1);
    EXPECT_EQ(stat(Spool().c_str(), &info), 0);
    EXPECT_GT(static_cast<std::uint64_t>(info.st_size), bytes);
    return static_cast<std::uint64_t>(info.st_blocks) * 512 <= 256 << 10;
  });
}

}  // namespace
}  // namespace telltale
