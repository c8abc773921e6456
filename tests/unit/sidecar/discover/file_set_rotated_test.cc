// SPDX-License-Identifier: Apache-2.0
// What FileSet finds of generations that were rotated, copied or compressed while nobody looked.
#include "tests/unit/sidecar/discover/file_set_fixture.h"
#include "tests/unit/sidecar/gzip_text.h"

namespace telltale {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class FileSetRotatedTest : public FileSetTest {
 protected:
  // The program ends; what it had open is remembered, read as far as it was.
  void Down() {
    for (const auto& [file_id, file] : set_->files()) {
      auto same = [&, file_id = file_id](const auto& known) { return known.file_id == file_id; };
      std::erase_if(known_, same);
      history_.Remember(*file, false);
    }
    Drop();
  }
  void Up(const std::string& include = "*.log") {
    Make();
    Watch({temp_ / include});
  }
  // All is read and remembered, and a.log has `lines` more that are not.
  void ReadThenDown(const std::string& lines) {
    Append("a.log", "read\n");
    set_->HandleEvents();
    ReadAll();
    Append("a.log", lines);
    Down();
  }
  void Compress(const std::string& name, std::chrono::seconds ago = std::chrono::hours(1)) {
    std::ifstream in(temp_ / name, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(in)), {});
    auto time = fs::last_write_time(temp_ / name);
    temp_.Write(name + ".gz", Gzip(text));
    fs::remove(temp_ / name);
    fs::last_write_time(temp_ / (name + ".gz"), time - ago);
  }
};

TEST_F(FileSetRotatedTest, AFileThatWasBeingReadIsFoundByItsIdentityUnderItsNewName) {
  ReadThenDown("old\n");
  Rename("a.log", "a.log.1");
  Append("a.log", "new\n");
  Up();
  EXPECT_THAT(Unread(), ElementsAre("old\n", "new\n"));
}

// rotate renames a.log.2 to a.log.3, a.log.1 to a.log.2 and so on, and the listing at the start
// falls between two of these.
TEST_F(FileSetRotatedTest, AGenerationThatIsRenamedWhileItsFolderIsListedAtTheStartIsFound) {
  Append("a.log", "1\n");
  set_->HandleEvents();
  Rename("a.log", "a.log.1");
  Append("a.log", "2\n");
  set_->HandleEvents();
  Rename("a.log.1", "a.log.2");
  Rename("a.log", "a.log.1");
  Append("a.log", "3\n");
  set_->HandleEvents();
  Down();
  Rename("a.log.2", "a.log.3");
  history_.on_known = [this] {
    Rename("a.log.1", "a.log.2");
    Rename("a.log", "a.log.1");
    Append("a.log", "4\n");
  };
  Up();
  set_->Sweep();
  EXPECT_FALSE(history_.on_known);
  EXPECT_THAT(Unread(), ElementsAre("1\n", "2\n", "3\n", "4\n"));
}

TEST_F(FileSetRotatedTest, AYoungerGenerationWaitsForAnOlderOneThatIsStillBeingCompressed) {
  Append("a.log", "1\n");
  set_->HandleEvents();
  Rename("a.log", "a.log.20260101-000001");
  Append("a.log", "2\n");
  set_->HandleEvents();
  known_ = history_.Known(temp_.path());
  Drop();
  Append("a.log", "more\n");
  Rename("a.log", "a.log.20260101-000002");
  Append("a.log.20260101-000001", "more\n");
  Compress("a.log.20260101-000001", std::chrono::seconds(0));
  Append("a.log", "3\n");
  clock_.SetWallNanos(StatPath(temp_ / "a.log.20260101-000001.gz")->modified);
  Up();
  EXPECT_TRUE(set_->files().empty());
  Rename("a.log", "a.log.20260101-000003");
  Append("a.log", "4\n");
  set_->HandleEvents();
  EXPECT_TRUE(set_->files().empty());
  clock_.Advance(std::chrono::seconds(3));
  set_->Sweep();
  ASSERT_EQ(set_->files().size(), 4u);
  EXPECT_TRUE(First().bytes.compressed());
}

