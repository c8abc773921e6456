// SPDX-License-Identifier: Apache-2.0
// The journal on a disk that fails, and in a program that is killed at every system call and at
// every byte it writes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "sidecar/journal/journal.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

struct Killed {};

// Counts calls and bytes; ends the program before one of them, or lets some of them fail.
class UnreliableDisk : public Disk {
 public:
  static constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();
  std::size_t die_at_call = kNever;  // before this call
  std::size_t die_at_byte = kNever;  // when so many bytes were written
  std::size_t fail_from = kNever, fail_until = kNever;
  int error = ENOSPC;
  std::size_t calls = 0, bytes = 0;

  int Open(const char* path, int flags) override { return Fails() ? -1 : Disk::Open(path, flags); }
  ssize_t Read(int fd, void* data, std::size_t size) override {
    return Fails() ? -1 : Disk::Read(fd, data, size);
  }
  ssize_t Write(int fd, const void* data, std::size_t size) override {
    if (bytes + size > die_at_byte) {
      Disk::Write(fd, data, die_at_byte - bytes);
      throw Killed();
    }
    std::size_t half = size / 2 + 1;
    if (Fails()) return -1;
    // A disk that is about to be full takes a part of it first.
    if (calls == fail_from && half < size) size = half;
    ssize_t n = Disk::Write(fd, data, size);
    if (n > 0) bytes += static_cast<std::size_t>(n);
    return n;
  }
  // A kill takes nothing from the page cache.
  int Sync(int) override { return Fails() ? -1 : 0; }
  int Rename(const char* from, const char* to) override {
    return Fails() ? -1 : Disk::Rename(from, to);
  }

 private:
  bool Fails() {
    if (calls == die_at_call) throw Killed();
    std::size_t call = calls++;
    if (call < fail_from || call >= fail_until) return false;
    errno = error;
    return true;
  }
};

// A small life: two generations of a file, six batches, one of which is given up, a hand-over, and
// rewrites in between, since the journal is allowed only some hundred bytes.
class Life {
 public:
  static constexpr std::size_t kCompact = 150;
  static constexpr std::uint64_t kBatches = 5, kSteps = 18;

  Life(const std::string& folder, Clock& clock, Disk& disk, std::size_t compact = kCompact)
      : journal_(folder, clock, registry_, disk, compact) {}

  Journal& journal() { return journal_; }
  double Metric(const std::string& name) {
    std::string page;
    registry_.Render(page);
    std::size_t at = page.find("\n" + name + " ");
    return at == page.npos ? -1 : std::strtod(page.c_str() + at + name.size() + 2, nullptr);
  }

  void Step(std::uint64_t step) {
    switch (step) {
      case 0:
        return journal_.Open();
      case 1:
        first_ = journal_.AddFile({1, 2, 3}, "/log/a.log");
        return;
      case 2:
        second_ = journal_.AddFile({1, 4, 5}, "/log/a.log");
        return;
      case 9:
        return journal_.RecordCarryOver(
            {first_, second_, {{LogStream::kStdout, 5, "half a line"}}, Mark(90)});
      case 10:
        return journal_.CloseFile(first_, true);
      case 15:
        return journal_.Abandon(sequences_.back());
      case 16:
        return journal_.Forget(first_);
      case 17:
        return journal_.Sync(true);
      default:
        if (step % 2 == 1) return Begin(step < 9 ? first_ : second_);
        return journal_.Ack(sequences_.back());
    }
  }
  static Checkpoint Mark(std::uint64_t offset) { return {offset, 7, offset}; }

 private:
  void Begin(std::uint64_t file_id) {
    BatchRecord batch;
    batch.file_id = file_id;
    batch.begin = at_[file_id];
    batch.checkpoint = Mark(at_[file_id] += 10);
    batch.lines = 1;
    batch.times = {{1'795'222'923'000'000'000 + static_cast<std::int64_t>(at_[file_id]), 1}};
    journal_.Begin(batch);
    sequences_.push_back(batch.sequence);
  }

  Registry registry_;
  Journal journal_;
  std::uint64_t first_ = 0, second_ = 0;
  std::map<std::uint64_t, std::uint64_t> at_;
  std::vector<std::uint64_t> sequences_;
};

