// SPDX-License-Identifier: Apache-2.0
// Lives that last for days, with days between them.
#include <filesystem>
#include <iterator>
#include <vector>

#include "sidecar/journal/journal_record.h"
#include "tests/fakes/unprivileged.h"
#include "tests/unit/sidecar/ship/log_worker_fixture.h"

namespace telltale {
namespace {

using std::chrono::hours;

class LogWorkerDaysTest : public LogWorkerTest {
 protected:
  // Everything that is sent is acknowledged.
  void AckAll() {
    for (int i = 0; i < 4; ++i) {
      Pass(std::chrono::seconds(2));
      for (std::uint64_t next = 1; next < 30; ++next) worker_->Answered(Done(next, {}));
    }
  }
  // What a later start will know.
  JournalState ReadJournal() {
    std::ifstream in(temp_ / "state/journal", std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    std::size_t used = 0;
    return ParseJournal(text, used);
  }
  void Live(int days) {
    for (int i = 0; i < 24 * days; ++i) Pass(hours(1));
  }
};

TEST_F(LogWorkerDaysTest, QuietFilesAreNotSentAgainHoweverLongItRunsOrIsDown) {
  Append("a.log", "one\n");
  Append("b.log", "one\ntwo\n");
  Start();
  AckAll();
  ASSERT_EQ(Metric("read_lines_total"), 3);
  Live(3);  // one life of days
  for (int restart = 0; restart < 2; ++restart) {
    Start();
    AckAll();
    EXPECT_EQ(Metric("read_lines_total"), 0) << restart;
    clock_.Advance(hours(72));  // days between lives
  }
  Append("b.log", "three\n");
  Start();
  AckAll();
  EXPECT_EQ(Metric("read_lines_total"), 1);
}

TEST_F(LogWorkerDaysTest, AFileThatIsWrittenToAfterDaysAndDeletedAtOnceCountsAsVanished) {
  for (const char* name : {"a.log", "b.log", "c.log"}) Append(name, "one\n");
  Start();
  AckAll();
  Live(2);
  for (const char* name : {"a.log", "b.log"}) Append(name, "two\n");
  for (const char* name : {"a.log", "b.log", "c.log"}) std::filesystem::remove(temp_ / name);
  Pass(std::chrono::seconds(1));
  EXPECT_EQ(Metric("vanished_files_total"), 2);
}

// Of one file before it is found again, of the other behind it.
TEST_F(LogWorkerDaysTest, WhatWasInFlightAtAKillIsSentOnceThoughTheTextBehindItIsCutOff) {
  const std::string lines(300, 'x');
  for (const char* name : {"a.log", "b.log"}) Append(name, lines + "\none\nhalf");
  Start();
  Pass(std::chrono::seconds(2));  // in flight, and nothing is acknowledged
  ASSERT_EQ(Metric("read_lines_total"), 4);
  std::filesystem::resize_file(temp_ / "a.log", 305);
  Start();
  std::filesystem::resize_file(temp_ / "b.log", 305);
  for (const char* name : {"a.log", "b.log"}) Append(name, "two\n");
  AckAll();
  EXPECT_EQ(Metric("read_lines_total"), 6);
  for (const std::string reason : {"file_gone", "truncated"}) {
    EXPECT_EQ(Metric("lost_lines_total{reason=\"" + reason + "\"}"), 0) << reason;
    EXPECT_EQ(Metric("lost_bytes_total{reason=\"" + reason + "\"}"), 0) << reason;
  }
}

TEST_F(LogWorkerDaysTest, WhatWasInFlightAtAKillAndIsCutOffItselfIsLostAndTheNewTextIsRead) {
  for (const char* name : {"a.log", "b.log"}) Append(name, "one\ntwo\n");
  Start();
  Pass(std::chrono::seconds(2));  // in flight
  Start();
  std::filesystem::resize_file(temp_ / "a.log", 4);
  Append("b.log", "three\n");
  AckAll();
  EXPECT_EQ(Metric("lost_lines_total{reason=\"file_gone\"}"), 2);
  EXPECT_EQ(Metric("read_lines_total"), 2 + 1 + 3);
}

// By modes of the files and, the second time, of their folder.
TEST_F(LogWorkerDaysTest, FilesThatMayNotBeReadAfterARestartAreNotGoneAndGoOnWhereTheyWere) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can make files that it may not read then";
  const Unprivileged bound(true);
  std::filesystem::create_directory(temp_ / "log");
  source_.include = {temp_ / "log/*.log"};
  for (const char* name : {"log/a.log", "log/b.log"}) Append(name, "one\ntwo\n");
  Start();
  AckAll();
  Append("log/a.log", "three\n");
  Pass(std::chrono::seconds(2));  // in flight
  const std::vector<std::vector<std::string>> all{{"log/a.log", "log/b.log"}, {"log"}};
  for (const std::vector<std::string>& blocked : all) {
    for (const std::string& name : blocked) ASSERT_EQ(chmod((temp_ / name).c_str(), 0), 0);
    Start();
    for (int i = 0; i < 30; ++i) Pass(std::chrono::seconds(1));
    EXPECT_GT(Metric("files_unread{reason=\"permission\"}"), 0);
    EXPECT_EQ(Metric("vanished_files_total"), 0);
    EXPECT_EQ(Metric("lost_lines_total{reason=\"file_gone\"}"), 0);
    for (const std::string& name : blocked) ASSERT_EQ(chmod((temp_ / name).c_str(), 0755), 0);
    for (int i = 0; i < 12; ++i) Pass(std::chrono::seconds(1));
    EXPECT_EQ(Metric("pending_lines"), 1);
    EXPECT_EQ(Metric("read_lines_total"), 1);  // the one that was in flight
  }
}

TEST_F(LogWorkerDaysTest, ABatchInFlightForDaysIsSentAgainAndNotGivenUp) {
  Append("a.log", "one\n");
  Append("b.log", "two\n");
  Start();
  Pass(std::chrono::seconds(2));
  ASSERT_EQ(Metric("pending_lines"), 2);
  clock_.Advance(hours(72));
  Start();
  Pass(std::chrono::seconds(2));
  EXPECT_EQ(Metric("lost_lines_total{reason=\"file_gone\"}"), 0);
  EXPECT_EQ(Metric("pending_lines"), 2);
}

TEST_F(LogWorkerDaysTest, LinesInFlightUnderOtherLabelsOrTenantAreSentAgainAndCounted) {
  for (int change = 0; change < 3; ++change) {
    Append("a.log", "one\ntwo\n");
    Append("b.log", "three\n");
    Start();
    Pass(std::chrono::seconds(2));
    ASSERT_GE(Metric("pending_lines"), 3);
    Start();  // nothing changed
    Pass(std::chrono::seconds(2));
    EXPECT_EQ(Metric("rebuilt_lines_total"), 0) << change;
    const double pending = Metric("pending_lines");
    if (change == 0) source_.labels = {{"app", "other"}};
    if (change == 1) options_.tenant = "other";
    if (change == 2) source_.max_line_size = 1000;
    Start();
    Pass(std::chrono::seconds(2));
    EXPECT_EQ(Metric("rebuilt_lines_total"), pending) << change;
    EXPECT_EQ(Metric("pending_lines"), pending) << change;
    AckAll();
  }
}

TEST_F(LogWorkerDaysTest, AStopTearsNoLineOfAFileThatLivesOn) {
  const std::string part = "2026-01-02T03:04:05.000000001Z stdout P half ";
  for (const bool unfinished : {false, true}) {
    const std::string name = unfinished ? "b" : "a";
    source_.include = {temp_ / (name + "*.log")};
    options_.send_unfinished_at_stop = unfinished;
    Append(name + "1.log", "whole\nhalf");
    Append(name + "2.log", part + "\n");
    Start();
    worker_->Sweep();
    for (int i = 0; i < 4; ++i) worker_->Work(LogWorker::Mode::kDrain);
    EXPECT_EQ(Metric("read_lines_total"), unfinished ? 3 : 1);
  }
}

// After a kill an older batch is sent again; the store refuses it when it has a younger one.
TEST_F(LogWorkerDaysTest, LinesOfAPathThatAreHoursApartAreNotInFlightTogether) {
  const auto line = [](int hour, const std::string& text) {
    return "2026-11-21T0" + std::to_string(hour) + ":00:00.000000000Z stdout F " + text + "\n";
  };
  source_.include = {temp_ / "[ab].log"};
  Append("a.log", line(0, "one") + line(2, "two"));
  Append("b.log", line(3, "one") + line(5, "two") + line(5, "three"));
  Start();
  std::filesystem::rename(temp_ / "a.log", temp_ / "a.log.1");
  Append("a.log", line(4, "three"));
  for (const int read : {2, 5, 6, 6}) {
    for (int i = 0; i < 4; ++i) Pass(std::chrono::seconds(2));
    EXPECT_EQ(Metric("read_lines_total"), read);
    for (std::uint64_t next = 1; next < 10; ++next) worker_->Answered(Done(next, {}));
  }
}

// Seed 100050181 of tests/faults/logs. The record of the older generation, with its last time, is
// gone with the truncation.
TEST_F(LogWorkerDaysTest, TimesOfAPathGoUpBehindATruncationAClockSetBackAndARestart) {
  for (const char* name : {"a.log", "b.log"}) Append(name, "one, and the rest of it\n");
  Start();
  const std::int64_t wall = clock_.WallNanos();
  AckAll();
  ASSERT_EQ(Metric("read_lines_total"), 2);
  clock_.SetWallNanos(wall - 120'000'000'000);
  for (const char* name : {"a.log", "b.log"}) {
    std::filesystem::resize_file(temp_ / name, 0);
    Append(name, "two\n");
  }
  worker_->Sweep();  // it is seen, and not read yet
  Start();
  AckAll();
  EXPECT_EQ(Metric("read_lines_total"), 2);
  const JournalState state = ReadJournal();
  EXPECT_EQ(state.files.size(), 2u);
  for (const auto& [file_id, file] : state.files) EXPECT_GT(file.last_time, wall) << file.path;
}

TEST_F(LogWorkerDaysTest, PartsOfALineWaitForTheNextGenerationAlsoWhileItMayNotBeRead) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can make files that it may not read then";
  const Unprivileged bound(true);
  const std::string time = "2026-11-21T00:00:00.000000000Z stdout ";
  Append("a.log", time + "P half ");
  Append("a.log", "\n");
  Start();
  Pass(std::chrono::seconds(2));
  std::filesystem::rename(temp_ / "a.log", temp_ / "a.log.1");
  Append("a.log", time + "F of it\n" + time + "F more\n");
  ASSERT_EQ(chmod((temp_ / "a.log").c_str(), 0), 0);
  for (int i = 0; i < 20; ++i) Pass(std::chrono::seconds(1));
  EXPECT_EQ(Metric("read_lines_total"), 0);
  ASSERT_EQ(chmod((temp_ / "a.log").c_str(), 0755), 0);
  for (int i = 0; i < 20; ++i) Pass(std::chrono::seconds(1));
  EXPECT_EQ(Metric("read_lines_total"), 2);
}

}  // namespace
}  // namespace telltale
