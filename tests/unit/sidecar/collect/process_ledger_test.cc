// SPDX-License-Identifier: Apache-2.0
#include "sidecar/collect/process_ledger.h"

#include <gtest/gtest.h>

#include <vector>

namespace telltale {
namespace {

struct Seen {
  std::uint64_t pid, parent, start, cpu, waited = 0;
  std::string group;
  std::optional<ProcessIo> io = std::nullopt;
};

class ProcessLedgerTest : public ::testing::Test {
 protected:
  void Cycle(const std::vector<Seen>& processes) {
    ledger_.Begin();
    for (const Seen& seen : processes) {
      ProcessStat stat;
      stat.parent = seen.parent;
      stat.start_ticks = seen.start;
      stat.cpu_ticks = seen.cpu;
      stat.waited_ticks = seen.waited;
      ledger_.Add(seen.pid, stat, seen.group, seen.io);
    }
    ledger_.End();
  }
  std::uint64_t Cpu(const std::string& group) const { return ledger_.Of(group).cpu_ticks; }

  ProcessLedger ledger_;
};

// Case A1.4.
TEST_F(ProcessLedgerTest, ChildrenThatNoCycleSawCountForTheirParent) {
  Cycle({{10, 1, 5, 16, 0, "keeper"}});
  for (std::uint64_t i = 1; i <= 20; ++i) Cycle({{10, 1, 5, 16, i * 30, "keeper"}});
  EXPECT_EQ(Cpu("keeper"), 616u);
}

TEST_F(ProcessLedgerTest, WhatWasCountedWhileAChildLivedIsNotCountedAgain) {
  Cycle({{10, 1, 5, 1, 0, "shell"}, {11, 10, 6, 40, 0, "tool"}, {12, 10, 6, 7, 0, "tool"}});
  // 11 used 25 more before it ended.
  Cycle({{10, 1, 5, 1, 65, "shell"}, {12, 10, 6, 9, 0, "tool"}});
  EXPECT_EQ(Cpu("tool"), 49u);
  EXPECT_EQ(Cpu("shell"), 26u);
  Cycle({{10, 1, 5, 1, 74, "shell"}});
  EXPECT_EQ(Cpu("shell"), 26u);
  EXPECT_EQ(Cpu("tool"), 49u);
}

TEST_F(ProcessLedgerTest, AChildThatEndsBetweenTheReadingsOfItsParentAndItselfIsCountedOnce) {
  Cycle({{10, 1, 5, 1, 0, "shell"}, {11, 10, 6, 40, 0, "tool"}});
  Cycle({{10, 1, 5, 1, 0, "shell"}});  // read before it waited for 11
  Cycle({{10, 1, 5, 1, 40, "shell"}});
  EXPECT_EQ(Cpu("shell") + Cpu("tool"), 41u);
}

TEST_F(ProcessLedgerTest, AParentThatDoesNotWaitOwesNothingLater) {
  Cycle({{10, 1, 5, 1, 0, "server"}, {11, 10, 6, 40, 0, "tool"}});
  for (int i = 0; i < 3; ++i) Cycle({{10, 1, 5, 1, 0, "server"}});
  Cycle({{10, 1, 5, 1, 30, "server"}});  // a child that no cycle saw
  EXPECT_EQ(Cpu("server"), 31u);
}

TEST_F(ProcessLedgerTest, AFamilyThatEndsTogetherIsCountedOnceForTheAncestorThatLives) {
  Cycle({{1, 0, 1, 1, 0, "init"}, {10, 1, 5, 20, 5, "shell"}, {11, 10, 6, 40, 0, "tool"}});
  EXPECT_EQ(Cpu("shell"), 25u);
  Cycle({{1, 0, 1, 1, 65, "init"}});
  EXPECT_EQ(Cpu("init"), 1u);
}

// Case N2.
TEST_F(ProcessLedgerTest, APidThatIsUsedAgainGivesNoJumpAndNothingNegative) {
  Cycle({{1, 0, 1, 1, 0, "init"}, {10, 1, 5, 500, 0, "job"}});
  Cycle({{1, 0, 1, 1, 500, "init"}, {10, 1, 9, 3, 0, "job"}});
  EXPECT_EQ(Cpu("job"), 503u);
  EXPECT_EQ(Cpu("init"), 1u);
}

TEST_F(ProcessLedgerTest, IoOfAGroupDoesNotFallWhenAProcessEnds) {
  Cycle({{10, 1, 5, 1, 0, "a", ProcessIo{100, 7}}, {11, 1, 5, 1, 0, "a", ProcessIo{20, 0}}});
  Cycle({{10, 1, 5, 1, 0, "a", ProcessIo{150, 7}}});
  EXPECT_EQ(ledger_.Of("a").read_bytes, 170u);
  EXPECT_EQ(ledger_.Of("a").written_bytes, 7u);
  Cycle({{10, 1, 5, 1, 0, "a"}});  // it may not be read any more
  EXPECT_EQ(ledger_.Of("a").read_bytes, 170u);
}

}  // namespace
}  // namespace telltale
