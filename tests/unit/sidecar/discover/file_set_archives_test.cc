// SPDX-License-Identifier: Apache-2.0
// Generations that were rotated, copied and compressed while nobody looked, under names that do not
// begin with that of the log, or in another folder; and those of a log that nobody has seen yet.
#include <fcntl.h>
#include <sys/stat.h>

#include <chrono>
#include <iterator>

#include "tests/unit/sidecar/discover/file_set_fixture.h"
#include "tests/unit/sidecar/gzip_text.h"

namespace telltale {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

// Longer than what a few first words may have in common.
const std::string kRead = std::string(80, 'r') + "\n";

class FileSetArchivesTest : public FileSetTest {
 protected:
  // Each of the logs was read up to here; the program ends, and comes back with Up.
  void ReadThenDown(const std::vector<std::string>& names) {
    for (const std::string& name : names) Append(name, name + kRead);
    set_->HandleEvents();
    ReadAll();
    for (const std::string& name : names) {
      history_.scan = std::max(history_.scan, StatPath(temp_ / name)->modified);
    }
    known_ = history_.Known(temp_.path());
    Drop();
  }
  void Up(std::vector<std::string> include = {"*.log"}) {
    for (std::string& pattern : include) pattern = temp_ / pattern;
    clock_.SetWallNanos(StatPath(temp_.path())->modified + 60'000'000'000);
    Make();
    Watch(include);
  }
  // What gzip makes of the log: its time of change stays.
  void Compress(const std::string& from, const std::string& to) {
    std::ifstream in(temp_ / from, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    const auto time = fs::last_write_time(temp_ / from);
    temp_.Write(to, Gzip(text));
    fs::remove(temp_ / from);
    fs::last_write_time(temp_ / to, time);
  }
  // Copied by copytruncate; what is written next is in the emptied file.
  void CopyAndTruncate(const std::string& to, const std::string& next) {
    fs::copy_file(temp_ / "app.log", temp_ / to);
    temp_.Write("app.log", next);
  }
  // Of compressed files too.
  std::vector<std::string> Rests() {
    std::vector<std::string> out;
    for (const auto& [file_id, file] : set_->files()) {
      std::string text(1000, '\0');
      auto n = file->bytes.ReadAt(text.data(), text.size(), file->checkpoint.offset);
      EXPECT_TRUE(n);
      text.resize(n ? *n : 0);
      out.push_back(text);
    }
    return out;
  }
  std::vector<std::string> Paths() {
    std::vector<std::string> out;
    for (const auto& [file_id, file] : set_->files()) {
      out.push_back(file->path.substr(temp_.path().size() + 1));
    }
    return out;
  }
};

TEST_F(FileSetArchivesTest, ANewGenerationIsFoundUnderEachNameThatARotationGivesIt) {
  // The older generation, which was being read, and the next one, which nobody saw.
  const std::vector<std::pair<std::string, std::string>> names{
      {"20261127-app.log.gz", "20261128-app.log.gz"},
      {"2026-11-27_app.log.gz", "2026-11-28_app.log.gz"},
      {"2026-11-27T10-00-00.app.log.gz", "2026-11-28T10-00-00.app.log.gz"},
      {"app-2026-11-27.log.gz", "app-2026-11-28.log.gz"},
      {"app.2.log.gz", "app.1.log.gz"},
      {"app.log-20261127.gz", "app.log-20261128.gz"},
      {"app.log.2.gz", "app.log.1.gz"},
  };
  for (const auto& [older, younger] : names) {
    SCOPED_TRACE(younger);
    ReadThenDown({"app.log", "api.log"});
    Append("app.log", "1\n");
    Compress("app.log", older);
    Append("app.log", "2\n");
    Compress("app.log", younger);
    Append("app.log", "3\n");
    Append("api.log", "api\n");
    Up();
    EXPECT_THAT(Rests(), UnorderedElementsAre("1\n", "2\n", "3\n", "api\n"));
    std::vector<std::string> app;  // in the order of its stream
    for (std::size_t i = 0; i < Rests().size(); ++i) {
      if (Paths()[i] == "app.log") app.push_back(Rests()[i]);
    }
    EXPECT_THAT(app, ElementsAre("1\n", "2\n", "3\n"));
    for (const std::string& name : {older, younger, std::string("app.log"), std::string("api.log")})
      fs::remove(temp_ / name);
    known_.clear();
    Make();
    Watch({temp_ / "*.log"});
  }
}

TEST_F(FileSetArchivesTest, OfTwoLogsInAFolderEachGetsItsOwnArchives) {
  ReadThenDown({"api.log", "app.log", "my-app.log"});
  for (const std::string name : {"api.log", "app.log", "my-app.log"}) {
    Append(name, "1 " + name);
    Compress(name, "20261127-" + name + ".gz");
    Append(name, "2 " + name);
    Compress(name, "20261128-" + name + ".gz");
    Append(name, "3 " + name);
  }
  Up();
  ASSERT_EQ(set_->files().size(), 9u);
  for (const auto& [file_id, file] : set_->files()) {
    std::string text(1000, '\0');
    auto n = file->bytes.ReadAt(text.data(), text.size(), file->checkpoint.offset);
    text.resize(n ? *n : 0);
    EXPECT_EQ(temp_ / text.substr(2), file->path);
  }
}

TEST_F(FileSetArchivesTest, ArchivesOfOtherLogsAndOldOnesAreLeftAlone) {
  for (const std::string name : {"20261101-app.log", "20261102-other.log"}) {
    Append(name, "before\n");
    Compress(name, name + ".gz");
    fs::last_write_time(temp_ / (name + ".gz"),
                        fs::file_time_type::clock::now() - std::chrono::hours(900));
  }
  ReadThenDown({"app.log"});
  Append("192.168.1.10-app.log.gz", Gzip("of another host\n"));
  Append("20261128-other.log.gz", Gzip("of nobody\n"));
  Append("2-app.log.gz", Gzip("of another application\n"));
  Append("app.log", "1\n");
  Compress("app.log", "20261128-app.log.gz");
  Append("app.log", "2\n");
  Up();
  EXPECT_THAT(Rests(), ElementsAre("1\n", "2\n"));
}

TEST_F(FileSetArchivesTest, WhatWasBeingReadIsFoundByItsContentUnderAnyNameThatHasItsOwn) {
  for (const std::string archive : {"archive-app.log.gz", "app.gz", "old_app.20261128.gz"}) {
    SCOPED_TRACE(archive);
    ReadThenDown({"app.log", "api.log"});
    Append("app.log", "1\n");
    Compress("app.log", archive);
    Append("app.log", "2\n");
    Append("api-app.gz", Gzip("api.log" + kRead + "of something else\n"));
    Up();
    EXPECT_THAT(Rests(), UnorderedElementsAre("1\n", "2\n", ""));
    for (const std::string& name : {archive, std::string("app.log"), std::string("api.log")})
      fs::remove(temp_ / name);
    fs::remove(temp_ / "api-app.gz");
    known_.clear();
    Make();
    Watch({temp_ / "*.log"});
  }
}

TEST_F(FileSetArchivesTest, AnArchiveThatAPatternTakesIsNotReadAgain) {
  for (const std::string archive :
       {"20261128-app.log.gz", "app-2026-11-28.log.gz", "archive-app.log.gz"}) {
    SCOPED_TRACE(archive);
    ReadThenDown({"app.log"});
    Append("app.log", "1\n");
    Compress("app.log", archive);
    Append("app.log", "2\n");
    Append("app-other.gz", Gzip("another\n"));
    Up({"*"});
    EXPECT_THAT(Rests(), UnorderedElementsAre("1\n", "2\n", "another\n"));
    for (const std::string& name : {archive, std::string("app.log"), std::string("app-other.gz")})
      fs::remove(temp_ / name);
    known_.clear();
    Make();
    Watch({temp_ / "*.log"});
  }
}

TEST_F(FileSetArchivesTest, GenerationsInAnotherWatchedFolderAreReadInTheirOrder) {
  fs::create_directory(temp_ / "old");
  ReadThenDown({"app.log"});
  Append("app.log", "1\n");
  Compress("app.log", "old/app.log.2.gz");
  Append("app.log", "2\n");
  Compress("app.log", "old/app.log.1.gz");
  Append("app.log", "3\n");
  Append("old/api.log.1.gz", Gzip("of another log\n"));
  Up({"*.log", "old/*.log"});
  EXPECT_THAT(Rests(), ElementsAre("1\n", "2\n", "3\n"));
  EXPECT_THAT(Paths(), ElementsAre("app.log", "app.log", "app.log"));
}

TEST_F(FileSetArchivesTest, RotationsOfALogOfTheSameNameInAnotherFolderAreThatLogs) {
  fs::create_directory(temp_ / "old");
  Watch({temp_ / "*.log", temp_ / "old/*.log"});
  ReadThenDown({"app.log"});
  Append("app.log", "1\n");
  Compress("app.log", "old/app.log.2.gz");
  Append("old/app.log.1", "of the other\n");
  Append("old/app.log", "other\n");
  Append("app.log", "2\n");
  Up({"*.log", "old/*.log"});
  for (const auto& [file_id, file] : set_->files()) {
    if (file->found_at == temp_ / "old/app.log.1") {
      EXPECT_NE(file->path, temp_ / "app.log");
    }
  }
  EXPECT_EQ(Rests().front(), "1\n");
}

TEST_F(FileSetArchivesTest, EachCopyOfALogThatWasTruncatedSeveralTimesWhileDownIsReadOnce) {
  for (const std::string next : {"3\n", "app.log"}) {
    SCOPED_TRACE(next);
    const bool alike = next != "3\n";  // it begins again with what was read
    const std::string last = alike ? "app.log" + kRead + "3\n" : next;
    ReadThenDown({"app.log"});
    Append("app.log", "1\n");
    CopyAndTruncate("app.log.1", "2a\n");
    Rename("app.log.1", "app.log.2");
    CopyAndTruncate("app.log.1", "2b\n");
    Rename("app.log.2", "app.log.3");
    Rename("app.log.1", "app.log.2");
    CopyAndTruncate("app.log.1", last);
    history_.scan -= 10'000'000'000;
    Up();
    EXPECT_THAT(Rests(), UnorderedElementsAre("1\n", "2a\n", "2b\n", alike ? last : "3\n"));
    for (const std::string name : {"app.log", "app.log.1", "app.log.2", "app.log.3"})
      fs::remove(temp_ / name);
    known_.clear();
    Make();
    Watch({temp_ / "*.log"});
  }
}

TEST_F(FileSetArchivesTest, ALogThatWasTruncatedOrRotatedBeforeItWasSeenIsReadFromItsCopies) {
  Append("api.log", "api\n");
  Append("api.log.1", "before\n");
  FirstStart();
  for (const bool compressed : {false, true}) {
    SCOPED_TRACE(compressed);
    Append("app.log", "1\n");
    CopyAndTruncate("app.log.1", "2\n");
    Rename("app.log.1", "app.log.2");
    CopyAndTruncate("app.log.1", "3\n");
    // The kernel's times have steps of some milliseconds, and these two are seldom so close.
    fs::last_write_time(temp_ / "app.log.2",
                        fs::last_write_time(temp_ / "app.log.1") - std::chrono::seconds(1));
    if (compressed) Compress("app.log.2", "20261128-app.log.gz");
    clock_.SetWallNanos(StatPath(temp_.path())->modified + 60'000'000'000);
    set_->HandleEvents();
    EXPECT_THAT(Rests(), ElementsAre("api\n", "1\n", "2\n", "3\n"));
    EXPECT_THAT(Paths(), ElementsAre("api.log", "app.log", "app.log", "app.log"));
    set_->Sweep();
    EXPECT_EQ(set_->files().size(), 4u);
    for (const std::string name : {"app.log", "app.log.1", "app.log.2", "20261128-app.log.gz"})
      fs::remove(temp_ / name);
    known_.clear();
    Make();
    Watch({temp_ / "*.log"});
  }
}

TEST_F(FileSetArchivesTest, ALogThatIsNewAfterADowntimeIsReadFromItsFirstGenerationOn) {
  Append("api.log.1", "before\n");
  fs::last_write_time(temp_ / "api.log.1",
                      fs::file_time_type::clock::now() - std::chrono::hours(1));
  FirstStart();
  ReadThenDown({"api.log"});
  // The kernel's times have steps of some milliseconds: what comes now may have the same one.
  history_.scan = StatPath(temp_ / "api.log")->modified - 1;
  Append("app.log", "1\n");
  Rename("app.log", "app.log.1");
  Append("app.log", "2\n");
  Up();
  EXPECT_THAT(Rests(), UnorderedElementsAre("", "1\n", "2\n"));
}

TEST_F(FileSetArchivesTest, ACopyIsNotReadBeforeItsLogIsTruncated) {
  set_->Sweep();
  Append("app.log", "1\n");
  fs::copy_file(temp_ / "app.log", temp_ / "app.log.1");
  set_->HandleEvents();
  EXPECT_THAT(Rests(), ElementsAre("1\n"));
  temp_.Write("app.log", "2 and more\n");
  set_->HandleEvents();
  EXPECT_THAT(Rests(), ElementsAre("1\n", "2 and more\n"));
}

}  // namespace
}  // namespace telltale
