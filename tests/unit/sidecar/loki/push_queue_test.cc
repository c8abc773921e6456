// SPDX-License-Identifier: Apache-2.0
// What is packed into a push, and who waits for whom.
#include "sidecar/loki/push_queue.h"

#include "tests/unit/sidecar/loki/push_queue_fixture.h"

namespace telltale {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;
using testing::UnorderedElementsAre;

TEST_F(PushQueueTest, StreamsOfSeveralBatchesShareAPushAndABatchEndsWithItsLastPiece) {
  queue_.Add(1, {Body(1, "1a"), Body(2, "1b")});
  Add(2, 3, "2a");
  Add(3, 1, "3a");  // behind 1a, in the next push
  EXPECT_EQ(Next(), "1a 1b 2a");
  EXPECT_EQ(Next(), "none");
  Answer(Kind::kStored);
  EXPECT_THAT(done_, ElementsAre(1, 2));
  EXPECT_EQ(Next(), "3a");
  Answer(Kind::kStored);
  EXPECT_THAT(done_, ElementsAre(1, 2, 3));
  EXPECT_EQ(results_[1].acked, (LineCount{4, 40}));
  EXPECT_EQ(Next(), "none");
}

TEST_F(PushQueueTest, SeveralPushesAreInFlightAndAStreamIsInOneOfThem) {
  SetTimes(std::chrono::hours(1), 1);  // one piece each
  for (std::uint64_t i = 1; i <= 6; ++i) Add(i, i, "s" + std::to_string(i));
  Add(7, 1, "s1 again");
  std::vector<std::uint64_t> sent;
  for (const char* name : {"s1", "s2", "s3", "s4"}) {
    EXPECT_EQ(Next(), name);
    sent.push_back(sent_);
  }
  EXPECT_EQ(Next(), "none");
  Answer(sent[1], Stored());
  EXPECT_EQ(Next(), "s5");
  Answer(sent[0], Stored());
  EXPECT_EQ(Next(), "s6");
  Answer(sent_, Stored());
  EXPECT_EQ(Next(), "s1 again");
}

TEST_F(PushQueueTest, APushHasAtMostSoManyBytesOrOnePiece) {
  SetTimes(std::chrono::hours(1), 3'000);
  for (std::uint64_t i = 1; i <= 3; ++i) {
    queue_.Add(i, {Body(i, "m" + std::to_string(i), "", 1, 1'400)});
  }
  queue_.Add(4, {Body(4, "large", "", 1, 9'000)});
  EXPECT_EQ(Next(), "m1 m2");
  EXPECT_EQ(Next(), "m3");
  EXPECT_EQ(Next(), "large");
}

TEST_F(PushQueueTest, ATenantHasPushesOfItsOwn) {
  Add(1, 1, "a", "team-a");
  Add(2, 1, "b", "team-b");
  EXPECT_EQ(Next(), "a");
  EXPECT_EQ(tenant_, "team-a");
  EXPECT_EQ(Next(), "b");
  EXPECT_EQ(tenant_, "team-b");
}

TEST_F(PushQueueTest, ATenantWhoseAnswersTakeLongLeavesConnectionsToTheOthers) {
  SetTimes(std::chrono::hours(1), 1);
  for (std::uint64_t i = 1; i <= 9; ++i) Add(i, i, "slow", "a");
  Add(10, 1, "b1", "b");
  EXPECT_EQ(Next(), "slow");
  EXPECT_EQ(Next(), "b1");
  Answer(Kind::kStored);
  Add(11, 1, "b2", "b");
  Add(12, 2, "b3", "b");
  EXPECT_EQ(Next(), "b2");
  EXPECT_EQ(Next(), "slow");
  EXPECT_EQ(Next(), "b3");
  EXPECT_EQ(Next(), "none");
}

TEST_F(PushQueueTest, ARefusedTenantWithManyBatchesHoldsUpNoOther) {
  for (std::uint64_t i = 1; i <= 50; ++i) Add(i, i % 7, "sick", "a");
  for (const auto kind : {Kind::kRetrySlowly, Kind::kTenantLimited}) {
    while (Next().starts_with("sick")) Answer(kind);
    for (std::uint64_t i = 0; i < 20; ++i) {
      Add(1'000 + i, 1, "well", "b");
      EXPECT_EQ(Next(), "well");
      Answer(Kind::kStored);
    }
    EXPECT_THAT(Next(), StartsWith("+"));
    Pass(Millis(1'000));
  }
  EXPECT_EQ(done_.size(), 40u);
  EXPECT_EQ(held_.size(), 50u);
  Add(60, 3, "sick", "a");
  Listen();
  EXPECT_THAT(held_, Contains(60u));
}

TEST_F(PushQueueTest, ATenantIsTriedWithOnePushAtATimeUntilItSucceeds) {
  SetTimes(std::chrono::hours(1), 1);
  for (std::uint64_t i = 1; i <= 4; ++i) Add(i, i, "a", "a");
  Next();
  Answer(Kind::kTenantLimited);
  Pass(Millis(100));
  EXPECT_EQ(Next(), "a");
  EXPECT_EQ(Next(), "none");
  Answer(Kind::kStored);
  EXPECT_EQ(Next(), "a");
  EXPECT_EQ(Next(), "a");
}

TEST_F(PushQueueTest, WithoutAGoodAnswerEverythingWaitsLongerAndLonger) {
  Add(1, 1, "a");
  Add(2, 2, "b");
  for (int wait : {100, 200, 400, 800, 1'000, 1'000}) {
    EXPECT_NE(Next(), "none");
    Answer(Kind::kRetry);
    EXPECT_EQ(Next(), "+" + std::to_string(wait));
    Pass(Millis(wait));
  }
  std::string sent;
  for (std::string next = Next(); next != "none"; next = Next()) {
    sent += next;
    Answer(Kind::kStored);
  }
  EXPECT_THAT(done_, UnorderedElementsAre(1, 2));
  Add(3, 1, "a");
  Next();
  Answer(Kind::kRetry);
  EXPECT_EQ(Next(), "+100");
}

TEST_F(PushQueueTest, RetryAfterIsHonouredForWhomItIsMeant) {
  Add(1, 1, "a", "one");
  Add(2, 2, "b", "two");
  Next();
  Answer(Kind::kTenantLimited, Millis(5'000));
  EXPECT_EQ(Next(), "b");
  Answer(Kind::kStored);
  EXPECT_EQ(Next(), "+5000");
}

TEST_F(PushQueueTest, LinesThatTheStoreWouldNotTakeAnyMoreAreGivenUpAfterATry) {
  PushBody old = Body(1, "old");
  old.newest = wall_ - 2 * kHour;
  queue_.Add(1, {old, Body(2, "new")});
  EXPECT_EQ(Next(), "old new");  // the store decides
  Answer(Kind::kRetry);
  Pass(Millis(100));
  EXPECT_EQ(Next(), "new");
  Answer(Kind::kStored);
  EXPECT_EQ(results_[1].lost["too_old"], (LineCount{2, 20}));
  EXPECT_EQ(results_[1].acked, (LineCount{2, 20}));
}

TEST_F(PushQueueTest, WithoutAnAgeNothingIsGivenUp) {
  SetTimes(std::chrono::seconds(0));
  PushBody old = Body(1, "old");
  old.newest = 1;
  queue_.Add(1, {old});
  Next();
  Answer(Kind::kRetry);
  EXPECT_EQ(Next(), "+100");
}

TEST_F(PushQueueTest, HurryEndsLongWaits) {
  Add(1, 1, "a");
  Next();
  Answer(Kind::kRetry, Millis(60'000));
  EXPECT_EQ(Next(), "+60000");
  queue_.Hurry(now_);
  EXPECT_EQ(Next(), "+100");
  Pass(Millis(100));
  Next();
  Answer(Kind::kTenantLimited, Millis(60'000));
  EXPECT_EQ(Next(), "+100");
}

TEST_F(PushQueueTest, AnotherTargetIsTriedAtOnce) {
  Add(1, 1, "a");
  Next();
  Answer(Kind::kRetrySlowly);
  EXPECT_EQ(Next(), "+1000");
  queue_.SetTimes({Millis(1), Millis(2), std::chrono::seconds(0)});
  EXPECT_EQ(Next(), "a");
}

TEST_F(PushQueueTest, ABatchWithoutPushesIsFinishedAtOnce) {
  queue_.Add(7, {});
  Listen();
  EXPECT_THAT(done_, ElementsAre(7));
}

// Two megabytes of each of four tenants that are refused.
class ReleasedTest : public PushQueueTest {
 protected:
  ReleasedTest() {
    for (std::uint64_t i = 1; i <= 32; ++i) {
      queue_.Add(i, {Made(i)});
      while (true) {
        const std::string next = Next();
        if (next == "none" || next.starts_with("+")) break;
        Answer(Kind::kRetrySlowly);
      }
    }
    Listen();
  }
  static PushBody Made(std::uint64_t i) {
    return Body(i, "r" + std::to_string(i), "t" + std::to_string(i % 4), 250, 1'000);
  }
};

TEST_F(ReleasedTest, BeyondALimitTheBytesOfTheYoungestAreLetGoAndAskedForInTheirTurn) {
  EXPECT_FALSE(released_.empty());
  EXPECT_THAT(held_, testing::SizeIs(32));
  EXPECT_EQ(released_.count(1), 0u);
  // Then all is well again.
  std::set<std::uint64_t> stored;
  for (int round = 0; round < 500 && done_.size() < 32; ++round) {
    Pass(Millis(1'000));
    const std::string next = Next();
    if (next != "none" && !next.starts_with("+")) Answer(Kind::kStored);
    Listen();
    for (const std::uint64_t sequence : std::exchange(wanted_, {})) {
      queue_.Refill(sequence, {Made(sequence)});
    }
  }
  EXPECT_THAT(done_, testing::SizeIs(32));
  for (const auto& [sequence, result] : results_) {
    EXPECT_EQ(result.acked, (LineCount{250, 2'500})) << sequence;
  }
}

TEST_F(ReleasedTest, WhatCannotBeReadAgainIsLostAndHoldsUpNothingBehindIt) {
  const std::uint64_t gone = *released_.begin();
  for (int round = 0; round < 500 && done_.size() < 32; ++round) {
    Pass(Millis(1'000));
    const std::string next = Next();
    if (next != "none" && !next.starts_with("+")) Answer(Kind::kStored);
    Listen();
    for (const std::uint64_t sequence : std::exchange(wanted_, {})) {
      if (sequence == gone) {
        queue_.Abandon(sequence, "file_gone");
      } else {
        queue_.Refill(sequence, {Made(sequence)});
      }
    }
  }
  EXPECT_THAT(done_, testing::SizeIs(32));
  EXPECT_EQ(results_[gone].lost["file_gone"], (LineCount{250, 2'500}));
}

}  // namespace
}  // namespace telltale
