// SPDX-License-Identifier: Apache-2.0
// Files that are closed while nothing happens to them, limits, and files whose end changes.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>

#include "tests/unit/sidecar/discover/file_set_idle_fixture.h"

namespace telltale {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(FileSetIdleTest, AFileThatDoesNotChangeIsClosedAndOpenedAgainByAnEvent) {
  See("a.log", "1\n");
  See("b.log", "1\n");
  Rest();
  EXPECT_THAT(set_->files(), IsEmpty());
  EXPECT_EQ(set_->counts().idle, 2u);
  See("a.log", "2\n");
  EXPECT_THAT(Unread(), ElementsAre("2\n"));
  EXPECT_EQ(set_->counts().idle, 1u);
}

TEST_F(FileSetIdleTest, WhatIsNotReadIsNotClosed) {
  See("a.log", "1\n");
  Pass(std::chrono::seconds(1'300));
  EXPECT_THAT(Unread(), ElementsAre("1\n"));
}

TEST_F(FileSetIdleTest, AnIdleFileThatIsRotatedAndWrittenToAgainKeepsItsPath) {
  See("a.log", "1\n");
  Rest();
  Rename("a.log", "a.log.1");
  Append("a.log", "3\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("3\n"));
  See("a.log.1", "2\n");
  EXPECT_THAT(Unread(), ElementsAre("2\n", "3\n"));
  for (const auto& [file_id, file] : set_->files()) EXPECT_EQ(file->path, temp_ / "a.log");
}

TEST_F(FileSetIdleTest, AnIdleFileThatIsCopiedAndTruncatedIsANewGeneration) {
  See("a.log", "first\n");
  Rest();
  fs::copy_file(temp_ / "a.log", temp_ / "a.log.1");
  temp_.Write("a.log", "new\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), testing::Contains("new\n"));
  EXPECT_THAT(Unread(), testing::Not(testing::Contains("first\n")));
}

TEST_F(FileSetIdleTest, ARotatedFileThatIsWrittenToLongAfterwardsIsOpenedAgain) {
  See("a.log", "1\n");
  ReadAll();
  Rename("a.log", "a.log.1");
  Append("a.log", "3\n");
  set_->HandleEvents();
  ReadAll();
  Pass(std::chrono::seconds(640));
  EXPECT_THAT(set_->files(), IsEmpty());
  See("a.log.1", "2\n");
  EXPECT_THAT(Unread(), ElementsAre("2\n"));
  EXPECT_EQ(First().path, temp_ / "a.log");
}

TEST_F(FileSetIdleTest, AFileOlderThanItsSourceWantsIsLeftOutUntilItChanges) {
  LogSource source;
  source.include = {temp_ / "*.log"};
  source.ignore_older = std::chrono::hours(24);
  Append("old.log", "old\n");
  clock_.SetWallNanos(StatPath(temp_ / "old.log")->modified);
  clock_.Advance(std::chrono::hours(25));
  set_->SetSources({source});
  Make();
  set_->SetSources({source});
  set_->Sweep();
  EXPECT_THAT(set_->files(), IsEmpty());
  EXPECT_EQ(set_->counts().unread[UnreadReason::kIgnoredOlder], 1u);
  clock_.SetWallNanos(StatPath(temp_ / "old.log")->modified);
  See("old.log", "new\n");
  EXPECT_THAT(Unread(), ElementsAre("new\n"));
}

TEST_F(FileSetIdleTest, DeletedFilesHoldNoMoreDiskSpaceThanTheyMay) {
  Make({.deleted_bytes = 3 * 4096});
  Watch({temp_ / "*.log"});
  for (int i = 0; i < 4; ++i) {
    See("a.log", std::string(4096, static_cast<char>('a' + i)));
    fs::remove(temp_ / "a.log");
    set_->HandleEvents();
  }
  EXPECT_EQ(set_->files().size(), 4u);
  set_->Sweep();
  ASSERT_EQ(set_->files().size(), 3u);
  ASSERT_EQ(history_.lost.size(), 1u);
  EXPECT_EQ(history_.lost[0].first, "deleted_limit");
  EXPECT_EQ(history_.lost[0].second, 4096u);
  EXPECT_EQ(Unread()[0][0], 'b');  // the oldest went
}

TEST_F(FileSetIdleTest, AnEndThatWasSearchedAndIsCutOffIsSearchedAgain) {
  See("a.log", "a\n" + std::string(5000, 'x'));
  First().checkpoint = *MakeCheckpoint(First().bytes, 2);
  First().searched = First().info.size;
  fs::resize_file(temp_ / "a.log", 2);
  See("a.log", "b\nc\n");
  EXPECT_EQ(First().searched, 2u);
  EXPECT_THAT(Unread(), ElementsAre("b\nc\n"));
}

TEST_F(FileSetIdleTest, AFileThatWasLaidOutBeforehandIsSearchedAgainWhenItIsFilled) {
  See("a.log", "a\n");
  fs::resize_file(temp_ / "a.log", 4096);
  set_->HandleEvents();
  First().checkpoint = *MakeCheckpoint(First().bytes, 2);
  for (const char* line : {"b\n", "c\n"}) {
    First().searched = First().info.size;
    clock_.Advance(std::chrono::seconds(1));
    const UniqueFd fd(open((temp_ / "a.log").c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(pwrite(fd.get(), line, 2, line[0] == 'b' ? 2 : 4), 2);
    fs::last_write_time(temp_ / "a.log",
                        fs::file_time_type::clock::now() + std::chrono::seconds(line[0]));
    set_->HandleEvents();
    EXPECT_EQ(First().searched, 2u) << line;
  }
}

TEST_F(FileSetIdleTest, AFileThatIsFilledAndRotatedAtOnceIsSearchedBeforeTheNextOne) {
  See("a.log", "a\n" + std::string(4094, '\0'));
  First().checkpoint = *MakeCheckpoint(First().bytes, 2);
  for (int at = 2; at < 6; at += 2) {  // the second time the search would have to wait
    if (!First().rotated) First().searched = First().info.size;
    const UniqueFd fd(open((temp_ / "a.log").c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(pwrite(fd.get(), "b\n", 2, at), 2);
    fs::last_write_time(temp_ / "a.log",
                        fs::file_time_type::clock::now() + std::chrono::seconds(at));
    if (at == 4) Rename("a.log", "a.log.1");
    set_->HandleEvents();
    EXPECT_EQ(First().searched, 2u) << at;
  }
  EXPECT_TRUE(First().rotated);
}

TEST_F(FileSetIdleTest, HalfALineInAPartThatWasLaidOutBeginsToWaitWhenItIsWritten) {
  See("a.log", "a\n" + std::string(4094, '\0'));
  First().checkpoint = *MakeCheckpoint(First().bytes, 2);
  for (const std::uint64_t searched : {2u, 4096u}) {
    First().searched = searched;
    clock_.Advance(std::chrono::seconds(10));
    const UniqueFd fd(open((temp_ / "a.log").c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(pwrite(fd.get(), "half", 4, 2), 4);
    fs::last_write_time(temp_ / "a.log",
                        fs::file_time_type::clock::now() + std::chrono::seconds(searched));
    set_->HandleEvents();
    EXPECT_EQ(First().grown, clock_.Steady()) << searched;
  }
}

TEST_F(FileSetIdleTest, AFileThatWasMovedIntoAnotherFolderWhileItWasDownIsReadOn) {
  Append("a.log", "1\n");
  set_->HandleEvents();
  ReadAll();
  history_.Remember(First(), false);
  Drop();
  Append("a.log", "2\n");
  fs::create_directory(temp_ / "old");
  Rename("a.log", "old/whatever");
  Append("a.log", "3\n");
  Make();
  Watch({temp_ / "*.log", temp_ / "old/*.gz"});
  EXPECT_THAT(Unread(), ElementsAre("2\n", "3\n"));
  EXPECT_EQ(First().path, temp_ / "a.log");
}

}  // namespace
}  // namespace telltale
