// SPDX-License-Identifier: Apache-2.0
// Files that are wanted and not read: compressed ones, other encodings, links, missing permission.
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

#include "tests/unit/sidecar/discover/file_set_fixture.h"

namespace telltale {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class FileSetWantedTest : public FileSetTest {
 protected:
  void See(const std::string& name, const std::string& text) {
    Append(name, text);
    set_->HandleEvents();
  }
  void Pass(std::chrono::seconds time) {
    for (auto left = time; left.count() > 0; left -= std::chrono::seconds(1)) {
      clock_.Advance(std::chrono::seconds(1));
      set_->Sweep();
    }
  }
};

TEST_F(FileSetWantedTest, AFileThatOtherProgramsCompressedIsCountedAndNotRead) {
  Watch({temp_ / "*"});
  Append("a.log", "text\n");
  Append("a.log.2.xz", std::string("\xFD\x37\x7A\x58\x5A\x00rest", 10));
  Append("odd name", std::string("\x28\xB5\x2F\xFDrest"));
  Append("later", "");
  set_->HandleEvents();
  EXPECT_EQ(set_->counts().unread[UnreadReason::kCompressed], 2u);
  See("later", "BZh91AY&SYrest");  // the program that compresses made it empty first
  EXPECT_EQ(set_->counts().unread[UnreadReason::kCompressed], 3u);
  EXPECT_THAT(Unread(), ElementsAre("text\n"));
}

TEST_F(FileSetWantedTest, EveryCommonFormatOfCompressedFilesIsKnown) {
  Watch({temp_ / "*"});
  const std::string starts[] = {
      {"\x5D\0\0\x80\0", 5}, {"\x89LZO\0\r\n", 7}, {"\xFF\x06\0\0sNaPpY", 10},
      "LZIP\x01rest",        "Rar!\x1A\x07",       "\x04\x22\x4D\x18rest",
      "\x1F\x9Drest",        "PK\x03\x04rest",     "7z\xBC\xAF\x27\x1C"};
  int index = 0;
  for (const std::string& start : starts) See("f" + std::to_string(index++), start);
  EXPECT_THAT(set_->files(), IsEmpty());
  EXPECT_EQ(set_->counts().unread[UnreadReason::kCompressed], std::size(starts));
}

TEST_F(FileSetWantedTest, FilesThatAreNoTextAreCountedAndNotRead) {
  Watch({temp_ / "*"});
  const std::string starts[] = {
      "\x7F"
      "ELF\x02rest",
      "JAVA PROFILE 1.0.2",
      {"FLR\0\0\2", 6},
      "SQLite format 3",
      "LPKSHHRHrest",
      "\x89PNG\r\n\x1A\n"};
  int index = 0;
  for (const std::string& start : starts) See("f" + std::to_string(index++), start);
  Append("a.log", "ELF and JAVA PROFILE are words\n");
  Append("b.log", "SQLite is one, too\n");
  set_->Sweep();
  EXPECT_EQ(set_->counts().unread[UnreadReason::kBinary], std::size(starts));
  EXPECT_EQ(UnreadReasonName(UnreadReason::kBinary), "binary");
  EXPECT_EQ(Unread().size(), 2u);
}

TEST_F(FileSetWantedTest, AFormatIsKnownAlsoIfItsFirstBytesComeOneByOne) {
  Watch({temp_ / "*"});
  for (const char byte : std::string_view("\xff\xfeT\0\n\0", 6)) See("a.log", std::string(1, byte));
  EXPECT_EQ(set_->counts().unread[UnreadReason::kEncoding], 1u);
  EXPECT_THAT(set_->files(), IsEmpty());
}

TEST_F(FileSetWantedTest, AFileOfAnotherEncodingIsCountedAndNotRead) {
  Watch({temp_ / "*"});
  Append("a.log", "\xef\xbb\xbftext\n");
  Append("little.log", std::string("\xff\xfeT\0\n\0", 6));
  Append("big.log", std::string("\xfe\xff\0T\0\n", 6));
  Append("latin.log", "\xff is no mark\n");
  Append("later", "");
  set_->HandleEvents();
  EXPECT_EQ(set_->counts().unread[UnreadReason::kEncoding], 2u);
  See("later", std::string("\xff\xfeT\0", 4));
  EXPECT_EQ(set_->counts().unread[UnreadReason::kEncoding], 3u);
  EXPECT_EQ(UnreadReasonName(UnreadReason::kEncoding), "encoding");
  EXPECT_EQ(UnreadReasonName(UnreadReason::kError), "error");
  EXPECT_EQ(Unread().size(), 2u);
}

TEST_F(FileSetWantedTest, ALinkToNothingIsCountedUntilItsTargetIsThere) {
  fs::create_directory(temp_ / "sub");
  fs::create_symlink(temp_ / "sub/one", temp_ / "a.log");
  fs::create_symlink(temp_ / "sub/two", temp_ / "b.log");
  Make();
  Watch({temp_ / "*.log", temp_ / "sub/*.txt"});
  EXPECT_EQ(set_->counts().unread[UnreadReason::kBrokenLink], 2u);
  temp_.Write("sub/one", "1\n");
  Pass(std::chrono::seconds(11));
  EXPECT_THAT(Unread(), ElementsAre("1\n"));
  EXPECT_EQ(set_->counts().unread[UnreadReason::kBrokenLink], 1u);
  fs::remove(temp_ / "b.log");
  Pass(std::chrono::seconds(11));
  EXPECT_EQ(set_->counts().unread[UnreadReason::kBrokenLink], 0u);
}

TEST_F(FileSetWantedTest, AFileThatBecomesReadableIsOpened) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can make files that it may not read then";
  ASSERT_EQ(chmod(temp_.path().c_str(), 0755), 0);
  Append("a.log", "a\n");
  Append("b.log", "b\n");
  for (const char* name : {"a.log", "b.log"}) chmod((temp_ / name).c_str(), 0600);
  Make();
  ASSERT_EQ(seteuid(65534), 0);
  Watch({temp_ / "*.log"});
  EXPECT_EQ(set_->counts().unread[UnreadReason::kPermission], 2u);
  EXPECT_THAT(set_->files(), IsEmpty());
  ASSERT_EQ(seteuid(0), 0);
  chmod((temp_ / "a.log").c_str(), 0644);
  ASSERT_EQ(seteuid(65534), 0);
  set_->HandleEvents();
  EXPECT_THAT(Unread(), ElementsAre("a\n"));
  EXPECT_EQ(set_->counts().unread[UnreadReason::kPermission], 1u);
  ASSERT_EQ(seteuid(0), 0);
}

