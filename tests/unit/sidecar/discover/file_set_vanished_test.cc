// SPDX-License-Identifier: Apache-2.0
// Closed files that are written to and gone before they can be opened again.
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fakes/unprivileged.h"
#include "tests/unit/sidecar/discover/file_set_idle_fixture.h"

namespace telltale {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class FileSetVanishedTest : public FileSetIdleTest {};

TEST_F(FileSetVanishedTest, IdleFilesThatAreWrittenToAndDeletedAtOnceAreReported) {
  for (const char* name : {"a.log", "b.log", "c.log"}) See(name, "1\n");
  Rest();
  for (const char* name : {"a.log", "b.log"}) Append(name, "2\n");
  for (const char* name : {"a.log", "b.log", "c.log"}) fs::remove(temp_ / name);
  set_->HandleEvents();
  set_->Sweep();
  EXPECT_THAT(history_.vanished, ElementsAre(temp_ / "a.log", temp_ / "b.log"));
}

TEST_F(FileSetVanishedTest, AnIdleFileThatIsWrittenToAndReplacedAtOnceIsReported) {
  See("a.log", "1\n");
  Rest();
  Append("a.log", "2\n");
  temp_.Write("a.new", "new\n");
  Rename("a.new", "a.log");
  set_->Sweep();
  EXPECT_THAT(history_.vanished, ElementsAre(temp_ / "a.log"));
  EXPECT_THAT(Unread(), ElementsAre("new\n"));
}

TEST_F(FileSetVanishedTest, AnIdleFileThatIsDeletedAndMadeAnewIsNotReported) {
  See("a.log", "1\n");
  Rest();
  fs::remove(temp_ / "a.log");
  Append("a.log", "new\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("new\n"));
  EXPECT_THAT(history_.vanished, IsEmpty());
}

TEST_F(FileSetVanishedTest, AnIdleFileThatIsTruncatedIsANewGenerationAndTheOldOneIsDone) {
  for (const char* name : {"a.log", "b.log"}) See(name, "one\n");
  Rest();
  temp_.Write("a.log", "2\n");
  temp_.Write("b.log", "new and longer\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), testing::UnorderedElementsAre("2\n", "new and longer\n"));
  EXPECT_THAT(history_.Missing(), IsEmpty());
  EXPECT_THAT(history_.vanished, IsEmpty());
}

// As ext4 gives it, at once.
TEST_F(FileSetVanishedTest, AnInodeThatIsUsedAgainByAnotherFileIsNotTheIdleOneRenamed) {
  See("a.log", "1\n");
  See("b.log", "1\n");
  Rest();
  const std::uint64_t inode = StatPath(temp_ / "a.log")->id.inode;
  fs::remove(temp_ / "a.log");
  for (int i = 0; i < 100; ++i) {  // until one has it
    const std::string name = "c" + std::to_string(i) + ".log";
    Append(name, "c\n");
    if (StatPath(temp_ / name)->id.inode == inode) break;
  }
  set_->HandleEvents();
  Pass(std::chrono::seconds(12));
  EXPECT_THAT(history_.vanished, IsEmpty());
  EXPECT_THAT(history_.Missing(), IsEmpty());
  for (const std::string& text : Unread()) EXPECT_EQ(text, "c\n");
}

TEST_F(FileSetVanishedTest, AnIdleFileThatIsRotatedAndDeletedLaterIsNotReported) {
  See("a.log", "1\n");
  Rest();
  Rename("a.log", "a.log.1");
  Append("a.log", "new\n");
  set_->HandleEvents();
  ReadAll();
  Pass(std::chrono::seconds(640));
  fs::remove(temp_ / "a.log.1");
  set_->HandleEvents();
  EXPECT_THAT(history_.vanished, IsEmpty());
}

TEST_F(FileSetVanishedTest,
       AnIdleFileThatIsWrittenToAndMovedIntoAnotherWatchedFolderIsReadOnThere) {
  fs::create_directory(temp_ / "old");
  Watch({temp_ / "*.log", temp_ / "old/*"});
  See("a.log", "1\n");
  Rest();
  Append("a.log", "2\n");
  Rename("a.log", "old/a.log");
  set_->HandleEvents();
  set_->Sweep();
  EXPECT_THAT(Unread(), ElementsAre("2\n"));
  EXPECT_THAT(history_.vanished, IsEmpty());
}

TEST_F(FileSetVanishedTest, TheTargetOfALinkThatIsWrittenToIsOpenedAtOnceAndReportedIfItIsGone) {
  Append("a.1.dat", "1\n");
  Append("b.1.dat", "1\n");
  fs::create_symlink(temp_ / "a.1.dat", temp_ / "a.log");
  fs::create_symlink(temp_ / "b.1.dat", temp_ / "b.log");
  set_->Sweep();
  Rest();
  EXPECT_THAT(set_->files(), IsEmpty());
  See("a.1.dat", "2\n");
  EXPECT_THAT(Unread(), ElementsAre("2\n"));
  Append("b.1.dat", "2\n");
  fs::remove(temp_ / "b.1.dat");
  set_->HandleEvents();
  EXPECT_THAT(history_.vanished, ElementsAre(temp_ / "b.log"));
}

// The folder itself, and the one above it.
TEST_F(FileSetVanishedTest, FilesOfAFolderThatBecomesUnreadableAreNotTakenForRotated) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can make folders that it may not read then";
  const Unprivileged bound(true);
  fs::create_directories(temp_ / "sub/log");
  Watch({temp_ / "sub/log/*.log"});
  See("sub/log/idle.log", "1\n");
  Rest();
  See("sub/log/a.log", "1\n");
  ReadAll();
  const std::uint64_t file_id = First().file_id;
  for (const char* folder : {"sub/log", "sub"}) {
    Append("sub/log/idle.log", "2\n");
    ASSERT_EQ(chmod((temp_ / folder).c_str(), 0), 0);
    Pass(std::chrono::seconds(12));
    EXPECT_FALSE(First().rotated) << folder;
    EXPECT_EQ(set_->counts().idle, 1u) << folder;
    ASSERT_EQ(chmod((temp_ / folder).c_str(), 0755), 0);
    Append("sub/log/a.log", "2\n");
    Pass(std::chrono::seconds(24));
    EXPECT_EQ(set_->files().size(), 2u) << folder;
    EXPECT_NE(set_->Find(file_id), nullptr) << folder;
    EXPECT_THAT(Unread(), ElementsAre("2\n", "2\n")) << folder;
    Rest();
    See("sub/log/a.log", "1\n");
    ReadAll();
  }
  EXPECT_THAT(history_.vanished, IsEmpty());
}

}  // namespace
}  // namespace telltale
