// SPDX-License-Identifier: Apache-2.0
//
// A directory whose files are written to all the time has no events of writes, and nothing of it
// comes late or is missed.
#include <poll.h>

#include <chrono>
#include <string>

#include "tests/unit/sidecar/discover/file_set_idle_fixture.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

class FileSetBusyTest : public FileSetIdleTest {
 protected:
  // Two files in turn, so that no two writes are one event.
  void WriteOften() {
    for (int i = 0; i < 10; ++i) {
      Append("a.log", "a\n");
      Append("b.log", "b\n");
    }
  }
  void MakeBusy() {
    WriteOften();
    set_->HandleEvents();
    ASSERT_TRUE(set_->NextLook().has_value());
  }
  bool HasEvents() const {
    pollfd events{set_->fd(), POLLIN, 0};
    return poll(&events, 1, 0) > 0;
  }
  std::string UnreadOf(const std::string& name) {
    for (const auto& [file_id, file] : set_->files()) {
      if (file->path == temp_ / name) {
        return std::to_string(file->info.size - file->checkpoint.offset);
      }
    }
    return "not open";
  }
};

TEST_F(FileSetBusyTest, ItsFilesAreLookedAtTenTimesASecondWithoutEvents) {
  MakeBusy();
  ReadAll();
  WriteOften();
  EXPECT_FALSE(HasEvents());
  EXPECT_EQ(*set_->NextLook(), clock_.Steady() + milliseconds(100));
  clock_.Advance(milliseconds(99));
  set_->HandleEvents();
  EXPECT_EQ(UnreadOf("a.log"), "0");
  clock_.Advance(milliseconds(1));
  set_->HandleEvents();
  EXPECT_EQ(UnreadOf("a.log"), "20");
  EXPECT_EQ(UnreadOf("b.log"), "20");
}

TEST_F(FileSetBusyTest, NewNamesAndRenamesHaveEventsAllTheSame) {
  MakeBusy();
  ReadAll();
  Rename("a.log", "a.log.1");
  Append("a.log", "new\n");
  Append("c.log", "c\n");
  EXPECT_TRUE(HasEvents());
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("", "", "new\n", "c\n"));
}

TEST_F(FileSetBusyTest, AfterASecondOfRestEventsTellOfWritesAgain) {
  MakeBusy();
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(set_->NextLook().has_value());
    clock_.Advance(milliseconds(100));
    set_->HandleEvents();
  }
  EXPECT_FALSE(set_->NextLook().has_value());
  EXPECT_FALSE(HasEvents());
  Append("a.log", "a\n");
  EXPECT_TRUE(HasEvents());
}

TEST_F(FileSetBusyTest, ASweepKeepsItBusy) {
  MakeBusy();
  for (int i = 0; i < 30; ++i) {
    WriteOften();
    Pass(std::chrono::seconds(1));
    EXPECT_TRUE(set_->NextLook().has_value());
    EXPECT_FALSE(HasEvents());
  }
  EXPECT_EQ(UnreadOf("a.log"), "620");
}

TEST_F(FileSetBusyTest, WhatIsWrittenJustBeforeTheEventsAreBackIsSeen) {
  MakeBusy();
  ReadAll();
  clock_.Advance(milliseconds(1'000));
  Append("a.log", "a\n");
  set_->HandleEvents();
  EXPECT_EQ(UnreadOf("a.log"), "2");
}

TEST_F(FileSetBusyTest, ADirectoryWithClosedFilesIsNotBusy) {
  Append("closed.log", "x\n");
  set_->Sweep();
  Rest();
  ASSERT_EQ(set_->counts().idle, 1u);
  WriteOften();
  set_->HandleEvents();
  WriteOften();
  set_->HandleEvents();
  EXPECT_FALSE(set_->NextLook().has_value());
  Append("closed.log", "y\n");
  set_->HandleEvents();
  EXPECT_EQ(UnreadOf("closed.log"), "2");
}

TEST_F(FileSetBusyTest, AFewWritesMakeNothingBusy) {
  Append("a.log", "a\n");
  Append("b.log", "b\n");
  set_->HandleEvents();
  for (int i = 0; i < 100; ++i) {
    Append("a.log", "a\n");
    Append("b.log", "b\n");
    clock_.Advance(milliseconds(10));
    set_->HandleEvents();
  }
  EXPECT_FALSE(set_->NextLook().has_value());
}

}  // namespace
}  // namespace telltale
