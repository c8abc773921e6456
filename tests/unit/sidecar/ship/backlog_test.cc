// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/backlog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "sidecar/ship/time_sample.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/sidecar/discover/fake_history.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

using testing::HasSubstr;
using testing::Not;

class BacklogTest : public testing::Test {
 protected:
  BacklogTest() : backlog_(registry_, clock_) {
    files_ = std::make_unique<FileSet>(clock_, history_);
    history_.set = files_.get();
    LogSource source;
    source.include = {temp_ / "*.log"};
    files_->SetSources({source});
  }
  std::string Page() {
    std::string page;
    registry_.Render(page);
    return page;
  }
  std::string Behind(const std::string& name, const std::string& generation, int bytes) {
    return "telltale_logs_behind_bytes{generation=\"" + generation + "\",path=\"" +
           (name[0] == '(' ? name : temp_ / name) + "\"} " + std::to_string(bytes) + "\n";
  }
  void Look() {
    files_->Sweep();
    clock_.Advance(std::chrono::seconds(1));
    backlog_.Update(*files_);
  }

  TempFolder temp_;
  FakeClock clock_;
  Registry registry_;
  Backlog backlog_;
  FakeHistory history_;
  std::unique_ptr<FileSet> files_;
};

TEST_F(BacklogTest, BytesBehindAreToldOfTheCurrentFileAndOfTheRotatedOnes) {
  temp_.Write("a.log", "12345");
  Look();
  std::filesystem::rename(temp_ / "a.log", temp_ / "a.log.1");
  temp_.Write("a.log", "123");
  Look();
  EXPECT_THAT(Page(), HasSubstr(Behind("a.log", "rotated", 5)));
  EXPECT_THAT(Page(), HasSubstr(Behind("a.log", "current", 3)));
  std::filesystem::remove(temp_ / "a.log.1");
  Look();
  EXPECT_THAT(Page(), HasSubstr("telltale_logs_deleted_bytes 4096\n"));
}

TEST_F(BacklogTest, WhatIsCaughtUpIsToldAtOnceAndWhatIsGoneIsForgotten) {
  temp_.Write("a.log", "12345");
  Look();
  TailedFile& file = *files_->files().begin()->second;
  file.checkpoint.offset = 5;
  backlog_.Update(*files_);
  EXPECT_THAT(Page(), HasSubstr(Behind("a.log", "current", 0)));
  files_->SetSources({});
  clock_.Advance(std::chrono::seconds(1));
  backlog_.Update(*files_);
  EXPECT_THAT(Page(), Not(HasSubstr("behind_bytes{")));
}

TEST_F(BacklogTest, ManyPathsShareOneSeries) {
  for (int i = 0; i < 130; ++i) temp_.Write("f" + std::to_string(1000 + i) + ".log", "1");
  Look();
  EXPECT_THAT(Page(), HasSubstr(Behind("(others)", "current", 30)));
  EXPECT_THAT(Page(), HasSubstr(Behind("f1099.log", "current", 1)));
  EXPECT_THAT(Page(), Not(HasSubstr("f1100.log")));
}

TEST_F(BacklogTest, LatencyIsOfEachLineOfAShortBatch) {
  TimeSample times{};
  times.Note(clock_.WallNanos() - 200'000'000);
  times.Note(clock_.WallNanos() - 2'000'000'000);
  times.Note(clock_.WallNanos() + 1);  // a clock that is ahead
  backlog_.Delivered(times);
  const std::string name = "telltale_logs_entry_propagation_latency_seconds";
  EXPECT_THAT(Page(), HasSubstr(name + "_bucket{le=\"0.05\"} 1\n"));
  EXPECT_THAT(Page(), HasSubstr(name + "_bucket{le=\"0.3\"} 2\n"));
  EXPECT_THAT(Page(), HasSubstr(name + "_count 3\n"));
  EXPECT_THAT(Page(), HasSubstr(name + "_sum 2.2\n"));
}

TEST(TimeSample, StandsForEveryLineWhateverTheirNumberAndForNoneThatWasTakenBack) {
  for (std::uint64_t lines : {0u, 1u, 31u, 32u, 33u, 64u, 65u, 1000u, 5000u}) {
    for (std::uint64_t keep : {lines, lines / 2, lines / 3}) {
      TimeSample sample;
      for (std::uint64_t i = 0; i < lines; ++i) sample.Note(static_cast<std::int64_t>(i));
      sample.Truncate(keep);
      std::uint64_t total = 0;
      std::int64_t last = -1;
      sample.ForEach([&](std::int64_t time, std::uint64_t count) {
        EXPECT_EQ(time, static_cast<std::int64_t>(total));
        EXPECT_GT(time, last);
        EXPECT_GT(count, 0u);
        last = time;
        total += count;
      });
      EXPECT_EQ(total, keep) << lines;
      sample.Note(7);
      EXPECT_EQ(sample.lines(), keep + 1);
    }
  }
}

}  // namespace
}  // namespace telltale