class JournalDiskTest : public testing::Test {
 protected:
  // What a start finds.
  std::string Recovered() {
    Registry registry;
    UnreliableDisk disk;
    Journal journal(temp_ / "state", clock_, registry, disk);
    journal.Open();
    return FormatJournal(journal.state());
  }
  void Clear() { std::filesystem::remove_all(temp_ / "state"); }
  // The states after each step, [0] before the first.
  std::vector<std::string> Expected(UnreliableDisk& disk) {
    Life life(temp_ / "state", clock_, disk);
    std::vector<std::string> out{FormatJournal({})};
    for (std::uint64_t step = 0; step < Life::kSteps; ++step) {
      life.Step(step);
      out.push_back(FormatJournal(life.journal().state()));
    }
    Clear();
    return out;
  }
  // Returns how many steps were done when it was killed.
  std::size_t LiveUntilKilled(Disk& disk) {
    Life life(temp_ / "state", clock_, disk);
    for (std::uint64_t step = 0; step < Life::kSteps; ++step) {
      try {
        life.Step(step);
      } catch (const Killed&) {
        return step;
      }
    }
    return Life::kSteps;
  }
  void ExpectBeforeOrAfter(const std::vector<std::string>& expected, std::size_t steps) {
    std::string found = Recovered();
    bool after = steps + 1 < expected.size() && found == expected[steps + 1];
    EXPECT_TRUE(found == expected[steps] || after) << "killed in step " << steps;
    EXPECT_EQ(Recovered(), found);  // and that start left it as it was
    Clear();
  }

  TempFolder temp_;
  FakeClock clock_;
};

TEST_F(JournalDiskTest, AKillAtAnySystemCallLeavesTheStateBeforeOrAfterTheStep) {
  UnreliableDisk counting;
  auto expected = Expected(counting);
  ASSERT_GT(counting.calls, 30u);  // several rewrites
  for (std::size_t call = 0; call < counting.calls; ++call) {
    UnreliableDisk disk;
    disk.die_at_call = call;
    ExpectBeforeOrAfter(expected, LiveUntilKilled(disk));
  }
}

TEST_F(JournalDiskTest, AKillAtAnyByteLeavesTheStateBeforeOrAfterTheStep) {
  UnreliableDisk counting;
  auto expected = Expected(counting);
  ASSERT_GT(counting.bytes, 500u);
  for (std::size_t byte = 0; byte < counting.bytes; ++byte) {
    UnreliableDisk disk;
    disk.die_at_byte = byte;
    ExpectBeforeOrAfter(expected, LiveUntilKilled(disk));
  }
}

TEST_F(JournalDiskTest, WhateverStandsBehindATornEndTheStateIsOneThatWas) {
  std::set<std::string> states{FormatJournal({})};
  Life life(temp_ / "state", clock_, RealDisk(), Journal::kCompactAt);
  for (std::uint64_t step = 0; step < Life::kSteps; ++step) {
    life.Step(step);
    states.insert(FormatJournal(life.journal().state()));
  }
  const std::string whole = *ReadFile(temp_ / "state/journal");
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    for (const std::string& tail :
         {std::string(), std::string(64, '\0'), std::string(9, '\xff'), std::string("garbage")}) {
      std::size_t used = 0;
      JournalState state = ParseJournal(whole.substr(0, size) + tail, used);
      EXPECT_TRUE(states.contains(FormatJournal(state))) << size;
    }
  }
}

TEST_F(JournalDiskTest, AFailureOfAnySystemCallIsReportedAndMadeGood) {
  UnreliableDisk counting;
  auto expected = Expected(counting);
  const std::set<std::string> states(expected.begin(), expected.end());
  for (int error : {ENOSPC, EIO, EROFS}) {
    for (std::size_t call = 2; call < counting.calls; ++call) {
      clock_.SetWallNanos(FakeClock::kStartNanos);
      UnreliableDisk disk;
      disk.error = error;
      disk.fail_from = call;
      {
        Life life(temp_ / "state", clock_, disk);
        for (std::uint64_t step = 0; step < Life::kSteps; ++step) life.Step(step);
        EXPECT_EQ(FormatJournal(life.journal().state()), expected.back());
        EXPECT_GE(life.Metric("telltale_logs_journal_errors_total"), 1) << call;
        EXPECT_EQ(life.Metric("telltale_logs_journal_healthy"), 0) << call;
        // Killed now, another start would know an earlier moment, and never one that was not.
        std::filesystem::copy(temp_ / "state", temp_ / "killed");
        std::filesystem::rename(temp_ / "state", temp_ / "living");
        std::filesystem::rename(temp_ / "killed", temp_ / "state");
        EXPECT_TRUE(states.contains(Recovered())) << call;
        Clear();
        std::filesystem::rename(temp_ / "living", temp_ / "state");
        // The disk is well again: without any further record all is written.
        disk.fail_until = 0;
        ASSERT_TRUE(life.journal().sync_due());
        clock_.Advance(std::chrono::seconds(10));
        ASSERT_LE(*life.journal().sync_due(), clock_.Steady());
        life.journal().Sync();
        EXPECT_EQ(life.Metric("telltale_logs_journal_healthy"), 1) << call;
      }
      EXPECT_EQ(Recovered(), expected.back());
      Clear();
    }
  }
}

