// SPDX-License-Identifier: Apache-2.0
#include "sidecar/tail/file_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/fakes/fake_clock.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

// Events of inotify are there when the system call that made them returns, so nothing waits here.
class FileSetTest : public testing::Test {
 protected:
  FileSetTest() {
    hooks_.recall = [this](TailedFile& file) {
      auto found = known_.find(file.info.id.inode);
      if (found == known_.end()) return false;
      file.slot = next_slot_++;
      file.path = found->second;
      return true;
    };
    hooks_.begun = [this](TailedFile& file) { file.slot = next_slot_++; };
    hooks_.truncated = [this](TailedFile& file, std::uint64_t unread) {
      file.slot = next_slot_++;
      truncated_.push_back(unread);
    };
    hooks_.closed = [this](const TailedFile& file, bool) { closed_.push_back(file.slot); };
    hooks_.known = [this](const std::string&, std::uint64_t inode) {
      return known_.contains(inode);
    };
    set_.emplace(clock_, hooks_);
    Watch({temp_ / "*.log"});
  }

  void Watch(std::vector<std::string> include, std::vector<std::string> exclude = {}) {
    LogSource source;
    source.include = std::move(include);
    source.exclude = std::move(exclude);
    set_->SetSources({source});
    set_->Sweep();
  }
  void Append(const std::string& name, const std::string& text) {
    std::ofstream(temp_ / name, std::ios::app | std::ios::binary) << text;
  }
  void Rename(const std::string& from, const std::string& to) {
    fs::rename(temp_ / from, temp_ / to);
  }
  // What of the files is unread, oldest generation first.
  std::vector<std::string> Unread() {
    std::vector<std::string> out;
    for (const auto& [slot, file] : set_->files()) {
      std::string text(file->info.size - file->mark.offset, '\0');
      ssize_t n =
          pread(file->bytes.fd(), text.data(), text.size(), static_cast<off_t>(file->mark.offset));
      EXPECT_EQ(n, static_cast<ssize_t>(text.size()));
      out.push_back(text);
    }
    return out;
  }
  void ReadAll() {
    for (const auto& [slot, file] : set_->files()) {
      file->mark = *MarkContent(file->bytes, file->info.size);
    }
  }
  TailedFile& First() { return *set_->files().begin()->second; }

  TempFolder temp_;
  FakeClock clock_;
  std::uint64_t next_slot_ = 1;
  std::vector<std::uint64_t> truncated_, closed_;
  std::map<std::uint64_t, std::string> known_;
  FileSet::Hooks hooks_;
  std::optional<FileSet> set_;
};

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
  for (const auto& [slot, file] : set_->files()) EXPECT_EQ(file->path, temp_ / "a.log");
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
  EXPECT_EQ(First().slot, 2u);
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
  First().mark = *MarkContent(First().bytes, 6);
  EXPECT_TRUE(set_->CheckContent(First()));
  temp_.Write("a.log", "other\nanother");  // of the same size
  EXPECT_FALSE(set_->CheckContent(First()));
  EXPECT_THAT(Unread(), ElementsAre("other\nanother"));
  EXPECT_THAT(truncated_, ElementsAre(7));
}

TEST_F(FileSetTest, ARotatedFileOfAnEarlierStartIsFoundByItsInode) {
  Append("b.log", "old\n");
  struct stat info;
  ASSERT_EQ(stat((temp_ / "b.log").c_str(), &info), 0);
  set_.reset();
  known_[info.st_ino] = temp_ / "b.log";
  Rename("b.log", "b.log.1");
  Append("b.log", "new\n");
  Append("b.log.9", "unknown\n");
  set_.emplace(clock_, hooks_);
  Watch({temp_ / "*.log"});
  EXPECT_THAT(Unread(), testing::UnorderedElementsAre("old\n", "new\n"));
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

TEST_F(FileSetTest, FilesNoLongerWantedAreLetGo) {
  Append("a.log", "1\n");
  Append("b.log", "1\n");
  set_->HandleEvents();
  std::uint64_t a = 0;
  for (const auto& [slot, file] : set_->files()) {
    if (file->path == temp_ / "a.log") a = slot;
  }
  Watch({temp_ / "b*.log"});
  EXPECT_THAT(closed_, ElementsAre(a));
  EXPECT_EQ(First().path, temp_ / "b.log");
}

}  // namespace
}  // namespace telltale
