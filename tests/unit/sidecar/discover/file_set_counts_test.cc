// SPDX-License-Identifier: Apache-2.0
//
// How many files each source has, by state and by the reason why they are not read.
#include <chrono>

#include "tests/unit/sidecar/discover/file_set_fixture.h"

namespace telltale {
namespace {

namespace fs = std::filesystem;

class FileSetCountsTest : public FileSetTest {
 protected:
  // Two sources: logs of the folder a, and those of the folder b.
  FileSetCountsTest() {
    fs::create_directories(temp_ / "a");
    fs::create_directories(temp_ / "b");
    Use({"a/*.log", "b/*.log"});
  }
  void Use(const std::vector<std::string>& patterns) {
    std::vector<LogSource> sources;
    for (const std::string& pattern : patterns) sources.emplace_back().include = {temp_ / pattern};
    set_->SetSources(std::move(sources));
    set_->Sweep();
  }
  FileCounts Of(std::size_t source) const { return set_->CountsBySource().at(source); }
  std::uint64_t UnreadOf(std::size_t source, UnreadReason reason) const {
    return Of(source).unread[reason];
  }
  // Longer than it takes until a file that is read rests.
  void Pass() {
    for (int second = 0; second < 620; ++second) {
      clock_.Advance(std::chrono::seconds(1));
      set_->Sweep();
    }
  }
};

TEST_F(FileSetCountsTest, OpenFilesAreOfTheSourceThatWantsThem) {
  Append("a/1.log", "1\n");
  Append("b/1.log", "1\n");
  Append("b/2.log", "2\n");
  set_->Sweep();
  EXPECT_EQ(Of(0).current, 1u);
  EXPECT_EQ(Of(1).current, 2u);
  Rename("b/1.log", "b/1.log.old");
  Append("b/1.log", "3\n");
  fs::remove(temp_ / "b/2.log");
  set_->Sweep();
  EXPECT_EQ(Of(1).rotated, 1u);
  EXPECT_EQ(Of(1).deleted, 1u);
  EXPECT_EQ(Of(1).current, 1u);
  EXPECT_EQ(Of(0).current, 1u);
  EXPECT_EQ(set_->counts().current, 2u) << "of both";
}

TEST_F(FileSetCountsTest, AFileThatRestsIsStillOneOfItsSource) {
  Append("a/1.log", "1\n");
  Append("b/1.log", "1\n");
  set_->Sweep();
  ReadAll();
  Pass();
  EXPECT_EQ(Of(0).idle, 1u);
  EXPECT_EQ(Of(1).idle, 1u);
  Append("b/1.log", "2\n");
  set_->HandleEvents();
  EXPECT_EQ(Of(0).idle, 1u);
  EXPECT_EQ(Of(1).idle, 0u);
  EXPECT_EQ(Of(1).current, 1u);
  fs::remove(temp_ / "a/1.log");
  set_->Sweep();
  EXPECT_EQ(Of(0).idle, 0u);
}

TEST_F(FileSetCountsTest, WhatIsNotReadIsOfTheSourceThatWantsIt) {
  fs::create_symlink(temp_ / "nowhere", temp_ / "b/1.log");
  fs::create_symlink("/etc/hostname", temp_ / "b/2.log");
  Append("b/3.log", std::string("\xff\xfex\0", 4));
  set_->Sweep();
  EXPECT_EQ(UnreadOf(1, UnreadReason::kBrokenLink), 1u);
  EXPECT_EQ(UnreadOf(1, UnreadReason::kLink), 1u);
  EXPECT_EQ(UnreadOf(1, UnreadReason::kEncoding), 1u);
  for (const auto reason :
       {UnreadReason::kBrokenLink, UnreadReason::kLink, UnreadReason::kEncoding}) {
    EXPECT_EQ(UnreadOf(0, reason), 0u);
    EXPECT_EQ(set_->counts().unread[reason], 1u);
  }
  fs::remove(temp_ / "b/1.log");
  set_->Sweep();
  EXPECT_EQ(UnreadOf(1, UnreadReason::kBrokenLink), 0u);
}

TEST_F(FileSetCountsTest, OfTwoSourcesInOneFolderOnlyTheOneThatWantsTheFileMissesIt) {
  Use({"a/web-*.log", "a/db-*.log"});
  fs::create_symlink(temp_ / "nowhere", temp_ / "a/db-1.log");
  set_->Sweep();
  EXPECT_EQ(UnreadOf(0, UnreadReason::kBrokenLink), 0u);
  EXPECT_EQ(UnreadOf(1, UnreadReason::kBrokenLink), 1u);
}

TEST_F(FileSetCountsTest, AChangeOfSourcesCountsAnew) {
  Append("a/1.log", "1\n");
  Append("b/1.log", "1\n");
  fs::create_symlink(temp_ / "nowhere", temp_ / "b/2.log");
  set_->Sweep();
  ReadAll();
  Pass();
  Use({"b/*.log"});
  ASSERT_EQ(set_->CountsBySource().size(), 1u);
  EXPECT_EQ(Of(0).idle, 1u);
  EXPECT_EQ(UnreadOf(0, UnreadReason::kBrokenLink), 1u);
  Use({"a/*.log", "b/*.log"});
  EXPECT_EQ(Of(0).idle + Of(0).current, 1u);
  EXPECT_EQ(UnreadOf(0, UnreadReason::kBrokenLink), 0u);
  EXPECT_EQ(UnreadOf(1, UnreadReason::kBrokenLink), 1u);
}

TEST_F(FileSetCountsTest, DirectoriesBeyondTheLimitAreOfTheSourceWhosePatternFoundThem) {
  for (int i = 0; i < 4'100; ++i) fs::create_directory(temp_ / ("b/" + std::to_string(i)));
  Use({"a/**/*.log", "b/*/*.log"});
  EXPECT_EQ(UnreadOf(0, UnreadReason::kDirectoryLimit), 0u);
  EXPECT_EQ(UnreadOf(1, UnreadReason::kDirectoryLimit), 4u) << "4,096 are read";
  EXPECT_EQ(set_->counts().unread[UnreadReason::kDirectoryLimit], 4u);
}

}  // namespace
}  // namespace telltale
