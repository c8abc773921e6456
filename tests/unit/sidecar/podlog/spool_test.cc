// SPDX-License-Identifier: Apache-2.0
#include "sidecar/podlog/spool.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

constexpr std::int64_t kNoon = 1'795'262'400'000'000'000;

constexpr std::int64_t kHundredth = 10'000'000;  // of a second

class SpoolTest : public ::testing::Test {
 protected:
  std::string Text() const { return *ReadFile(path_); }

  TempFolder folder_;
  const std::string path_ = folder_ / "stdout/app/0.log";
};

TEST_F(SpoolTest, HoldsLinesInTheFormOfTheContainerRuntimesWithoutAStream) {
  ResumePoint point;
  Spool spool(path_);
  ASSERT_TRUE(spool.Open(point).ok());
  spool.Add(kNoon + 7, "hello world");
  spool.Add(kNoon + 8, "");
  ASSERT_TRUE(spool.Flush().ok());
  EXPECT_EQ(
      Text(),
      "2026-11-21T12:00:00.000000007Z - F hello world\n2026-11-21T12:00:00.000000008Z - F \n");
  EXPECT_EQ(spool.size(), Text().size());
}

TEST_F(SpoolTest, TheNextProcessGoesOnBehindTheLastWholeLine) {
  {
    ResumePoint point;
    Spool spool(path_);
    ASSERT_TRUE(spool.Open(point).ok());
    spool.Add(kNoon, "one");
    spool.Add(kNoon + 1, "two");
    ASSERT_TRUE(spool.Flush().ok());
  }
  const std::string whole = Text();
  folder_.Write("stdout/app/0.log", whole + "2026-11-21T12:00:09.0");
  ResumePoint point;
  Spool spool(path_);
  ASSERT_TRUE(spool.Open(point).ok());
  EXPECT_EQ(Text(), whole);
  EXPECT_EQ(point.Since(), "2026-11-21T11:59:59Z");
  point.Begin();
  EXPECT_FALSE(point.IsNew(kNoon + 1, "two"));
  EXPECT_TRUE(point.IsNew(kNoon + 1, "three"));
  spool.Add(kNoon + 2, "three");
  ASSERT_TRUE(spool.Flush().ok());
  EXPECT_EQ(Text(), whole + "2026-11-21T12:00:00.000000002Z - F three\n");
}

TEST_F(SpoolTest, WhatIsAcknowledgedTakesNoRoomAndTheRestIsAsItWas) {
  ResumePoint point;
  Spool spool(path_);
  ASSERT_TRUE(spool.Open(point).ok());
  for (int i = 0; i < 4'000; ++i) spool.Add(kNoon + i * kHundredth, std::string(500, 'x'));
  ASSERT_TRUE(spool.Flush().ok());
  const std::string before = Text();
  spool.Release(1'500'000);
  const std::string after = Text();
  ASSERT_EQ(after.size(), before.size());
  EXPECT_EQ(after.substr(0, Spool::kHead), before.substr(0, Spool::kHead));
  EXPECT_EQ(after.substr(1'500'000), before.substr(1'500'000));
  struct stat info{};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_LT(info.st_blocks * 512, static_cast<off_t>(before.size() - 1'000'000));
  // A hole is no line for the next process.
  ResumePoint next;
  Spool again(path_);
  ASSERT_TRUE(again.Open(next).ok());
  EXPECT_EQ(again.size(), before.size());
  EXPECT_EQ(next.Since(), "2026-11-21T12:00:38Z");
}

TEST_F(SpoolTest, TheLinesThatComeAgainAfterARestartAreKnownThoughAllWasAcknowledged) {
  const auto text = [](int i) { return std::to_string(i) + std::string(500, 'x'); };
  ResumePoint point;
  Spool spool(path_);
  ASSERT_TRUE(spool.Open(point).ok());
  for (int round = 0; round < 2; ++round) {
    for (int i = round * 2'000; i < (round + 1) * 2'000; ++i) {
      spool.Add(kNoon + i * kHundredth, text(i));
    }
    ASSERT_TRUE(spool.Flush().ok());
    spool.Release(spool.size());
    ResumePoint next;
    Spool again(path_);
    ASSERT_TRUE(again.Open(next).ok());
    next.Begin();
    for (int i = round * 2'000 + 1'800; i < (round + 1) * 2'000; ++i) {
      EXPECT_FALSE(next.IsNew(kNoon + i * kHundredth, text(i))) << i;
    }
    again.Release(again.size());  // the next process knows it, too
  }
}

}  // namespace
}  // namespace telltale
