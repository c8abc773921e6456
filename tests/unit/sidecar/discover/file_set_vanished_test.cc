// SPDX-License-Identifier: Apache-2.0
// Closed files that are written to and gone before they can be opened again.
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

}  // namespace
}  // namespace telltale