TEST_F(JournalDiskTest, AFullDiskIsTriedEveryTenSecondsAndNotMoreOften) {
  UnreliableDisk disk;
  disk.fail_from = 0;
  Life life(temp_ / "state", clock_, disk);
  for (std::uint64_t step = 0; step < 6; ++step) life.Step(step);
  std::size_t calls = disk.calls;
  EXPECT_LT(calls, 5u);
  EXPECT_EQ(*life.journal().sync_due(), clock_.Steady() + std::chrono::seconds(10));
  life.journal().Sync();
  life.Step(6);
  EXPECT_EQ(disk.calls, calls);
}

TEST_F(JournalDiskTest, AJournalThatCannotBeReadIsKeptAsideAndReported) {
  {
    LiveUntilKilled(RealDisk());
  }
  std::string before = *ReadFile(temp_ / "state/journal");
  UnreliableDisk disk;
  disk.error = EIO;
  disk.fail_from = 1;  // the read
  disk.fail_until = 2;
  Life life(temp_ / "state", clock_, disk);
  life.Step(0);
  EXPECT_GE(life.Metric("telltale_logs_journal_errors_total"), 1);
  EXPECT_EQ(*ReadFile(temp_ / "state/journal.unreadable"), before);
  life.Step(1);
  EXPECT_EQ(Recovered(), FormatJournal(life.journal().state()));
}

// Lines 0, 1, 2, ... of a file go to a Loki that stores what it has not yet; the program is killed
// at every byte and starts again.
class Shipper {
 public:
  static constexpr std::uint64_t kLines = 12;

  Shipper(const std::string& folder, Clock& clock, Disk& disk, std::set<std::int64_t>* loki)
      : journal_(folder, clock, registry_, disk, 120), loki_(loki) {}

  void Run(std::int64_t& now) {
    journal_.Open();
    std::uint64_t file_id = 0, at = 0;
    for (const auto& [known, file] : journal_.state().files) {
      file_id = known;
      at = file.checkpoint.offset;
    }
    if (file_id == 0) file_id = journal_.AddFile({1, 2, 3}, "/log/a.log");
    for (const auto& [sequence, batch] : std::map(journal_.state().in_flight)) {
      Send(batch);
      at = batch.checkpoint.offset;
    }
    while (at < kLines) {
      BatchRecord batch;
      batch.file_id = file_id;
      batch.begin = at;
      batch.checkpoint.offset = at = std::min(at + 2, kLines);
      batch.times = {{now += 1000, batch.checkpoint.offset - batch.begin}};
      journal_.Begin(batch);
      Send(batch);
    }
  }

 private:
  // Loki stores a line under its number and its time: another time would make it another line.
  void Send(const BatchRecord& batch) {
    for (std::uint64_t i = batch.begin; i < batch.checkpoint.offset; ++i) {
      auto line = static_cast<std::int64_t>(i);
      loki_[i].insert(batch.times[0].start + line);
    }
    journal_.Ack(batch.sequence);
  }

  Registry registry_;
  Journal journal_;
  std::set<std::int64_t>* loki_;
};

TEST_F(JournalDiskTest, KilledAtEveryByteEveryLineIsStoredAndNoneTwice) {
  std::set<std::int64_t> undisturbed[Shipper::kLines];
  std::int64_t now = 1'000'000;
  UnreliableDisk counting;
  Shipper(temp_ / "state", clock_, counting, undisturbed).Run(now);
  Clear();
  ASSERT_GT(counting.bytes, 300u);  // with rewrites
  for (std::size_t first = 0; first < counting.bytes; ++first) {
    std::set<std::int64_t> loki[Shipper::kLines];
    std::size_t die_at = first;
    for (bool done = false; !done;) {
      UnreliableDisk disk;
      disk.die_at_byte = die_at;
      die_at = die_at + 97;  // the next life is a little longer
      try {
        Shipper(temp_ / "state", clock_, disk, loki).Run(now);
        done = true;
      } catch (const Killed&) {
      }
    }
    for (const auto& times : loki) ASSERT_EQ(times.size(), 1u) << "killed at byte " << first;
    Clear();
  }
}

}  // namespace
}  // namespace telltale
