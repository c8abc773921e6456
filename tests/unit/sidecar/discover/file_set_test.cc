// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/unit/sidecar/discover/file_set_fixture.h"

namespace telltale {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

// Events of inotify are there when the system call that made them returns, so nothing waits here.
TEST_F(FileSetTest, FilesThatMatchAreFoundWhenTheyAppear) {
  Append("a.log", "1\n");
  Append("a.txt", "no\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("1\n"));
  Append("a.log", "2\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("1\n2\n"));
}

TEST_F(FileSetTest, ASweepFindsTheSameWithoutEvents) {
  Append("a.log", "1\n");
  set_->Sweep();
  Append("a.log", "2\n");
  Append("b.log", "3\n");
  set_->Sweep();
  EXPECT_THAT(Unread(), ElementsAre("1\n2\n", "3\n"));
}

TEST_F(FileSetTest, ExcludedFilesAndOddOnesAreNotOpened) {
  Watch({temp_ / "*"}, {temp_ / "*.gz"});
  Append("a.gz", "no");
  Append("a", "yes");
  fs::create_directory(temp_ / "d");
  ASSERT_EQ(mkfifo((temp_ / "fifo").c_str(), 0600), 0);
  set_->Sweep();
  EXPECT_THAT(Unread(), ElementsAre("yes"));
}

TEST_F(FileSetTest, ALinkIsFollowedOnlyWithinTheConfiguredDirectories) {
  TempFolder other;
  other.Write("secret", "secret\n");
  temp_.Write("real.txt", "real\n");
  fs::create_symlink(other / "secret", temp_ / "bad.log");
  fs::create_symlink(temp_ / "real.txt", temp_ / "good.log");
  fs::create_symlink("/proc/self/environ", temp_ / "proc.log");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("real\n"));
}

TEST_F(FileSetTest, ARenamedFileStaysOpenUnderItsFirstName) {
  Append("a.log", "1\n");
  set_->HandleEvents();
  Rename("a.log", "a.log.1");
  Append("a.log", "3\n");
  Append("a.log.1", "2\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("1\n2\n", "3\n"));
  EXPECT_TRUE(First().rotated);
  EXPECT_EQ(First().path, temp_ / "a.log");
}

TEST_F(FileSetTest, TwoRotationsBeforeAnybodyLooksLoseNoGeneration) {
  Append("a.log", "1\n");
  Rename("a.log", "a.log.1");
  Append("a.log", "2\n");
  Rename("a.log.1", "a.log.2");
  Rename("a.log", "a.log.1");
  Append("a.log", "3\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("1\n", "2\n", "3\n"));
  for (const auto& [file_id, file] : set_->files()) EXPECT_EQ(file->path, temp_ / "a.log");
}

TEST_F(FileSetTest, ARenameBackIsTheSameFile) {
  Append("a.log", "1\n");
  set_->HandleEvents();
  Rename("a.log", "a.log.1");
  set_->HandleEvents();
  EXPECT_TRUE(First().rotated);
  Rename("a.log.1", "a.log");
  set_->HandleEvents();
  EXPECT_FALSE(First().rotated);
  EXPECT_EQ(set_->files().size(), 1u);
}

TEST_F(FileSetTest, ADeletedFileIsReadToItsEndAndThenLetGo) {
  Append("a.log", "1\n");
  set_->HandleEvents();
  fs::remove(temp_ / "a.log");
  set_->HandleEvents();
  clock_.Advance(std::chrono::minutes(5));
  set_->Sweep();
  EXPECT_THAT(Unread(), ElementsAre("1\n"));
  ReadAll();
  set_->Sweep();
  EXPECT_THAT(closed_, ElementsAre(1));
  EXPECT_TRUE(set_->files().empty());
}

TEST_F(FileSetTest, ATruncatedFileStartsAgainAndTellsWhatItTookAlong) {
  Append("a.log", "one\n");
  set_->HandleEvents();
  ReadAll();
  Append("a.log", "unread\n");
  set_->HandleEvents();
  temp_.Write("a.log", "n\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("n\n"));
  EXPECT_THAT(truncated_, ElementsAre(7));
  EXPECT_EQ(First().file_id, 2u);
  EXPECT_EQ(set_->Find(1), nullptr);
}

TEST_F(FileSetTest, ATruncatedFileThatGrewPastTheOffsetIsNoticedByItsContent) {
  Append("a.log", "the same header\nfirst\n");
  set_->HandleEvents();
  ReadAll();
  temp_.Write("a.log", "the same header\nother, and longer\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("the same header\nother, and longer\n"));
  EXPECT_THAT(truncated_, ElementsAre(0));
}

TEST_F(FileSetTest, ContentIsComparedBeforeEachReadWhateverTheSizeSays) {
  Append("a.log", "first\nunread\n");
  set_->HandleEvents();
  First().checkpoint = *MakeCheckpoint(First().bytes, 6);
  EXPECT_TRUE(set_->CheckContent(First()));
  temp_.Write("a.log", "other\nanother");  // of the same size
  EXPECT_FALSE(set_->CheckContent(First()));
  EXPECT_THAT(Unread(), ElementsAre("other\nanother"));
  EXPECT_THAT(truncated_, ElementsAre(7));
}

TEST_F(FileSetTest, DirectoriesMayComeAndGo) {
  Watch({temp_ / "sub/*.log", temp_ / "p-*/x.log"});
  EXPECT_TRUE(set_->files().empty());
  temp_.Write("sub/a.log", "1\n");
  temp_.Write("p-1/x.log", "2\n");
  set_->Sweep();
  EXPECT_THAT(Unread(), ElementsAre("2\n", "1\n"));
  fs::remove_all(temp_ / "sub");
  set_->Sweep();
  EXPECT_THAT(Unread(), ElementsAre("2\n", "1\n"));
  temp_.Write("sub/a.log", "3\n");
  set_->Sweep();
  Append("sub/a.log", "4\n");
  set_->HandleEvents();  // the new directory is watched
  EXPECT_THAT(Unread(), ElementsAre("2\n", "1\n", "3\n4\n"));
}

TEST_F(FileSetTest, TheFirstSourceThatWantsAFileGetsItWhateverItsPatternBeginsWith) {
  std::filesystem::create_directory(temp_ / "sub");
  Append("sub/a.log", "");
  LogSource wide, near, other;
  wide.include = {temp_ / "**/*.log"};
  near.include = {temp_ / "sub/*.log", temp_ / "sub/a.*"};
  other.include = {"/nowhere/*.log"};
  for (bool wide_first : {true, false}) {
    set_->SetSources(wide_first ? std::vector{other, wide, near} : std::vector{other, near, wide});
    set_->Sweep();
    ASSERT_EQ(set_->files().size(), 1u);
    EXPECT_EQ(First().source, 1u);
  }
  near.exclude = {temp_ / "sub/a.log"};
  set_->SetSources({near, other, wide});
  EXPECT_EQ(First().source, 2u);
}

TEST_F(FileSetTest, AsManyFilesAreOpenedAsTheProcessMayAndOtherDescriptorsAreLeft) {
  for (int i = 0; i < 200; ++i) Append(std::to_string(i) + ".log", "");
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  for (const auto& [limit, files] : {std::pair<rlim_t, std::size_t>{240, 180}, {64, 24}}) {
    const rlimit few{limit, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
    Make();
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    Watch({temp_ / "*.log"});
    EXPECT_EQ(set_->files().size(), files);
    EXPECT_EQ(set_->counts().unread[UnreadReason::kLimit], 200 - files);
  }
}

TEST_F(FileSetTest, FilesNoLongerWantedAreLetGo) {
  Append("a.log", "1\n");
  Append("b.log", "1\n");
  set_->HandleEvents();
  std::uint64_t a = 0;
  for (const auto& [file_id, file] : set_->files()) {
    if (file->path == temp_ / "a.log") a = file_id;
  }
  Watch({temp_ / "b*.log"});
  EXPECT_THAT(closed_, ElementsAre(a));
  EXPECT_EQ(First().path, temp_ / "b.log");
}

}  // namespace
}  // namespace telltale
