// SPDX-License-Identifier: Apache-2.0
#include "sidecar/journal/journal.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <limits>
#include <optional>

#include "tests/fakes/fake_clock.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

class JournalTest : public testing::Test {
 protected:
  JournalTest() { temp_.Write("a.log", "one\ntwo\nthree\n"); }

  Journal& Start(std::string directory = "") {
    journal_.reset();
    journal_.emplace(directory.empty() ? temp_ / "state" : directory, clock_, registry_);
    journal_->Open();
    return *journal_;
  }
  FileBytes OpenLog() { return FileBytes(UniqueFd(open((temp_ / "a.log").c_str(), O_RDONLY))); }
  BatchRecord MakeBatch(std::uint64_t file_id, std::uint64_t begin, std::uint64_t end) {
    BatchRecord batch;
    batch.file_id = file_id;
    batch.begin = begin;
    batch.checkpoint = *MakeCheckpoint(OpenLog(), end);
    batch.lines = 1;
    batch.format = LogSource::Format::kCri;
    batch.times = {{clock_.WallNanos(), 3}, {clock_.WallNanos() - 9, 1}};
    batch.last_time = clock_.WallNanos() + 2;
    return batch;
  }
  // A file known to the journal whose first line is acknowledged and whose second is under way.
  std::uint64_t Fill(Journal& journal) {
    std::uint64_t file_id = journal.AddFile(StatFile(OpenLog().fd())->id, temp_ / "a.log");
    BatchRecord first = MakeBatch(file_id, 0, 4), second = MakeBatch(file_id, 4, 8);
    journal.Begin(first);
    journal.Begin(second);
    journal.Ack(first.sequence);
    return file_id;
  }
  const FileRecord* Recall(Journal& journal) {
    FileBytes bytes = OpenLog();
    return journal.Recall(StatFile(bytes.fd())->id, temp_ / "a.log", bytes);
  }
  std::uint64_t Metric(const std::string& name) {
    return registry_.AddCounter(name, Help(name)).Value();
  }
  static std::string Help(const std::string& name) {
    return name.find("errors") != name.npos ? "Failed reads, writes and syncs of the journal."
                                            : "Bytes of the journal that were unreadable at start.";
  }

  TempFolder temp_;
  FakeClock clock_;
  Registry registry_;
  std::optional<Journal> journal_;
};

TEST_F(JournalTest, AFileOfWhichNothingWasReadIsKnownByWhatWasSeenOfIt) {
  Journal& before = Start();
  std::uint64_t file_id = before.AddFile(StatFile(OpenLog().fd())->id, temp_ / "a.log");
  before.RecordFingerprint(file_id, *MakeCheckpoint(OpenLog(), 14));
  EXPECT_EQ(Start().state().files.at(file_id).known().offset, 14u);
  temp_.Write("a.log", "another, and longer\n");
  EXPECT_EQ(Recall(*journal_), nullptr);
  temp_.Write("a.log", "one\ntwo\nthree\nfour\n");
  EXPECT_NE(Recall(*journal_), nullptr);
}