TEST_F(FileSetWantedTest, WithoutAnEventAFolderIsListedAfterTenSeconds) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can make files that it may not read then";
  ASSERT_EQ(chmod(temp_.path().c_str(), 0755), 0);
  temp_.Write("sub/a.log", "a\n");
  chmod((temp_ / "sub").c_str(), 0700);
  ASSERT_EQ(seteuid(65534), 0);
  Watch({temp_ / "sub/*.log"});
  EXPECT_EQ(set_->counts().unread[UnreadReason::kPermission], 1u);
  ASSERT_EQ(seteuid(0), 0);
  chmod((temp_ / "sub").c_str(), 0755);
  ASSERT_EQ(seteuid(65534), 0);
  Pass(std::chrono::seconds(11));
  EXPECT_THAT(Unread(), ElementsAre("a\n"));
  EXPECT_EQ(set_->counts().unread[UnreadReason::kPermission], 0u);
  ASSERT_EQ(seteuid(0), 0);
}

TEST_F(FileSetWantedTest, AFolderThatMayOnlyBeEnteredIsEnoughForFilesNamedInFull) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can make files that it may not read then";
  ASSERT_EQ(chmod(temp_.path().c_str(), 0755), 0);
  for (const char* name : {"one/a.log", "two/a.log"}) temp_.Write(name, "a\n");
  for (const char* folder : {"one", "two"}) chmod((temp_ / folder).c_str(), 0711);
  ASSERT_EQ(seteuid(65534), 0);
  Watch({temp_ / "one/a.log", temp_ / "two/*.log"});
  EXPECT_THAT(Unread(), ElementsAre("a\n"));
  EXPECT_EQ(set_->counts().unread[UnreadReason::kPermission], 1u);
  Watch({temp_ / "one/a.log", temp_ / "one/b.log"});
  EXPECT_EQ(set_->counts().unread[UnreadReason::kPermission], 0u);
  ASSERT_EQ(seteuid(0), 0);
}

}  // namespace
}  // namespace telltale
