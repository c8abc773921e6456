// SPDX-License-Identifier: Apache-2.0
// Files that are rotated, truncated, damaged or gone, and batches of an earlier life.
#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>

#include "common/base/files.h"
#include "tests/unit/sidecar/gzip_text.h"
#include "tests/unit/sidecar/ship/log_worker_fixture.h"

namespace telltale {
namespace {

TEST_F(LogWorkerTest, ARotatedFileThatCannotBeReadIsGivenUpCountedAndLetsTheYoungerOnesPass) {
  Append("a.log", "one\n");
  Start();
  Break("a.log");
  std::filesystem::rename(temp_ / "a.log", temp_ / "a.log.1");
  Append("a.log", "two\n");
  Pass(std::chrono::seconds(2));
  Pass(std::chrono::seconds(50));
  EXPECT_EQ(Metric("read_lines_total"), 0);  // the order is kept for a while
  EXPECT_GE(Metric("read_errors_total"), 2);
  Pass(std::chrono::seconds(11));
  EXPECT_EQ(Metric("lost_bytes_total{reason=\"unreadable\"}"), 4);
  EXPECT_EQ(Metric("pending_lines"), 1);
  EXPECT_EQ(Metric("read_bytes_total"), 8);
}

TEST_F(LogWorkerTest, ACurrentFileThatCannotBeReadIsTriedForEverAndIsNotTakenForTruncated) {
  Append("a.log", "one\n");
  Start();
  Pass(std::chrono::seconds(2));
  EXPECT_EQ(Metric("read_lines_total"), 1);
  Break("a.log");
  Append("a.log", "two\n");
  for (int i = 0; i < 10; ++i) Pass(std::chrono::seconds(30));
  EXPECT_EQ(Metric("read_lines_total"), 1);
  bad_inode = 0;
  Pass(std::chrono::seconds(2));
  EXPECT_EQ(Metric("read_lines_total"), 2);
  EXPECT_EQ(Metric("lost_bytes_total{reason=\"truncated\"}"), 0);
  EXPECT_EQ(Metric("lost_bytes_total{reason=\"unreadable\"}"), 0);
}

TEST_F(LogWorkerTest, HalfALineWhoseOtherHalfWasTruncatedIsLostWithItAndJoinedToNothingElse) {
  const std::string half = "2026-01-02T03:04:05.000000001Z stdout P half\n";
  const std::string rest = "2026-01-02T03:04:05.000000002Z stdout F rest\n";
  source_.format = LogSource::Format::kCri;
  Append("a.log", half);
  Start();
  std::filesystem::rename(temp_ / "a.log", temp_ / "a.log.1");
  Append("a.log", rest);
  worker_->Sweep();
  worker_->Work(LogWorker::Mode::kNormal);  // the older one hands its half over
  temp_.Write("a.log", "2026-01-02T03:04:05.000000003Z stdout F new\n");
  Pass(std::chrono::seconds(2));
  EXPECT_EQ(Metric("lost_bytes_total{reason=\"truncated\"}"), half.size() + rest.size());
  Pass(std::chrono::seconds(2));
  EXPECT_EQ(Metric("pending_bytes"), 44);  // the new line
}

TEST_F(LogWorkerTest, AKillBetweenTheCarryOverAndItsBatchLeavesHalfALineWhole) {
  source_.format = LogSource::Format::kCri;
  Append("a.log", "2026-01-02T03:04:05.000000001Z stdout F one\n");
  Append("a.log", "2026-01-02T03:04:05.000000002Z stdout P half\n");
  const std::string journal = temp_ / "state/journal";
  Start();
  std::filesystem::rename(temp_ / "a.log", temp_ / "a.log.1");
  Append("a.log", "2026-01-02T03:04:05.000000003Z stdout F rest\n");
  worker_->Sweep();
  const auto before = std::filesystem::file_size(journal);
  Pass(std::chrono::seconds(2));
  const auto after = std::filesystem::file_size(journal);
  const std::string whole = *ReadFile(journal, 1 << 20);
  for (auto size = before; size <= after; ++size) {
    worker_.reset();
    std::ofstream(journal, std::ios::binary) << whole.substr(0, size);
    Start();
    for (int i = 0; i < 40; ++i) Pass(std::chrono::seconds(2));
    worker_->Answered(Done(1, {1, 44}));
    for (int i = 0; i < 40; ++i) Pass(std::chrono::seconds(2));
    EXPECT_EQ(Metric("read_lines_total"), 2) << size - before;
  }
}

TEST_F(LogWorkerTest, HalfALineWaitsForTheYoungerFileThatIsHeldBack) {
  source_.format = LogSource::Format::kCri;
  Append("a.log", "2026-01-02T03:04:05.000000001Z stdout P half\n");
  Start();
  const std::string rest = "2026-01-02T03:04:05.000000002Z stdout F rest\n";
  const std::string younger = temp_ / "a.log.20260102-030406";
  std::filesystem::rename(temp_ / "a.log", temp_ / "a.log.20260102-030405");
  Append("a.log", rest);
  std::filesystem::rename(temp_ / "a.log", younger);
  std::filesystem::remove(younger);
  std::ofstream(younger + ".gz", std::ios::binary) << Gzip(rest);  // and perhaps more to come
  for (int i = 0; i < 5; ++i) {
    const timespec now{clock_.WallNanos() / 1'000'000'000, 0}, times[] = {now, now};
    ASSERT_EQ(utimensat(AT_FDCWD, (younger + ".gz").c_str(), times, 0), 0);
    Pass(std::chrono::seconds(1));
    clock_.Advance(std::chrono::seconds(2));
  }
  EXPECT_EQ(Metric("read_lines_total"), 0);
  Pass(std::chrono::seconds(1));
  Pass(std::chrono::seconds(1));
  EXPECT_EQ(Metric("read_lines_total"), 1);
}

// The same empty batch was built for ever: how much a compressed file holds is not known for sure
// before its end was seen.
TEST_F(LogWorkerTest, ACompressedFileOfWhichNothingIsLeftEndsTheWork) {
  Append("a.log", "one\n");
  Start();
  Pass(std::chrono::seconds(2));
  std::ofstream(temp_ / "a.log.1.gz", std::ios::binary) << Gzip("one\n");
  std::filesystem::remove(temp_ / "a.log");
  Append("a.log", "two\n");
  Start();
  worker_->Work(LogWorker::Mode::kNormal);  // sends all of it again
  EXPECT_EQ(Metric("read_lines_total"), 1);
  Pass(std::chrono::seconds(2));
  worker_->Answered(Done(1, {1, 4}));
  Pass(std::chrono::seconds(2));
  EXPECT_EQ(Metric("read_lines_total"), 2);
  EXPECT_EQ(Metric("files"), 1);
}

// A stop that drains ended there, and left the younger file unread.
TEST_F(LogWorkerTest, TheFileAfterACompressedOneIsReadAsSoonAsThatIsAnswered) {
  const std::string whole = Gzip("one\n");
  for (const std::string& compressed : {whole, whole.substr(0, whole.size() - 3)}) {
    for (const auto& file : std::filesystem::directory_iterator(temp_.path())) {
      std::filesystem::remove_all(file);
    }
    Append("a.log", "one\n");
    Start();
    Pass(std::chrono::seconds(2));
    std::ofstream(temp_ / "a.log.1.gz", std::ios::binary) << compressed;
    std::filesystem::remove(temp_ / "a.log");
    Append("a.log", "two\n");
    Start();
    worker_->Work(LogWorker::Mode::kNormal);
    Pass(std::chrono::seconds(2));  // a sweep while the answer is awaited
    worker_->Answered(Done(1, {1, 4}));
    worker_->Work(LogWorker::Mode::kDrain);
    EXPECT_FALSE(worker_->Idle());
    EXPECT_EQ(Metric("read_lines_total"), 2);
  }
}

TEST_F(LogWorkerTest, WhatWasUnderWayAndIsTruncatedIsLostOnce) {
  Append("a.log", "one\n");
  Start();
  Pass(std::chrono::seconds(2));
  Append("a.log", "two\n");
  Start();
  temp_.Write("a.log", "3\n");
  worker_->Sweep();
  EXPECT_EQ(Metric("lost_bytes_total{reason=\"file_gone\"}"), 4);
  EXPECT_EQ(Metric("lost_bytes_total{reason=\"truncated\"}"), 4);
}

TEST_F(LogWorkerTest, WhatWasUnderWayAndCannotBeReadIsLostOnce) {
  Append("a.log", "one\n");
  Start();
  Pass(std::chrono::seconds(2));
  Append("a.log", "two\n");
  std::filesystem::rename(temp_ / "a.log", temp_ / "a.log.1");
  Append("a.log", "three\n");
  Start();
  Break("a.log.1");
  Pass(std::chrono::seconds(2));
  Pass(std::chrono::seconds(61));
  EXPECT_EQ(Metric("lost_bytes_total{reason=\"file_gone\"}"), 4);
  EXPECT_EQ(Metric("lost_bytes_total{reason=\"unreadable\"}"), 4);
}

TEST_F(LogWorkerTest, OnlyBatchesOfAFileThatIsGoneAreGivenUp) {
  Append("a.log", "one\n");
  Append("b.log", "of another file\n");
  Start();
  Pass(std::chrono::seconds(2));
  ASSERT_EQ(Metric("pending_lines"), 2);
  std::filesystem::remove(temp_ / "a.log");
  Start();
  EXPECT_EQ(Metric("lost_lines_total{reason=\"file_gone\"}"), 1);
  EXPECT_EQ(Metric("lost_bytes_total{reason=\"file_gone\"}"), 4);
  EXPECT_EQ(Metric("lost_bytes_total{reason=\"vanished\"}"), 0);  // not once more
  Pass(std::chrono::seconds(2));
  EXPECT_EQ(Metric("pending_lines"), 1);  // sent again
  worker_->Answered(Done(2, {1, 16}));
  Start();
  EXPECT_EQ(Metric("lost_lines_total{reason=\"file_gone\"}"), 0);
}

// Seed 30877 of tests/faults/logs: the same bytes were counted as file_gone and as vanished.
TEST_F(LogWorkerTest, WhatIsLostWithItsBatchIsNotCountedAsVanishedToo) {
  Append("a.log", "one\n");
  Append("b.log", "of another file\n");
  Start();
  Pass(std::chrono::seconds(2));
  Append("b.log", "not sent\n");
  std::filesystem::remove(temp_ / "a.log");
  std::filesystem::remove(temp_ / "b.log");
  Start();
  Pass(std::chrono::seconds(2));
  EXPECT_EQ(Metric("lost_bytes_total{reason=\"file_gone\"}"), 20);
  EXPECT_LE(Metric("lost_bytes_total{reason=\"vanished\"}"), 0);
  EXPECT_EQ(Metric("read_bytes_total"), 20);
}

TEST_F(LogWorkerTest, AFileThatTurnsOutToBeNoTextIsNotMissedLater) {
  Append("a.log", "");
  Append("b.log", "text\n");
  Start();
  Append("a.log", std::string("\xff\xfeT\0", 4));
  Pass(std::chrono::seconds(2));
  EXPECT_EQ(Metric("files_unread{reason=\"encoding\"}"), 1);
  EXPECT_EQ(Metric("vanished_files_total"), 0);
  Start();
  Pass(std::chrono::seconds(2));
  EXPECT_EQ(Metric("vanished_files_total"), 0);
}

// Seed 30080: four power cuts within a second made the same file vanish four times.
TEST_F(LogWorkerTest, ALossIsSyncedAtOnce) {
  Append("a.log", "one\n");
  Start();
  std::filesystem::remove(temp_ / "a.log");
  Start();
  EXPECT_EQ(Metric("lost_bytes_total{reason=\"vanished\"}"), 4);
  ASSERT_TRUE(worker_->NextDue());
  EXPECT_LE(*worker_->NextDue(), clock_.Steady());
  worker_->Sync();
  EXPECT_FALSE(worker_->NextDue());
}

TEST_F(LogWorkerTest, ATruncationOfUnreadLinesIsSyncedAtOnce) {
  Append("a.log", "one\n");
  Start();
  worker_->Sync(true);
  Append("a.log", "two\n");
  worker_->Sweep();
  temp_.Write("a.log", "3\n");
  worker_->Sweep();
  EXPECT_EQ(Metric("lost_bytes_total{reason=\"truncated\"}"), 8);
  EXPECT_LE(*worker_->NextDue(), clock_.Steady());
}

TEST_F(LogWorkerTest, ABatchUnderWayOutlivesItsGenerationAndItsFile) {
  Append("a.log", "one\n");
  Append("b.log", "one\n");
  Start();
  Pass(std::chrono::seconds(2));
  temp_.Write("a.log", "2\n");
  std::filesystem::remove(temp_ / "b.log");
  for (int i = 0; i < 10; ++i) Pass(std::chrono::seconds(2));
  EXPECT_EQ(Metric("lost_lines_total{reason=\"file_gone\"}"), 0);
  EXPECT_EQ(Metric("pending_lines"), 3);  // and the younger one
  worker_->Answered(Done(1, {1, 4}));
  worker_->Answered(Done(2, {1, 4}));
  EXPECT_EQ(Metric("acked_lines_total"), 2);
  EXPECT_EQ(Metric("pending_lines"), 1);
  EXPECT_EQ(Metric("pending_bytes"), 2);
}

TEST_F(LogWorkerTest, WithoutLogsNoJournalIsMade) {
  Start();
  Pass(std::chrono::seconds(20));
  EXPECT_FALSE(std::filesystem::exists(temp_ / "state"));
  EXPECT_EQ(Metric("journal_healthy"), 1);
}

TEST_F(LogWorkerTest, NothingIsDueWhileNothingHappens) {
  for (int i = 0; i < 5; ++i) Append("f" + std::to_string(i) + ".log", "one\n");
  Start();
  Pass(std::chrono::seconds(2));
  worker_->Sync();
  while (!worker_->Idle()) {
    for (std::uint64_t sequence = 1; sequence <= 5; ++sequence) {
      worker_->Answered(Done(sequence, {1, 4}));
    }
    worker_->Work(LogWorker::Mode::kNormal);
  }
  clock_.Advance(std::chrono::seconds(1));
  worker_->Sync();
  EXPECT_FALSE(worker_->NextDue());
}

}  // namespace
}  // namespace telltale
