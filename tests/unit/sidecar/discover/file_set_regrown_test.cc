// SPDX-License-Identifier: Apache-2.0
// Files that are copied, truncated and have grown again with the same first bytes. Of those nothing
// more had been seen, so only the copy beside the file tells of the truncation.
#include <chrono>

#include "tests/unit/sidecar/discover/file_set_fixture.h"

namespace telltale {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class FileSetRegrownTest : public FileSetTest {
 protected:
  void See(const std::string& name, const std::string& text) {
    Append(name, text);
    set_->HandleEvents();
  }
  void CopyAndTruncate(const std::string& name, const std::string& text) {
    fs::copy_file(temp_ / name, temp_ / (name + ".1"));
    temp_.Write(name, text);
  }
  void Restart() {
    ReadAll();
    known_ = history_.Known(temp_.path());
    Drop();
  }
  void Begin() {
    Make();
    Watch({temp_ / "*.log"});
  }
};

// Seeds 3757 and 21787072 of tests/faults/logs.
TEST_F(FileSetRegrownTest, TheUnreadRestIsReadFromTheCopy) {
  See("a.log", "2026");
  See("b.log", "2026");
  Append("a.log", "-11-30 old\n");
  CopyAndTruncate("a.log", "2026-11-30 new and longer\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("2026-11-30 old\n", "2026", "2026-11-30 new and longer\n"));
  EXPECT_THAT(moved_, ElementsAre(0));
}

TEST_F(FileSetRegrownTest, WhatWasReadIsNotReadAgain) {
  See("a.log", "banner\n");
  ReadAll();
  Append("a.log", "old\n");
  CopyAndTruncate("a.log", "banner\nnew and longer\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("old\n", "banner\nnew and longer\n"));
}

TEST_F(FileSetRegrownTest, ALongBannerIsNoDifference) {
  const std::string banner(Checkpoint::kHeadBytes + 44, 'b');
  See("a.log", banner + "\n");
  ReadAll();
  Append("a.log", "old\n");
  CopyAndTruncate("a.log", banner + "\nnew and longer\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("old\n", banner + "\nnew and longer\n"));
}

TEST_F(FileSetRegrownTest, ACopyOfAFileThatGoesOnIsNoTruncation) {
  See("a.log", "2026");
  Append("a.log", "-11-30 old\n");
  fs::copy_file(temp_ / "a.log", temp_ / "a.log.1");
  See("a.log", "2026-11-30 more\n");
  EXPECT_THAT(Unread(), ElementsAre("2026-11-30 old\n2026-11-30 more\n"));
}

// Plan 27 of tests/faults/logs with processes: the copy was read in the file's place, and the
// truncation then took the same bytes for lost.
TEST_F(FileSetRegrownTest, AFileThatWasSeenEmptyIsNotTruncatedBeforeItIs) {
  for (const char* name : {"a.log", "b.log"}) See(name, "");
  for (const char* name : {"a.log", "b.log"}) Append(name, "old and long\n");
  fs::copy_file(temp_ / "a.log", temp_ / "a.log.1");
  temp_.Write("b.log.1", "old and");  // the copy is being made
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("old and long\n", "old and long\n"));
  temp_.Write("b.log.1", "old and long\n");
  temp_.Write("a.log", "new\n");
  temp_.Write("b.log", "new\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("old and long\n", "old and long\n", "new\n", "new\n"));
  EXPECT_THAT(moved_, ElementsAre(0, 0));
  EXPECT_THAT(truncated_, ElementsAre());
}

TEST_F(FileSetRegrownTest, ACopyThatGetsItsNextNameWhileItIsLookedForIsFound) {
  See("a.log", "old\n");
  CopyAndTruncate("a.log", "other\n");
  history_.on_known = [&] {
    Rename("a.log.1", "a.log.2");
    Append("a.log.1", "other\n");
    temp_.Write("a.log", "third and longer\n");
  };
  set_->HandleEvents();
  set_->Sweep();
  EXPECT_THAT(truncated_, ElementsAre());
  EXPECT_THAT(Unread(), ElementsAre("old\n", "other\n", "third and longer\n"));
}

TEST_F(FileSetRegrownTest, AnOlderFileThatBeginsAlikeAndIsRotatedOnIsNoCopy) {
  Append("a.log.1", "banner\nolder\n");
  FirstStart();
  See("a.log", "banner\n");
  Rename("a.log.1", "a.log.2");
  See("a.log", "more\n");
  EXPECT_THAT(Unread(), ElementsAre("banner\nmore\n"));
}

TEST_F(FileSetRegrownTest, WhileItWasDownTheRestIsReadFromTheCopyToo) {
  See("a.log", "2026");
  See("b.log", "2026");
  history_.scan = 1;
  Restart();
  Append("a.log", "-11-30 old\n");
  CopyAndTruncate("a.log", "2026-11-30 new and longer\n");
  Begin();
  EXPECT_THAT(Unread(),
              testing::UnorderedElementsAre("-11-30 old\n", "", "2026-11-30 new and longer\n"));
}

TEST_F(FileSetRegrownTest, AfterARestartAnOlderFileThatBeginsAlikeIsNoCopy) {
  Append("a.log.1", "banner\nolder\n");
  history_.scan = StatPath(temp_ / "a.log.1")->modified + 10'000'000'000;
  FirstStart();
  See("a.log", "banner\n");
  Restart();
  Append("a.log", "more and longer\n");
  Begin();
  EXPECT_THAT(Unread(), ElementsAre("more and longer\n"));
}

}  // namespace
}  // namespace telltale
