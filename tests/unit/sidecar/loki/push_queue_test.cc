// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/push_queue.h"

#include <gmock/gmock.h>

#include "sidecar/loki/loki_encoder.h"
#include "sidecar/loki/snappy_codec.h"

namespace telltale {
namespace {

using Kind = PushAnswer::Kind;
using Millis = std::chrono::milliseconds;
using testing::ElementsAre;

constexpr std::int64_t kHour = 3'600'000'000'000, kNow = 100 * kHour;

class PushQueueTest : public testing::Test {
 protected:
  PushQueueTest() { queue_.SetTimes({Millis(100), Millis(1'000), std::chrono::hours(1)}); }

  static PushBody Body(std::uint64_t stream, std::string name = "", std::string tenant = "") {
    PushBody body;
    body.compressed = std::move(name);
    body.count = {10, 100};
    body.stream = stream;
    body.newest = kNow;
    body.tenant = std::move(tenant);
    return body;
  }
  void Add(std::uint64_t sequence, std::uint64_t stream, std::string name,
           std::string tenant = "") {
    queue_.Add(sequence, {Body(stream, std::move(name), std::move(tenant))});
  }

  // The name of the body whose turn it is now; else "+MS" until there may be one, or "none".
  std::string Next() {
    auto turn = queue_.Next(now_, wall_);
    if (turn.body != nullptr) return turn.body->compressed;
    if (!turn.due) return "none";
    return "+" + std::to_string(std::chrono::ceil<Millis>(*turn.due - now_).count());
  }
  void Settle(Kind kind, Millis retry_after = Millis(0)) {
    PushAnswer answer;
    answer.kind = kind;
    answer.retry_after = retry_after;
    queue_.Settle(answer, now_);
  }
  std::vector<std::uint64_t> Finished() {
    std::vector<std::uint64_t> out;
    for (const PushResult& result : queue_.TakeResults()) {
      if (!result.held) out.push_back(result.sequence);
    }
    return out;
  }
  void Pass(Millis time) { now_ += time; }

  PushQueue queue_{[] { return 0; }};  // no jitter
  SteadyTime now_ = SteadyTime() + std::chrono::hours(1);
  std::int64_t wall_ = kNow;
};

TEST_F(PushQueueTest, TheOldestBatchGoesFirstAndIsFinishedWithItsLastPush) {
  queue_.Add(1, {Body(1, "1a"), Body(2, "1b")});
  Add(2, 1, "2a");
  EXPECT_EQ(Next(), "1a");
  Settle(Kind::kStored);
  EXPECT_TRUE(Finished().empty());
  EXPECT_EQ(Next(), "1b");
  Settle(Kind::kStored);
  EXPECT_THAT(Finished(), ElementsAre(1));
  EXPECT_EQ(Next(), "2a");
  Settle(Kind::kStored);
  EXPECT_EQ(Next(), "none");
}

TEST_F(PushQueueTest, AStreamThatIsLimitedWaitsAloneAndInItsOrder) {
  Add(1, 1, "slow 1");
  Add(2, 2, "fast 1");
  Add(3, 1, "slow 2");
  EXPECT_EQ(Next(), "slow 1");
  Settle(Kind::kStreamLimited);
  EXPECT_EQ(Next(), "fast 1");
  Settle(Kind::kStored);
  EXPECT_EQ(Next(), "+100");  // slow 2 does not pass slow 1
  Pass(Millis(100));
  EXPECT_EQ(Next(), "slow 1");
  Settle(Kind::kStored);
  EXPECT_EQ(Next(), "slow 2");
}

TEST_F(PushQueueTest, BatchesThatWaitAloneAreSaidToOnce) {
  Add(1, 1, "slow 1");
  Next();
  Settle(Kind::kStreamLimited);
  auto said = queue_.TakeResults();
  ASSERT_EQ(said.size(), 1u);
  EXPECT_TRUE(said[0].held);
  EXPECT_EQ(said[0].sequence, 1u);
  Add(2, 1, "slow 2");  // behind it
  said = queue_.TakeResults();
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0].sequence, 2u);
  Pass(Millis(100));
  Next();
  Settle(Kind::kStreamLimited);
  EXPECT_TRUE(queue_.TakeResults().empty());
}

TEST_F(PushQueueTest, ATenantThatIsLimitedOrLockedOutLeavesTheOthersAlone) {
  Add(1, 1, "a1", "a");
  Add(2, 2, "a2", "a");
  Add(3, 1, "b1", "b");
  Add(4, 2, "b2", "b");
  EXPECT_EQ(Next(), "a1");
  Settle(Kind::kTenantLimited);
  EXPECT_EQ(Next(), "b1");
  Settle(Kind::kRetrySlowly);  // the cap, at least
  EXPECT_EQ(Next(), "+100");
  Pass(Millis(100));
  EXPECT_EQ(Next(), "a1");
  Settle(Kind::kStored);
  EXPECT_EQ(Next(), "a2");
  Settle(Kind::kStored);
  EXPECT_EQ(Next(), "+900");
}

TEST_F(PushQueueTest, WithoutAGoodAnswerEverythingWaitsLongerAndLonger) {
  Add(1, 1, "a");
  Add(2, 2, "b");
  for (int wait : {100, 200, 400, 800, 1'000, 1'000}) {
    Next();
    Settle(Kind::kRetry);
    EXPECT_EQ(Next(), "+" + std::to_string(wait));
    Pass(Millis(wait));
  }
  Next();
  Settle(Kind::kStored);
  Next();
  Settle(Kind::kRetry);
  EXPECT_EQ(Next(), "+100");
}

TEST_F(PushQueueTest, AStreamThatAloneGetsNoGoodAnswerHoldsUpNoOther) {
  Add(1, 1, "poison");
  for (std::uint64_t i = 2; i < 12; ++i) Add(i, i, "good");
  EXPECT_EQ(Next(), "poison");
  Settle(Kind::kRetry);
  Pass(Millis(100));
  EXPECT_EQ(Next(), "good");  // another one is tried
  Settle(Kind::kStored);
  int poison = 0;
  for (int i = 0; i < 9;) {
    std::string next = Next();
    ASSERT_FALSE(next.starts_with("+")) << i;  // no waiting at all
    if (next == "poison") {
      ++poison;
      Settle(Kind::kRetry);
    } else {
      ++i;
      Settle(Kind::kStored);
    }
  }
  EXPECT_LE(poison, 1);
  Add(20, 20, "good");
  EXPECT_EQ(Next(), "good");
  Settle(Kind::kStored);
  EXPECT_EQ(Next(), "poison");  // its second chance is its own
  Settle(Kind::kRetry);
  Add(21, 21, "good");
  EXPECT_EQ(Next(), "good");
}

TEST_F(PushQueueTest, WhatFailedInAnOutageIsTriedAtOnceWhenItIsOver) {
  Add(1, 1, "a");
  Add(2, 2, "b");
  for (int i = 0; i < 8; ++i) {
    Next();
    Settle(Kind::kRetry);
    Pass(Millis(2'000));
  }
  EXPECT_EQ(Next(), "a");
  Settle(Kind::kStored);
  EXPECT_EQ(Next(), "b");
}

TEST_F(PushQueueTest, RetryAfterIsHonouredForWhomItIsMeant) {
  Add(1, 1, "a");
  Add(2, 2, "b");
  Next();
  Settle(Kind::kStreamLimited, Millis(5'000));
  EXPECT_EQ(Next(), "b");
  Settle(Kind::kRetry, Millis(3'000));
  EXPECT_EQ(Next(), "+3000");
  Pass(Millis(3'000));
  EXPECT_EQ(Next(), "b");
  Settle(Kind::kStored);
  EXPECT_EQ(Next(), "+2000");
}

TEST_F(PushQueueTest, LinesThatLokiWouldNotTakeAnyMoreAreGivenUpAfterATry) {
  PushBody old = Body(1, "old");
  old.newest = wall_ - 2 * kHour;
  queue_.Add(1, {old});
  EXPECT_EQ(Next(), "old");  // Loki decides
  Settle(Kind::kRetry);
  EXPECT_EQ(Next(), "none");
  auto results = queue_.TakeResults();
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].lost["too_old"], (LineCount{10, 100}));
  EXPECT_EQ(results[0].acked, LineCount{});
}

TEST_F(PushQueueTest, WithoutAnAgeNothingIsGivenUp) {
  queue_.SetTimes({Millis(100), Millis(1'000), std::chrono::seconds(0)});
  PushBody old = Body(1, "old");
  old.newest = 1;
  queue_.Add(1, {old});
  Next();
  Settle(Kind::kRetry);
  EXPECT_EQ(Next(), "+100");
}

TEST_F(PushQueueTest, APushOfAStreamAboveItsBurstIsSplitAndKeepsItsOrder) {
  StreamEncoder encoder;
  encoder.Begin("{a=\"b\"}");
  for (int i = 0; i < 4; ++i) encoder.Add(i + 1, "line", false);
  PushBody body{SnappyCompress(encoder.Finish()), {4, 100'000}, 1, kNow};
  queue_.Add(1, {body});
  for (int i = 0; i < 3; ++i) {
    Next();
    Settle(Kind::kStreamLimited);
    Pass(Millis(1'000));
  }
  std::vector<std::uint64_t> lines;
  while (true) {
    auto turn = queue_.Next(now_, wall_);
    if (turn.body == nullptr) break;
    lines.push_back(turn.body->count.lines);
    Settle(Kind::kStored);
  }
  EXPECT_THAT(lines, ElementsAre(2, 2));
  auto results = queue_.TakeResults();
  EXPECT_EQ(results.back().acked, (LineCount{4, 100'000}));
}

TEST_F(PushQueueTest, RefusedLinesAreCountedAndTheRestIsStored) {
  Add(1, 1, "a");
  Next();
  PushAnswer answer;
  answer.kind = Kind::kRefused;
  answer.lost_lines = 3;
  answer.reason = "too_far_behind";
  queue_.Settle(answer, now_);
  auto results = queue_.TakeResults();
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].acked, (LineCount{7, 70}));
  EXPECT_EQ(results[0].lost["too_far_behind"], (LineCount{3, 30}));
}

TEST_F(PushQueueTest, HurryEndsLongWaits) {
  Add(1, 1, "a");
  Next();
  Settle(Kind::kRetry, Millis(60'000));
  EXPECT_EQ(Next(), "+60000");
  queue_.Hurry(now_);
  EXPECT_EQ(Next(), "+100");
  Pass(Millis(100));
  Next();
  Settle(Kind::kTenantLimited, Millis(60'000));
  EXPECT_EQ(Next(), "+100");
}

TEST_F(PushQueueTest, AnotherTargetIsTriedAtOnce) {
  Add(1, 1, "a");
  Next();
  Settle(Kind::kRetrySlowly);
  EXPECT_EQ(Next(), "+1000");
  queue_.SetTimes({Millis(1), Millis(2), std::chrono::seconds(0)});
  EXPECT_EQ(Next(), "a");
}

TEST_F(PushQueueTest, ABatchWithoutPushesIsFinishedAtOnce) {
  queue_.Add(7, {});
  EXPECT_THAT(Finished(), ElementsAre(7));
}

}  // namespace
}  // namespace telltale
