// SPDX-License-Identifier: Apache-2.0
// Truncations and copies of files of which nothing was read: Loki is away, or the batch waits.
#include <chrono>

#include "tests/unit/sidecar/discover/file_set_fixture.h"
#include "tests/unit/sidecar/gzip_text.h"

namespace telltale {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class FileSetUnreadTest : public FileSetTest {
 protected:
  void See(const std::string& text) {
    Append("a.log", text);
    set_->HandleEvents();
  }
  void Copy() const { fs::copy_file(temp_ / "a.log", temp_ / "a.log.1"); }
};

TEST_F(FileSetUnreadTest, AnUnreadFileThatIsCopiedAndTruncatedGoesOnInTheCopy) {
  See("old\n");
  Copy();
  temp_.Write("a.log", "new\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("old\n", "new\n"));
  EXPECT_THAT(moved_, ElementsAre(0));
  EXPECT_TRUE(truncated_.empty());
}

TEST_F(FileSetUnreadTest, AnUnreadFileThatIsCopiedTruncatedAndGrownPastItsSizeGoesOnInTheCopy) {
  See("old\n");
  Copy();
  temp_.Write("a.log", "new and longer\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("old\n", "new and longer\n"));
}

TEST_F(FileSetUnreadTest,
       AllCopiesAreReadInTheirOrderIfAFileIsTruncatedMoreThanOnceBetweenTwoLooks) {
  for (const bool read : {false, true}) {
    SCOPED_TRACE(read);
    See("known\n");
    if (read) ReadAll();
    Append("a.log", "rest\n");
    for (const int copy : {1, 2, 3}) {
      const std::string name = "a.log." + std::to_string(copy);
      fs::copy_file(temp_ / "a.log", temp_ / name);
      fs::last_write_time(temp_ / name,
                          fs::last_write_time(temp_ / "a.log") + std::chrono::seconds(copy));
      temp_.Write("a.log", "new " + std::to_string(copy) + "\n");
    }
    set_->HandleEvents();
    EXPECT_THAT(Unread(),
                ElementsAre(read ? "rest\n" : "known\nrest\n", "new 1\n", "new 2\n", "new 3\n"));
    for (const char* name : {"a.log", "a.log.1", "a.log.2", "a.log.3"}) fs::remove(temp_ / name);
    history_.known().clear();
    Make();
    Watch({temp_ / "*.log"});
  }
}

TEST_F(FileSetUnreadTest, AnUnreadFileThatIsTruncatedAndGrownPastItsSizeIsCountedAsLost) {
  See("old\n");
  temp_.Write("a.log", "new and longer\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("new and longer\n"));
  EXPECT_THAT(truncated_, ElementsAre(4));
}

TEST_F(FileSetUnreadTest, ATruncationBehindAnEqualStartIsNoticedByWhatWasSeenLast) {
  const std::string start(Checkpoint::kHeadBytes + 44, 'h');
  See(start + "old\n");
  See("more\n");
  temp_.Write("a.log", start + "newer and longer\n");
  set_->HandleEvents();
  EXPECT_THAT(truncated_, ElementsAre(start.size() + 9));
}

TEST_F(FileSetUnreadTest, TextThatReplacesTheNulsOfAPreallocatedFileIsNoTruncation) {
  for (const std::string before : {"", "first line\n"}) {
    temp_.Write("a.log", before + std::string(8'192 - before.size(), '\0'));
    set_->Sweep();
    std::string text = before;
    for (const char* line : {"one\n", "two\n"}) {
      std::fstream file(temp_ / "a.log", std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(static_cast<std::streamoff>(text.size()));
      file << line;
      file.close();
      text += line;
      set_->Sweep();
      EXPECT_TRUE(set_->CheckContent(First())) << text;
    }
    EXPECT_THAT(truncated_, testing::IsEmpty());
    EXPECT_THAT(Unread(), ElementsAre(text + std::string(8'192 - text.size(), '\0')));
    std::filesystem::remove(temp_ / "a.log");
    Make();
    Watch({temp_ / "*.log"});
  }
}

TEST_F(FileSetUnreadTest, APreallocatedFileThatIsCutOffBehindItsTextIsNoTruncation) {
  for (const std::string name : {"a.log", "b.log"}) {
    temp_.Write(name, "one\ntwo\n" + std::string(8'184, '\0'));
    set_->Sweep();
    fs::resize_file(temp_ / name, 8);
    set_->HandleEvents();
  }
  EXPECT_THAT(truncated_, testing::IsEmpty());
  EXPECT_THAT(Unread(), ElementsAre("one\ntwo\n", "one\ntwo\n"));
  temp_.Write("c.log", std::string(8'192, '\0'));
  set_->Sweep();
  fs::resize_file(temp_ / "c.log", 0);
  set_->HandleEvents();
  EXPECT_THAT(truncated_, testing::IsEmpty());
  fs::resize_file(temp_ / "a.log", 4);  // and this is one
  set_->HandleEvents();
  EXPECT_THAT(truncated_, ElementsAre(8));
}

TEST_F(FileSetUnreadTest, ATruncationThatNoEventToldIsNoticedBeforeTheFirstRead) {
  See("old\n");
  temp_.Write("a.log", "new and longer\n");
  EXPECT_FALSE(set_->CheckContent(First()));
  EXPECT_THAT(truncated_, ElementsAre(4));
}

TEST_F(FileSetUnreadTest, LinesThatCameBetweenTheCopyAndTheTruncationAreAllThatIsLost) {
  clock_.SetWallNanos(1);  // the file was found before the copy was made
  See("old\n");
  Copy();
  See("between\n");
  temp_.Write("a.log", "new\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("old\n", "new\n"));
  EXPECT_THAT(moved_, ElementsAre(8));
}

TEST_F(FileSetUnreadTest, AnOlderRotationThatBeginsAlikeIsNotTakenForTheCopy) {
  Append("a.log.1", "header\nolder\n");
  FirstStart();
  clock_.SetWallNanos(StatPath(temp_ / "a.log.1")->id.birth + 1'000'000'000);
  See("header\n");
  See("last line\n");
  temp_.Write("a.log", "new\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("new\n"));
  EXPECT_THAT(truncated_, ElementsAre(17));
}

TEST_F(FileSetUnreadTest, AFileSeenEmptyThatIsWrittenCopiedAndTruncatedIsReadFromTheCopy) {
  clock_.SetWallNanos(1);
  See("");
  Append("a.log", "old\n");
  Copy();
  temp_.Write("a.log", "new and longer\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("old\n", "new and longer\n"));
}

TEST_F(FileSetUnreadTest, AnEmptyFileIsNotJoinedWithACopyOfWhatIsKnown) {
  clock_.SetWallNanos(1);
  See("old\n");
  ReadAll();
  Rename("a.log", "a.log.1");
  See("");
  fs::copy_file(temp_ / "a.log.1", temp_ / "a.log.2");
  See("new\n");
  EXPECT_THAT(Unread(), ElementsAre("", "new\n"));
}

TEST_F(FileSetUnreadTest, AFileSeenEmptyIsNotJoinedWithAYoungerOneThatIsRenamedMeanwhile) {
  clock_.SetWallNanos(1);
  history_.on_begin = [this](TailedFile& file) {
    if (file.path != temp_ / "b.log") return;
    Rename("a.log", "a.log.1");
    Append("a.log", "2\n");
    Rename("a.log", "a.log.2");
    Append("a.log", "3\n");
  };
  Make();
  Watch({temp_ / "*.log"});
  See("");
  Append("b.log", "b\n");
  See("1\n");  // finds b.log before it looks at a.log again
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("1\n", "b\n", "2\n", "3\n"));
}

TEST_F(FileSetUnreadTest, ACopyMadeWhileItWasDownIsFoundByWhatWasSeenBefore) {
  See("old\n");
  known_ = history_.Known(temp_.path());
  Drop();
  Append("a.log", "not seen\n");
  Copy();
  temp_.Write("a.log", "new and longer than the old one\n");
  clock_.SetWallNanos(StatPath(temp_ / "a.log.1")->modified + 10'000'000'000);
  Make();
  Watch({temp_ / "*.log"});
  ASSERT_EQ(set_->files().size(), 2u);
  EXPECT_EQ(First().file_id, known_[0].file_id);
}

TEST_F(FileSetUnreadTest, AFileSeenEmptyThatIsCopiedAndTruncatedWhileItWasDownIsReadFromTheCopies) {
  See("");
  known_ = history_.Known(temp_.path());
  Drop();
  temp_.Write("a.log.2.gz", Gzip("1\n"));
  temp_.Write("a.log", "2\n");
  Copy();
  temp_.Write("a.log", "3 and longer\n");
  Make();
  Watch({temp_ / "*.log"});
  EXPECT_THAT(Unread(), ElementsAre("1\n", "2\n", "3 and longer\n"));
  EXPECT_EQ(First().file_id, known_[0].file_id);
}

TEST_F(FileSetUnreadTest, BehindAFileSeenEmptyThatIsGoneAllGenerationsAreRead) {
  See("");
  known_ = history_.Known(temp_.path());
  known_[0].finished = true;
  Drop();
  temp_.Write("a.log.3.gz", Gzip("1\n"));
  fs::remove(temp_ / "a.log");
  temp_.Write("a.log.2", "2\n");
  temp_.Write("a.log.1.gz", Gzip("3\n"));
  temp_.Write("a.log", "4\n");
  Make();
  Watch({temp_ / "*.log"});
  EXPECT_THAT(Unread(), ElementsAre("1\n", "2\n", "3\n", "4\n"));
}

TEST_F(FileSetUnreadTest, ACopyOfAFileSeenEmptyThatIsNotTruncatedYetIsNotReadBesideIt) {
  See("");
  known_ = history_.Known(temp_.path());
  Drop();
  Append("a.log", "1\n");
  Copy();
  Append("a.log", "2\n");
  Make();
  Watch({temp_ / "*.log"});
  EXPECT_THAT(Unread(), ElementsAre("1\n2\n"));
}

// Seeds 4443 and 4807 of tests/faults/logs: the copy seems older than the file was found.
TEST_F(FileSetUnreadTest, BehindAClockThatWasSetBackAFileSeenEmptyIsReadFromItsCopy) {
  Append("a.log.2", "older\n");
  FirstStart();
  clock_.SetWallNanos(StatPath(temp_ / "a.log.2")->id.birth + 3'600'000'000'000);
  See("");
  Append("a.log", "old\n");
  Copy();
  temp_.Write("a.log", "new and longer\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("old\n", "new and longer\n"));
}

}  // namespace
}  // namespace telltale
