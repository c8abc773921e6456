// SPDX-License-Identifier: Apache-2.0
#include "common/base/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <set>

namespace telltale {
namespace {

class FilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "telltale-files-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override {
    for (const std::string& name : Names()) ::unlink((folder_ + "/" + name).c_str());
    ::rmdir(folder_.c_str());
  }
  std::set<std::string> Names() const {
    std::set<std::string> names;
    DIR* const dir = ::opendir(folder_.c_str());
    while (const dirent* entry = ::readdir(dir)) names.insert(entry->d_name);
    ::closedir(dir);
    names.erase(".");
    names.erase("..");
    return names;
  }
  std::string folder_;
};

TEST_F(FilesTest, DirectoriesAreMadeWithThoseAboveThemAndMayBeThereAlready) {
  const std::string path = folder_ + "/a/b/c";
  ASSERT_TRUE(MakeDirectories(path).ok());
  ASSERT_TRUE(MakeDirectories(path).ok());
  ASSERT_TRUE(MakeDirectories(path + "/").ok());
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0700u);
  ASSERT_TRUE(WriteFileAtomic(path + "/file", "x").ok());
  const Status in_file = MakeDirectories(path + "/file/d");
  ASSERT_FALSE(in_file.ok());
  EXPECT_EQ(in_file.error().message, "making the directory " + path + "/file/d: Not a directory");
  EXPECT_FALSE(MakeDirectories(path + "/file").ok());
  ::unlink((path + "/file").c_str());
  for (const char* name : {"/a/b/c", "/a/b", "/a"}) ::rmdir((folder_ + name).c_str());
}

TEST_F(FilesTest, ReadsBackWhatWasWrittenAndLeavesNothingBeside) {
  const std::string path = folder_ + "/f";
  const std::string content = std::string("a\0b\n", 4) + std::string(300'000, 'x');
  ASSERT_TRUE(WriteFileAtomic(path, content).ok());
  EXPECT_EQ(*ReadFile(path), content);
  ASSERT_TRUE(WriteFileAtomic(path, "short").ok());
  EXPECT_EQ(*ReadFile(path), "short");
  ASSERT_TRUE(WriteFileAtomic(path, "").ok());
  EXPECT_EQ(*ReadFile(path), "");
  EXPECT_EQ(Names(), (std::set<std::string>{"f"}));
}

TEST_F(FilesTest, ReplacesTheFileAndDoesNotWriteIntoTheOldOne) {
  const std::string path = folder_ + "/f";
  ASSERT_TRUE(WriteFileAtomic(path, "old").ok());
  const UniqueFd old(::open(path.c_str(), O_RDONLY));
  ASSERT_TRUE(WriteFileAtomic(path, "new").ok());
  char bytes[3] = {};
  ASSERT_EQ(::read(old.get(), bytes, 3), 3);
  EXPECT_EQ(std::string_view(bytes, 3), "old");
}

TEST_F(FilesTest, ReadsAFileOfProcfsThatSaysItIsEmpty) {
  const auto status = ReadFile("/proc/self/status");
  ASSERT_TRUE(status.ok());
  EXPECT_NE(status->find("VmRSS"), std::string::npos);
}

TEST_F(FilesTest, RefusesWhatIsOverTheLimit) {
  const std::string path = folder_ + "/f";
  ASSERT_TRUE(WriteFileAtomic(path, "12345").ok());
  EXPECT_TRUE(ReadFile(path, 5).ok());
  const auto over = ReadFile(path, 4);
  EXPECT_EQ(over.error().code, Code::kTooLarge);
  EXPECT_EQ(over.error().message, "reading " + path + ": it has more than the allowed 4 bytes");
}

TEST_F(FilesTest, SaysWhatItDidAndWhyItFailed) {
  const auto missing = ReadFile(folder_ + "/none");
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_EQ(missing.error().message, "opening " + folder_ + "/none: No such file or directory");
  EXPECT_EQ(ReadFile(folder_).error().code, Code::kInvalid);
  EXPECT_EQ(WriteFileAtomic(folder_ + "/none/f", "x").error().code, Code::kNotFound);
  EXPECT_EQ(ErrnoError("opening /x", EACCES).message, "opening /x: Permission denied");
  EXPECT_EQ(ErrnoError("x", EACCES).code, Code::kPermission);
  EXPECT_EQ(ErrnoError("x", ECONNREFUSED).code, Code::kUnavailable);
  EXPECT_EQ(ErrnoError("x", ETIMEDOUT).code, Code::kTimeout);
}

TEST_F(FilesTest, LeavesNoTemporaryFileWhenTheRenameFails) {
  const std::string path = folder_ + "/taken";
  ASSERT_EQ(::mkdir(path.c_str(), 0700), 0);
  EXPECT_FALSE(WriteFileAtomic(path, "x").ok());
  EXPECT_EQ(Names(), (std::set<std::string>{"taken"}));
  ::rmdir(path.c_str());
}

TEST(UniqueFd, ClosesOnceAndMoves) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  {
    UniqueFd reader(ends[0]);
    UniqueFd moved(std::move(reader));
    EXPECT_TRUE(moved);
    UniqueFd assigned;
    assigned = std::move(moved);
    EXPECT_EQ(assigned.get(), ends[0]);
  }
  EXPECT_EQ(::fcntl(ends[0], F_GETFD), -1);
  EXPECT_NE(::fcntl(ends[1], F_GETFD), -1);
  ::close(ends[1]);
}

}  // namespace
}  // namespace telltale