TEST_F(FileSetRotatedTest, WhatHadToWaitForItsAgeIsStillUnseenWhenItIsOldEnough) {
  Append("a.log", "");
  set_->HandleEvents();
  known_ = history_.Known(temp_.path());
  Drop();
  Append("a.log", "1\n");
  Rename("a.log", "a.log.1");
  Compress("a.log.1", std::chrono::seconds(0));
  Append("a.log", "2\n");
  clock_.SetWallNanos(StatPath(temp_ / "a.log.1.gz")->modified + 1'000'000'000);
  Up();
  EXPECT_TRUE(set_->files().empty());
  EXPECT_FALSE(set_->Settled());
  clock_.Advance(std::chrono::seconds(3));
  set_->Sweep();
  ASSERT_EQ(set_->files().size(), 2u);
  EXPECT_TRUE(First().bytes.compressed());
  EXPECT_TRUE(set_->Settled());
}

TEST_F(FileSetRotatedTest, AFileSeenEmptyWasCopiedAndTruncatedWhileItWasDown) {
  Append("a.log", "");
  set_->HandleEvents();
  known_ = history_.Known(temp_.path());
  Drop();
  Append("a.log", "old\n");
  fs::copy_file(temp_ / "a.log", temp_ / "a.log.1");
  temp_.Write("a.log", "new\n");
  // The program still lived when the copy was made, but did not see the truncation.
  history_.scan = StatPath(temp_ / "a.log.1")->modified + 1'000'000'000;
  clock_.SetWallNanos(history_.scan + 10'000'000'000);
  Up();
  EXPECT_THAT(Unread(), ElementsAre("old\n", "new\n"));
  EXPECT_EQ(First().file_id, known_[0].file_id);
}

TEST_F(FileSetRotatedTest, AFileSeenEmptyIsTheOldestOfWhatCameSinceAlsoWhenThatIsCompressed) {
  Append("a.log", "");
  set_->HandleEvents();
  known_ = history_.Known(temp_.path());
  Drop();
  Append("a.log", "1\n");
  Rename("a.log", "a.log.20260101-000001");
  Compress("a.log.20260101-000001", std::chrono::seconds(0));
  Append("a.log", "2\n");
  Rename("a.log", "a.log.20260101-000002");
  Append("a.log", "3\n");
  clock_.SetWallNanos(StatPath(temp_ / "a.log.20260101-000001.gz")->modified + 10'000'000'000);
  Up();
  ASSERT_EQ(set_->files().size(), 3u);
  EXPECT_TRUE(First().bytes.compressed());
}

TEST_F(FileSetRotatedTest, AFileSeenEmptyAndOnlyWrittenSinceIsTheSame) {
  Append("a.log.1", "older\n");
  FirstStart();
  Append("a.log", "");
  set_->HandleEvents();
  known_ = history_.Known(temp_.path());
  history_.scan = StatPath(temp_ / "a.log.1")->modified + 5'000'000'000;
  Drop();
  Append("a.log", "1\n");
  Up();
  EXPECT_THAT(Unread(), ElementsAre("1\n"));
  EXPECT_EQ(First().file_id, known_[0].file_id);
}

TEST_F(FileSetRotatedTest, AlsoUnderANameThatIsNoRotation) {
  ReadThenDown("old\n");
  Rename("a.log", "whatever");
  Append("a.log", "new\n");
  Up();
  EXPECT_THAT(Unread(), ElementsAre("old\n", "new\n"));
}

TEST_F(FileSetRotatedTest, GenerationsThatCameAndWentAreReadInTheirOrder) {
  ReadThenDown("1\n");
  Rename("a.log", "a.log.3");
  Append("a.log.2", "2\n");
  Append("a.log.1", "3\n");
  Append("a.log", "4\n");
  Up();
  EXPECT_THAT(Unread(), ElementsAre("1\n", "2\n", "3\n", "4\n"));
  for (const auto& [file_id, file] : set_->files()) EXPECT_EQ(file->path, temp_ / "a.log");
}

TEST_F(FileSetRotatedTest, AlsoWhenNothingIsThereUnderThePathItself) {
  ReadThenDown("1\n");
  Rename("a.log", "a.log.20240101-000000");
  Append("a.log.20240102-000000", "2\n");
  Up();
  EXPECT_THAT(Unread(), ElementsAre("1\n", "2\n"));
}

TEST_F(FileSetRotatedTest, WhatWasThereBeforeTheFirstStartIsNotDraggedIn) {
  Append("b.log.1", "before\n");
  Append("a.log.2", "before\n");
  FirstStart();
  ReadThenDown("1\n");
  Rename("a.log.2", "a.log.3");
  Rename("a.log", "a.log.2");
  Append("a.log.1", "2\n");
  Append("a.log", "3\n");
  Append("b.log", "b\n");
  Up();
  EXPECT_THAT(Unread(), ElementsAre("1\n", "2\n", "3\n", "b\n"));
}

TEST_F(FileSetRotatedTest, WithoutAnyRotationTheOldOnesStayUnreadToo) {
  Append("a.log.1", "before\n");
  FirstStart();
  ReadThenDown("1\n");
  Up();
  EXPECT_THAT(Unread(), ElementsAre("1\n"));
}

TEST_F(FileSetRotatedTest, WhenTheLastKnownOneIsDeletedTheYoungerOnesAreStillFound) {
  Append("a.log.9", "before\n");
  fs::last_write_time(temp_ / "a.log.9", fs::file_time_type::clock::now() - std::chrono::hours(9));
  FirstStart();
  ReadThenDown("lost\n");
  // Made in the same instant otherwise: between them the program was down.
  auto info = StatPath(temp_ / "a.log");
  history_.scan = info->modified;
  fs::remove(temp_ / "a.log");
  Append("a.log.2", "2\n");
  Append("a.log.1", "3\n");
  for (const char* name : {"a.log.2", "a.log.1"}) {
    fs::last_write_time(temp_ / name, fs::file_time_type::clock::now() + std::chrono::seconds(1));
  }
  Append("a.log", "4\n");
  Up();
  EXPECT_THAT(Unread(), ElementsAre("2\n", "3\n", "4\n"));
}

TEST_F(FileSetRotatedTest, AFileReadHalfWayAndCompressedSinceIsContinuedInTheCompressedOne) {
  ReadThenDown("old\n");
  Rename("a.log", "a.log.1");
  Append("a.log", "new\n");
  Compress("a.log.1");
  Up();
  ASSERT_EQ(set_->files().size(), 2u);
  TailedFile& first = First();
  EXPECT_TRUE(first.bytes.compressed());
  EXPECT_EQ(first.path, temp_ / "a.log");
  EXPECT_EQ(first.checkpoint.offset, 5u);
  EXPECT_EQ(first.info.size, 9u);
  EXPECT_FALSE(set_->files().rbegin()->second->bytes.compressed());
}

TEST_F(FileSetRotatedTest, AlsoIfTheDateStandsInFrontOfItsExtension) {
  ReadThenDown("old\n");
  Rename("a.log", "a-2026-11-28T10-00-00.000.log");
  Append("a.log", "new\n");
  Compress("a-2026-11-28T10-00-00.000.log");
  Up();
  ASSERT_EQ(set_->files().size(), 2u);
  EXPECT_TRUE(First().bytes.compressed());
  EXPECT_EQ(First().checkpoint.offset, 5u);
  EXPECT_EQ(First().info.size, 9u);
}

TEST_F(FileSetRotatedTest, CompressedGenerationsThatWereNeverSeenAreReadAndReadOnesAreNot) {
  Append("a.log", "first\n");
  set_->HandleEvents();
  ReadAll();
  Down();
  known_[0].finished = true;
  Rename("a.log", "a.log.20240101");
  Append("a.log.20240102", "never seen\n");
  Append("a.log.20231231", "before\n");
  for (const char* name : {"a.log.20231231", "a.log.20240101", "a.log.20240102"}) Compress(name);
  Append("a.log", "now\n");
  Up();
  ASSERT_EQ(set_->files().size(), 2u);
  EXPECT_TRUE(First().bytes.compressed());
  EXPECT_EQ(First().info.size, 11u);
  EXPECT_EQ(First().path, temp_ / "a.log");
}

TEST_F(FileSetRotatedTest, ACompressedFileThatIsBeingWrittenIsLeftForLater) {
  ReadThenDown("old\n");
  Rename("a.log", "a.log.1");
  std::string text = "read\nold\n";
  temp_.Write("a.log.1.gz", Gzip(text).substr(0, 12));
  Append("a.log", "new\n");
  Up();
  EXPECT_THAT(Unread(), ElementsAre("old\n", "new\n"));  // from the plain one
}

TEST_F(FileSetRotatedTest, FilesThatBeginAlikeAreToldApart) {
  std::string header(300, 'h');
  Append("a.log", header + "\nfirst\n");
  set_->HandleEvents();
  ReadAll();
  Append("a.log", "rest of first\n");
  Down();
  Rename("a.log", "a.log.2");
  Append("a.log.1", header + "\nother\nsecond\n");
  Compress("a.log.2");
  Compress("a.log.1", std::chrono::hours(0) - std::chrono::hours(-1));
  Append("a.log", header + "\nthird\n");
  Up();
  ASSERT_EQ(set_->files().size(), 3u);
  EXPECT_EQ(First().checkpoint.offset, 307u);
  auto second = std::next(set_->files().begin());
  EXPECT_EQ(second->second->checkpoint.offset, 0u);
  EXPECT_EQ(second->second->info.size, 314u);
}

TEST_F(FileSetRotatedTest, AnInodeThatIsUsedAgainIsAnotherFile) {
  ReadThenDown("");
  known_[0].id.birth -= 1;  // what an earlier owner of the number had
  Up();
  EXPECT_THAT(Unread(), ElementsAre("read\n"));
  known_[0].id.birth += 1;
  known_[0].checkpoint.tail ^= 1;  // the file system tells no births, but the content is another
  Drop();
  Up();
  EXPECT_THAT(Unread(), ElementsAre("read\n"));
}

TEST_F(FileSetRotatedTest, ACopyThatWasTruncatedWhileDownIsContinuedInTheCopy) {
  ReadThenDown("old\n");
  fs::copy_file(temp_ / "a.log", temp_ / "a.log.1");
  temp_.Write("a.log", "this is new, and longer than what was read\n");
  Up();
  EXPECT_THAT(Unread(), ElementsAre("old\n", "this is new, and longer than what was read\n"));
}

TEST_F(FileSetRotatedTest, ACopyThatIsTruncatedWithLinesUnreadGoesOnInTheCopy) {
  Append("a.log", "read\n");
  set_->HandleEvents();
  ReadAll();
  Append("a.log", "unread\n");
  set_->HandleEvents();
  fs::copy_file(temp_ / "a.log", temp_ / "a.log.1");
  temp_.Write("a.log", "new\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("unread\n", "new\n"));
  EXPECT_THAT(moved_, ElementsAre(0));
  EXPECT_TRUE(truncated_.empty());
  EXPECT_TRUE(First().rotated);
  EXPECT_FALSE(set_->files().rbegin()->second->rotated);
}

TEST_F(FileSetRotatedTest, WhatACopyDoesNotHaveIsTold) {
  Append("a.log", "read\n");
  set_->HandleEvents();
  ReadAll();
  fs::copy_file(temp_ / "a.log", temp_ / "a.log.1");
  Append("a.log", "between copy and truncation\n");
  set_->HandleEvents();
  temp_.Write("a.log", "new\n");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("", "new\n"));
  EXPECT_THAT(moved_, ElementsAre(28));
}

TEST_F(FileSetRotatedTest, CopiesAndCompressedFilesThatAreWantedThemselvesAreNotReadAgain) {
  Watch({temp_ / "*"});
  Append("a.log", "read\n");
  set_->HandleEvents();
  ReadAll();
  clock_.SetWallNanos(StatPath(temp_ / "a.log")->modified + 5'000'000'000);
  fs::copy_file(temp_ / "a.log", temp_ / "a.log.1");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre(""));
  Compress("a.log.1");
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre(""));
  Append("b.log.1", "another\n");  // a name that looks like a rotation and is none of ours
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("", "another\n"));
}

TEST_F(FileSetRotatedTest, TheyAreNotReadAgainEitherWhenTheyGetTheNextName) {
  for (const bool at_once : {false, true}) {
    SCOPED_TRACE(at_once);
    Watch({temp_ / "*"});
    Append("a.log", "old\n");
    set_->HandleEvents();
    ReadAll();
    Rename("a.log", "a.log.1");
    Append("a.log", "new\n");
    set_->HandleEvents();
    Compress("a.log.1");
    if (!at_once) set_->HandleEvents();
    Rename("a.log.1.gz", "a.log.2.gz");
    Rename("a.log", "a.log.1");
    Append("a.log", "newer\n");
    set_->HandleEvents();
    Rename("a.log.2.gz", "a.log.3.gz");
    set_->HandleEvents();
    set_->Sweep();
    EXPECT_THAT(Unread(), ElementsAre("", "new\n", "newer\n"));
    for (const char* name : {"a.log", "a.log.1", "a.log.3.gz"}) fs::remove(temp_ / name);
    known_.clear();
    Make();
  }
}

TEST_F(FileSetRotatedTest, ACopyThatIsStillBeingMadeIsNotTakenForANewFile) {
  Watch({temp_ / "*"});
  std::string text = std::string(400, 'x') + "\n";
  Append("a.log", text);
  set_->HandleEvents();
  ReadAll();
  clock_.SetWallNanos(StatPath(temp_ / "a.log")->modified + 5'000'000'000);
  Append("a.log.1", text.substr(0, 300));
  set_->HandleEvents();
  EXPECT_EQ(set_->files().size(), 1u);
  Append("a.log.1", text.substr(300));
  set_->Sweep();
  EXPECT_EQ(set_->files().size(), 1u);
}

TEST_F(FileSetRotatedTest, WithoutEventsGenerationsBetweenTwoLooksAreFound) {
  Append("a.log", "1\n");
  set_->HandleEvents();
  known_ = {};
  Down();
  Rename("a.log", "a.log.2");
  Append("a.log.1", "2\n");
  Append("a.log", "3\n");
  Up();  // the same as after a loss of events: what was open is known, the rest is searched
  EXPECT_THAT(Unread(), ElementsAre("1\n", "2\n", "3\n"));
}

TEST_F(FileSetRotatedTest, FilesBeyondTheLimitWaitForRoom) {
  Make({.open_files = 2});
  Watch({temp_ / "*.log"});
  for (const char* name : {"a.log", "b.log", "c.log"}) Append(name, std::string(name) + "\n");
  set_->HandleEvents();
  EXPECT_EQ(set_->files().size(), 2u);
  EXPECT_EQ(set_->counts().unread[UnreadReason::kLimit], 1u);
  ReadAll();
  Rename("a.log", "a.log.1");
  set_->Sweep();  // the rotated one is read and goes
  set_->Sweep();
  EXPECT_THAT(Unread(), testing::UnorderedElementsAre("", "c.log\n"));
  EXPECT_EQ(set_->counts().unread[UnreadReason::kLimit], 0u);
}

}  // namespace
}  // namespace telltale
