// SPDX-License-Identifier: Apache-2.0
// How long the journal remembers a file: as long as the file exists, over days and restarts.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "sidecar/journal/journal.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

using std::chrono::hours;

class JournalExpiryTest : public testing::Test {
 protected:
  Journal& Start() {
    journal_.reset();
    journal_.emplace(temp_ / "state", clock_, registry_);
    journal_->Open();
    return *journal_;
  }
  FileBytes OpenLog(const std::string& name) {
    return FileBytes(UniqueFd(open((temp_ / name).c_str(), O_RDONLY)));
  }
  // A file of one line, which is acknowledged.
  std::uint64_t Add(const std::string& name) {
    temp_.Write(name, name + "\n");
    std::uint64_t file_id = journal_->AddFile(StatFile(OpenLog(name).fd())->id, temp_ / name);
    BatchRecord batch;
    batch.file_id = file_id;
    batch.checkpoint = *MakeCheckpoint(OpenLog(name), name.size() + 1);
    batch.lines = 1;
    journal_->Begin(batch);
    journal_->Ack(batch.sequence);
    return file_id;
  }
  bool Recalled(const std::string& name) {
    FileBytes bytes = OpenLog(name);
    return journal_->Recall(StatFile(bytes.fd())->id, temp_ / name, bytes) != nullptr;
  }
  bool Knows(std::uint64_t file_id) { return journal_->state().files.contains(file_id); }
  // `days` with a scan in each hour.
  void Live(int days) {
    for (int hour = 0; hour < 24 * days; ++hour) {
      clock_.Advance(hours(1));
      journal_->Scanned(clock_.WallNanos());
    }
  }

  TempFolder temp_;
  FakeClock clock_;
  Registry registry_;
  std::optional<Journal> journal_;
};

TEST_F(JournalExpiryTest, FilesThatExistAreKnownAfterDaysDownAndDaysUp) {
  Start();
  Add("a.log");
  Add("b.log");
  clock_.Advance(hours(72));
  Start();
  EXPECT_TRUE(Recalled("a.log"));  // before the first scan
  EXPECT_TRUE(Recalled("b.log"));
  Live(3);
  Start();
  clock_.Advance(hours(72));
  journal_->Scanned(clock_.WallNanos());  // found no room to open them, say
  EXPECT_TRUE(Recalled("a.log"));
  EXPECT_TRUE(Recalled("b.log"));
}

TEST_F(JournalExpiryTest, AFileThatNobodyWantsIsKnownAsLongAsItExists) {
  Start();
  std::uint64_t unwanted = Add("a.log"), renamed = Add("b.log"), gone = Add("c.log");
  std::filesystem::rename(temp_ / "b.log", temp_ / "b.log.1");
  std::filesystem::remove(temp_ / "c.log");
  for (int life = 0; life < 2; ++life) {
    Start();
    Live(3);
    EXPECT_TRUE(Knows(unwanted));
    EXPECT_TRUE(Knows(renamed));
    EXPECT_FALSE(Knows(gone));
  }
}

TEST_F(JournalExpiryTest, AFileThatIsGoneIsForgottenTwoDaysLaterAndNotBeforeAScan) {
  Start();
  std::uint64_t file_id = Add("a.log");
  Live(30);  // open all the time
  EXPECT_TRUE(Knows(file_id));
  std::filesystem::remove(temp_ / "a.log");
  Start();
  EXPECT_TRUE(Knows(file_id));
  journal_->Scanned(clock_.WallNanos());
  EXPECT_TRUE(Knows(file_id));  // it existed a moment ago
  Live(3);
  EXPECT_FALSE(Knows(file_id));
  Start();
  EXPECT_FALSE(Knows(file_id));
}

TEST_F(JournalExpiryTest, WhereThereIsNoScanNothingIsForgotten) {
  Start();
  std::uint64_t file_id = Add("a.log");
  std::filesystem::remove(temp_ / "a.log");
  for (int life = 0; life < 3; ++life) {
    clock_.Advance(hours(500));
    Start();
    Add("b.log");
  }
  EXPECT_TRUE(Knows(file_id));
}

TEST_F(JournalExpiryTest, OfTwoRecordsOfOneFileTheOlderIsForgotten) {
  Start();
  std::uint64_t before = Add("a.log");
  Start();
  std::uint64_t now = Add("a.log");  // truncated and written while the program was down
  Start();
  Live(3);
  EXPECT_FALSE(Knows(before));
  EXPECT_TRUE(Knows(now));
}

TEST_F(JournalExpiryTest, TooManyRecordsEvictFilesThatAreGoneAndNeverOnesThatExist) {
  Start();
  std::uint64_t oldest = Add("a.log");
  for (std::uint64_t i = 0; i < Journal::kMaxFiles; ++i) {
    journal_->AddFile({1, 1'000'000'000 + i, 1}, temp_ / "gone.log");
  }
  std::uint64_t youngest = Add("b.log");
  Start();
  EXPECT_EQ(journal_->state().files.size(), Journal::kMaxFiles + 2);
  Live(1);
  EXPECT_EQ(journal_->state().files.size(), Journal::kMaxFiles);
  EXPECT_TRUE(Knows(oldest));
  EXPECT_TRUE(Knows(youngest));
}

TEST_F(JournalExpiryTest, AClockThatWasFarAheadOrBehindForgetsNoFileThatExists) {
  const std::int64_t right = clock_.WallNanos();
  for (std::int64_t wrong : {std::int64_t{0}, right + 86'400'000'000'000 * 400}) {
    clock_.SetWallNanos(wrong);
    Start();
    std::uint64_t exists = Add("a.log"), gone = Add("b.log");
    std::filesystem::remove(temp_ / "b.log");
    clock_.SetWallNanos(right);
    Start();
    Live(3);
    EXPECT_TRUE(Knows(exists));
    EXPECT_FALSE(Knows(gone));
  }
}

TEST_F(JournalExpiryTest, AFolderThatCannotBeReadHoldsPerhapsWhatItHeld) {
  std::filesystem::create_directories(temp_ / "log");
  Start();
  std::uint64_t file_id = Add("log/a.log");
  std::filesystem::rename(temp_ / "log", temp_ / "elsewhere");
  std::filesystem::create_symlink("log", temp_ / "log");  // leads to itself: ELOOP
  Start();
  Live(3);
  EXPECT_TRUE(Knows(file_id));
  std::filesystem::remove(temp_ / "log");  // the folder is gone, and everything in it
  Live(3);
  EXPECT_FALSE(Knows(file_id));
}

}  // namespace
}  // namespace telltale