TEST_F(JournalTest, WhatWasSeenIsWrittenOnceAndOnceMoreWhenTheHeadIsWhole) {
  Journal& journal = Start();
  std::uint64_t file_id = journal.AddFile(StatFile(OpenLog().fd())->id, temp_ / "a.log");
  const FileRecord& record = journal.state().files.at(file_id);
  std::uint64_t expected[] = {9, 9, 300, 300}, sizes[] = {9, 20, 300, 9'000};
  for (std::size_t i = 0; i < 4; ++i) {
    journal.RecordFingerprint(file_id, {sizes[i], 1, 2});
    EXPECT_EQ(record.fingerprint.offset, expected[i]);
  }
}

TEST_F(JournalTest, AnotherStartKnowsWhatWasAcknowledgedAndWhatWasUnderWay) {
  std::uint64_t file_id = Fill(Start());
  Journal& journal = Start();
  const FileRecord* file = Recall(journal);
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(file->file_id, file_id);
  EXPECT_EQ(file->checkpoint.offset, 4u);
  EXPECT_EQ(file->last_time, clock_.WallNanos() + 2);
  ASSERT_EQ(journal.state().in_flight.size(), 1u);
  const BatchRecord& batch = journal.state().in_flight.begin()->second;
  BatchRecord expected = MakeBatch(file_id, 4, 8);
  EXPECT_EQ(batch.begin, 4u);
  EXPECT_EQ(batch.checkpoint, expected.checkpoint);
  EXPECT_EQ(batch.times, expected.times);
  EXPECT_EQ(batch.format, LogSource::Format::kCri);
  EXPECT_GT(journal.AddFile({1, 2, 3}, "/b"), file_id);
}

TEST_F(JournalTest, AStartThatEndedBeforeItHadLookedLeavesTheTimeOfTheLastLook) {
  Journal& journal = Start();
  Fill(journal);
  journal.Scanned(5'000'000'000);
  journal.Scanned(5'500'000'000);  // with the next record, a second later
  Start();
  EXPECT_EQ(journal_->last_scan(), 5'000'000'000);
  Start();
  EXPECT_EQ(journal_->last_scan(), 5'000'000'000);
  journal_->Scanned(7'000'000'000);
  journal_->Scanned(9'000'000'000);
  Fill(*journal_);
  Start();
  EXPECT_EQ(journal_->last_scan(), 9'000'000'000);
}

TEST_F(JournalTest, ALookBehindAClockThatWasSetBackCounts) {
  Journal& journal = Start();
  Fill(journal);
  journal.Scanned(5'000'000'000);
  journal.Scanned(2'000'000'000);
  Fill(journal);
  Start();
  EXPECT_EQ(journal_->last_scan(), 2'000'000'000);
}

TEST_F(JournalTest, AFileWithOtherContentIsNotTheSame) {
  Fill(Start());
  temp_.Write("a.log", "One\ntwo\nthree\n");
  EXPECT_EQ(Recall(Start()), nullptr);
}

TEST_F(JournalTest, EveryTornEndIsDroppedAndWhatIsBeforeItIsKept) {
  Fill(Start());
  // A fresh journal is compact; records are appended to it.
  Journal& journal = Start();
  std::string compact = *ReadFile(temp_ / "state/journal");
  BatchRecord third = MakeBatch(1, 8, 14);
  journal.Begin(third);
  std::string whole = *ReadFile(temp_ / "state/journal");
  ASSERT_GT(whole.size(), compact.size());
  for (std::size_t size = compact.size(); size < whole.size(); ++size) {
    for (std::string tail : {std::string(), std::string(4096, '\0'), std::string(100, '\xff')}) {
      std::size_t used = 0;
      JournalState state = ParseJournal(whole.substr(0, size) + tail, used);
      EXPECT_EQ(used, compact.size());
      EXPECT_EQ(state.in_flight.size(), 1u);
      EXPECT_EQ(state.files.at(1).checkpoint.offset, 4u);
    }
  }
  std::filesystem::resize_file(temp_ / "state/journal", whole.size() - 1);
  EXPECT_EQ(Start().state().in_flight.size(), 1u);
  EXPECT_EQ(Metric("telltale_logs_journal_dropped_bytes_total"), whole.size() - 1 - compact.size());
  EXPECT_EQ(Start().state().in_flight.size(), 1u);  // and it was made good
}

TEST_F(JournalTest, EveryFlippedBitIsNoticed) {
  Fill(Start());
  std::string good = *ReadFile(temp_ / "state/journal");
  for (std::size_t i = kJournalMagic.size(); i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    std::size_t used = 0;
    ParseJournal(bad, used);
    EXPECT_LE(used, i);
  }
}

TEST_F(JournalTest, EmptyGarbageAndZeroFilesAreSurvived) {
  for (std::string text : {std::string(), std::string("garbage"), std::string(5000, '\0')}) {
    temp_.Write("state/journal", text);
    Journal& journal = Start();
    EXPECT_TRUE(journal.state().files.empty());
    Fill(journal);
    EXPECT_EQ(Start().state().in_flight.size(), 1u);
  }
}

TEST_F(JournalTest, ADirectoryThatCannotBeWrittenIsCountedAndTriedAgain) {
  temp_.Write("blocked", "a file where a directory should be");
  Journal& journal = Start(temp_ / "blocked/state");
  Fill(journal);
  EXPECT_EQ(journal.state().in_flight.size(), 1u);
  EXPECT_GE(Metric("telltale_logs_journal_errors_total"), 1u);
  std::filesystem::remove(temp_ / "blocked");
  std::filesystem::create_directories(temp_ / "blocked/state");
  clock_.Advance(std::chrono::seconds(11));
  journal.Ack(2);
  EXPECT_EQ(Start(temp_ / "blocked/state").state().files.at(1).checkpoint.offset, 8u);
}

TEST_F(JournalTest, AFullDiskIsSurvivedAndMadeGood) {
  Journal& journal = Start();
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  auto ignored = std::signal(SIGXFSZ, SIG_IGN);
  rlimit full{60, before.rlim_max};  // a record is cut within: the worst case
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
  Fill(journal);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, ignored);
  EXPECT_GE(Metric("telltale_logs_journal_errors_total"), 1u);
  clock_.Advance(std::chrono::seconds(11));
  journal.Ack(2);
  EXPECT_EQ(Start().state().files.at(1).checkpoint.offset, 8u);
}

TEST_F(JournalTest, ALongLifeStaysSmall) {
  Journal& journal = Start();
  std::uint64_t file_id = journal.AddFile(StatFile(OpenLog().fd())->id, temp_ / "a.log");
  std::size_t largest = 0;
  for (int i = 0; i < 20'000; ++i) {
    BatchRecord batch = MakeBatch(file_id, 0, 4);
    batch.times.assign(10, {clock_.WallNanos(), 1});
    journal.Begin(batch);
    journal.Ack(batch.sequence);
    if (i % 100 == 0) {
      largest = std::max<std::size_t>(largest, std::filesystem::file_size(temp_ / "state/journal"));
    }
  }
  EXPECT_LE(largest, Journal::kCompactAt + 64 * 1024);
  EXPECT_EQ(Start().state().files.at(file_id).checkpoint.offset, 4u);
}

TEST_F(JournalTest, SyncComesAtMostOnceASecond) {
  Journal& journal = Start();
  EXPECT_FALSE(journal.sync_due());
  std::uint64_t file_id = Fill(journal);
  journal.Sync();
  journal.CloseFile(file_id, false);
  ASSERT_TRUE(journal.sync_due());
  EXPECT_EQ(*journal.sync_due(), clock_.Steady() + std::chrono::seconds(1));
  journal.Sync();
  EXPECT_TRUE(journal.sync_due());
  clock_.Advance(std::chrono::seconds(1));
  journal.Sync();
  EXPECT_FALSE(journal.sync_due());
}

TEST_F(JournalTest, TheFirstFileOfAPathIsSyncedAtOnceAndItsLaterOnesAreNot) {
  Journal& journal = Start();
  journal.RecordFingerprint(journal.AddFile({1, 1, 1}, "/a"), {4, 1, 1});  // makes the journal
  ASSERT_TRUE(journal.sync_due());
  EXPECT_LE(*journal.sync_due(), clock_.Steady());
  journal.Sync();
  EXPECT_FALSE(journal.sync_due());
  journal.AddFile({1, 2, 1}, "/b");
  ASSERT_TRUE(journal.sync_due());
  EXPECT_LE(*journal.sync_due(), clock_.Steady());
  journal.Sync();
  EXPECT_FALSE(journal.sync_due());
  journal.AddFile({1, 3, 1}, "/b");
  journal.Sync();
  ASSERT_TRUE(journal.sync_due());
  EXPECT_EQ(*journal.sync_due(), clock_.Steady() + std::chrono::seconds(1));
}

TEST_F(JournalTest, AnAbandonedBatchLeavesItsFileWhereItWas) {
  std::uint64_t file_id = Fill(Start());
  Start().Abandon(2);
  Journal& journal = Start();
  EXPECT_TRUE(journal.state().in_flight.empty());
  EXPECT_EQ(journal.state().files.at(file_id).checkpoint.offset, 4u);
}

TEST_F(JournalTest, WhichStreamsOfABatchAreStoredIsKnownToTheNextStart) {
  Fill(Start());
  Start().AckPart(2, StreamHash("{app=\"a\"}"));
  journal_->AckPart(2, StreamHash("{app=\"b\"}"));
  journal_->AckPart(2, StreamHash("{app=\"a\"}"));
  journal_->AckPart(1, StreamHash("{app=\"c\"}"));  // which is acknowledged as a whole
  const std::vector<std::uint64_t> both{StreamHash("{app=\"a\"}"), StreamHash("{app=\"b\"}")};
  for (int start = 0; start < 2; ++start) {  // from the records, and from the rewritten batch
    ASSERT_EQ(Start().state().in_flight.size(), 1u);
    EXPECT_EQ(journal_->state().in_flight.at(2).acked_streams, both);
  }
  journal_->Ack(2);
  EXPECT_EQ(Start().state().files.at(1).checkpoint.offset, 8u);
}

TEST(JournalRecord, TimesAtBothEndsOfTheirRangeComeThroughARewrite) {
  constexpr auto kLast = std::numeric_limits<std::int64_t>::max();
  constexpr auto kFirst = std::numeric_limits<std::int64_t>::min();
  JournalState state;
  state.in_flight[1].sequence = 1;
  state.in_flight[1].times = {{kLast, 1}, {kFirst, 2}, {kLast, 3}};
  const std::string text = FormatJournal(state);
  std::size_t used = 0;
  const JournalState again = ParseJournal(text, used);
  EXPECT_EQ(used, text.size());
  EXPECT_EQ(again.in_flight.at(1).times, state.in_flight[1].times);
}

TEST(JournalRecord, ACarryOverMovesOneGenerationOnAndIsGoneWhenTheNextOnesStartIsAcknowledged) {
  JournalState state;
  state.files[1].file_id = 1;
  state.files[2].file_id = 2;
  CarryOver carry_over{1, 2, {{LogStream::kStderr, 5, "half", true, 90, 3}}, Checkpoint{70, 1, 2}};
  BatchRecord batch;
  batch.sequence = 1;
  batch.file_id = 2;
  batch.checkpoint.offset = 9;
  batch.carried_over = 4;
  std::string text = FormatJournal(state);
  AppendCarryOverRecord(carry_over, text);
  AppendBatchRecord(batch, text);
  std::size_t used = 0;
  JournalState again = ParseJournal(text, used);
  EXPECT_EQ(used, text.size());
  EXPECT_EQ(again.files.at(1).checkpoint, *carry_over.checkpoint);
  EXPECT_EQ(again.files.at(2).carried_partial, carry_over.lines);
  EXPECT_EQ(again.in_flight.at(1).carried_over, 4u);
  // A rewrite keeps it, an acknowledgement ends it.
  again = ParseJournal(FormatJournal(again), used);
  EXPECT_EQ(again.files.at(2).carried_partial, carry_over.lines);
  ApplyAck(again, 1);
  EXPECT_TRUE(again.files.at(2).carried_partial.empty());
}

TEST(Crc32, IsTheOneOfZlib) { EXPECT_EQ(Crc32("123456789"), 0xCBF43926u); }

}  // namespace
}  // namespace telltale
