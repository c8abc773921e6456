// SPDX-License-Identifier: Apache-2.0
// Generations that come and go between two looks: each is found, and all in their order.
#include <fcntl.h>
#include <sys/stat.h>

#include <chrono>

#include "tests/unit/sidecar/discover/file_set_fixture.h"
#include "tests/unit/sidecar/gzip_text.h"

namespace telltale {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class FileSetOrderTest : public FileSetTest {
 protected:
  void See(const std::string& text) {
    Append("a.log", text);
    set_->HandleEvents();
  }
  static std::string Dated(int number) { return "a.log.20260101-00000" + std::to_string(number); }
  void Compress(const std::string& name, const std::string& text) {
    temp_.Write(name + ".gz", Gzip(text));
    fs::remove(temp_ / name);
  }
  void MadeNow(const std::string& name) {
    const timespec now{clock_.WallNanos() / 1'000'000'000, 0};
    const timespec times[] = {now, now};
    ASSERT_EQ(utimensat(AT_FDCWD, (temp_ / name).c_str(), times, 0), 0);
  }
  void CopyAndTruncate(const std::string& name, const std::string& text) {
    fs::copy_file(temp_ / "a.log", temp_ / name);
    temp_.Write("a.log", text);
  }
};

TEST_F(FileSetOrderTest, AFileThatWasRenamedAndCompressedBeforeItWasOpenedIsRead) {
  See("1\n");
  Rename("a.log", Dated(1));
  Append("a.log", "2\n");
  Rename("a.log", Dated(2));
  Compress(Dated(2), "2\n");
  Append("a.log", "3\n");
  Rename("a.log", Dated(3));
  See("4\n");
  EXPECT_THAT(Unread(), ElementsAre("1\n", "2\n", "3\n", "4\n"));
}

TEST_F(FileSetOrderTest, AlsoWhenThatHappensWhileTheDirectoryIsListed) {
  history_.on_begin = [this](TailedFile& file) {
    if (file.path != temp_ / "0.log") return;
    Rename("a.log", Dated(1));
    Append("a.log", "2\n");
    Rename("a.log", Dated(2));
    Compress(Dated(2), "2\n");
    Append("a.log", "3\n");
  };
  Make();
  Watch({temp_ / "*.log"});
  See("1\n");
  Append("0.log", "0\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("1\n", "0\n", "2\n", "3\n"));
}

TEST_F(FileSetOrderTest, AlsoWhenThatHappensAfterTheEventOfTheRename) {
  history_.on_begin = [this](TailedFile& file) {
    if (file.path == temp_ / "b.log" && file.file_id > 2) Compress(Dated(2), "2\n");
  };
  Make();
  Watch({temp_ / "*.log"});
  See("1\n");
  Append("b.log", "b\n");
  set_->HandleEvents();
  Rename("b.log", "b.log.1");
  Append("b.log", "c\n");
  Rename("b.log", "b.log.2");
  Rename("a.log", Dated(1));
  Append("a.log", "2\n");
  Rename("a.log", Dated(2));
  See("3\n");
  EXPECT_THAT(Unread(), ElementsAre("1\n", "b\n", "c\n", "2\n", "3\n"));
}

TEST_F(FileSetOrderTest, WhatIsRenamedWhileAnOlderOneIsHeldBackWaitsForIt) {
  See("1\n");
  Rename("a.log", Dated(1));
  Append("a.log", "2\n");
  Rename("a.log", Dated(2));
  Compress(Dated(2), "2\n");
  MadeNow(Dated(2) + ".gz");
  See("3\n");
  Rename("a.log", Dated(3));
  See("4\n");
  EXPECT_THAT(Unread(), ElementsAre("1\n"));
  EXPECT_FALSE(set_->Settled(temp_ / "a.log"));
  clock_.Advance(std::chrono::seconds(3));
  set_->Sweep();
  EXPECT_THAT(Unread(), ElementsAre("1\n", "2\n", "3\n", "4\n"));
  EXPECT_TRUE(set_->Settled(temp_ / "a.log"));
}

TEST_F(FileSetOrderTest, WhatWasMadeWhileAnOlderOneIsHeldBackIsFoundBehindAnEmptyOneThatIsGone) {
  See("");
  clock_.Advance(std::chrono::seconds(5));
  Rename("a.log", Dated(1));
  Append("a.log", "2\n");
  Rename("a.log", Dated(2));
  Compress(Dated(2), "2\n");
  MadeNow(Dated(2) + ".gz");
  fs::remove(temp_ / Dated(1));
  See("3\n");
  EXPECT_THAT(Unread(), ElementsAre(""));
  set_->Sweep();
  clock_.Advance(std::chrono::seconds(3));
  set_->Sweep();
  EXPECT_THAT(Unread(), ElementsAre("", "2\n", "3\n"));
}

TEST_F(FileSetOrderTest, AKnownFileWaitsForAnOlderOneThatIsHeldBack) {
  See("1\n");
  Rename("a.log", Dated(1));
  See("2\n");
  known_ = history_.Known(temp_.path());
  Drop();
  Compress(Dated(1), "1\n");
  MadeNow(Dated(1) + ".gz");
  Rename("a.log", Dated(2));
  Append("a.log", "3\n");
  Make();
  Watch({temp_ / "*.log"});
  EXPECT_TRUE(set_->files().empty());
  clock_.Advance(std::chrono::seconds(3));
  set_->Sweep();
  EXPECT_THAT(Unread(), ElementsAre("", "3\n"));  // done with the oldest
}

TEST_F(FileSetOrderTest, ACopyOfAFileThatNobodySawIsRead) {
  See("1\n");
  Rename("a.log", "a.log.2");
  Append("a.log", "2\n");
  CopyAndTruncate("a.log.1", "3\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("1\n", "2\n", "3\n"));
}

TEST_F(FileSetOrderTest, AFileThatWasTruncatedAndRenamedIsOlderThanTheOneInItsPlace) {
  See("first\n");
  CopyAndTruncate(Dated(1), "2\n");
  Rename("a.log", Dated(2));
  See("3\n");
  EXPECT_THAT(Unread(), ElementsAre("first\n", "2\n", "3\n"));
}

TEST_F(FileSetOrderTest, AFileThatWasTruncatedAndRenamedIsOlderThanOnesThatWereRenamedSince) {
  See("first\n");
  CopyAndTruncate("whatever", "2\n");
  Rename("a.log", Dated(2));
  Append("a.log", "3\n");
  Rename("a.log", Dated(3));
  See("4\n");
  EXPECT_THAT(Unread(), ElementsAre("2\n", "3\n", "4\n"));
  EXPECT_THAT(truncated_, ElementsAre(6));
}

}  // namespace
}  // namespace telltale
