// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/controller/work_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;
using Millis = std::chrono::milliseconds;
constexpr auto kLow = WorkQueue::Priority::kLow;

class WorkQueueTest : public ::testing::Test {
 protected:
  // Every key that is ready, each given back at once.
  std::vector<std::string> Drain() {
    std::vector<std::string> keys;
    while (auto key = queue_.TryGet()) {
      keys.push_back(*key);
      queue_.Done(*key);
    }
    return keys;
  }
  // Takes the key, fails, and says how long it is held back then.
  Millis FailOnce(const std::string& key) {
    while (!queue_.TryGet()) clock_.SetSteady(queue_.NextDelayed().value());
    queue_.AddRateLimited(key);
    queue_.Done(key);
    return std::chrono::duration_cast<Millis>(queue_.NextDelayed().value() - clock_.Steady());
  }
  std::string Page() {
    std::string page;
    registry_.Render(page);
    return page;
  }

  using Keys = std::vector<std::string>;
  FakeClock clock_;
  Registry registry_;
  WorkQueue queue_{"q", registry_, clock_};
};

TEST_F(WorkQueueTest, AKeyThatWaitsIsThereOnce) {
  for (int i = 0; i < 3; ++i) queue_.Add("a");
  queue_.Add("b");
  queue_.Add("a", kLow);
  EXPECT_EQ(queue_.size(), 2u);
  EXPECT_EQ(Drain(), (Keys{"a", "b"}));
  EXPECT_EQ(Drain(), Keys{});
}

TEST_F(WorkQueueTest, AKeyThatIsAddedWhileItIsProcessedComesAgainAfterDoneAndNotBefore) {
  queue_.Add("a");
  ASSERT_EQ(queue_.TryGet(), "a");
  queue_.Add("a");
  queue_.Add("a");
  EXPECT_EQ(queue_.TryGet(), std::nullopt);
  queue_.Done("a");
  EXPECT_EQ(Drain(), Keys{"a"});
}

TEST_F(WorkQueueTest, LiveKeysGoBeforeLowOnesAndALiveAddRaisesALowKey) {
  queue_.Add("low1", kLow);
  queue_.Add("low2", kLow);
  queue_.Add("low3", kLow);
  queue_.Add("live");
  queue_.Add("low3");
  EXPECT_THAT(Page(),
              HasSubstr("workqueue_depth{controller=\"q\",name=\"q\",priority=\"-100\"} 2\n"));
  EXPECT_THAT(Page(), HasSubstr("workqueue_depth{controller=\"q\",name=\"q\",priority=\"0\"} 2\n"));
  // Raised, it keeps its place among the live ones: it was there first.
  EXPECT_EQ(Drain(), (Keys{"low3", "live", "low1", "low2"}));
}

TEST_F(WorkQueueTest, ADelayedKeyComesAtItsTimeAndTheEarlierOfTwoDelaysCounts) {
  queue_.AddAfter("a", Millis(500));
  queue_.AddAfter("a", Millis(100));
  queue_.AddAfter("a", Millis(900));
  queue_.AddAfter("b", Millis(200));
  EXPECT_EQ(queue_.TryGet(), std::nullopt);
  EXPECT_EQ(queue_.NextDelayed(), clock_.Steady() + Millis(100));
  clock_.Advance(Millis(99));
  EXPECT_EQ(Drain(), Keys{});
  clock_.Advance(Millis(1));
  EXPECT_EQ(Drain(), Keys{"a"});
  clock_.Advance(Millis(10'000));
  EXPECT_EQ(Drain(), Keys{"b"});
  EXPECT_EQ(queue_.NextDelayed(), std::nullopt);
}

TEST_F(WorkQueueTest, ALiveAddEndsADelayAndADelayNoLongerMattersToAKeyThatWaits) {
  queue_.AddAfter("a", Millis(500));
  queue_.Add("a");
  queue_.AddAfter("a", Millis(500));
  EXPECT_EQ(Drain(), Keys{"a"});
  clock_.Advance(Millis(500));
  EXPECT_EQ(Drain(), Keys{});
}

TEST_F(WorkQueueTest, FailuresWaitTwiceAsLongEachTimeUpToTheCapAndASuccessEndsThat) {
  queue_.Add("a");
  Millis expected{5};
  for (int i = 0; i < 25; ++i) {
    ASSERT_EQ(FailOnce("a"), std::min(expected, Millis(1'000'000))) << i;
    expected *= 2;
  }
  clock_.SetSteady(queue_.NextDelayed().value());
  ASSERT_EQ(queue_.TryGet(), "a");
  queue_.Forget("a");
  queue_.Add("a");
  queue_.Done("a");
  EXPECT_EQ(FailOnce("a"), Millis(5));
}

// An event does not make the API take what it has just refused.
TEST_F(WorkQueueTest, ALiveAddDoesNotCutTheWaitOfAKeyThatFailed) {
  queue_.Add("a");
  for (int i = 0; i < 5; ++i) FailOnce("a");
  const SteadyTime until = queue_.NextDelayed().value();
  queue_.Add("a");
  EXPECT_EQ(queue_.TryGet(), std::nullopt);
  queue_.AddAfter("a", Millis(1));
  EXPECT_EQ(queue_.NextDelayed(), until);
  clock_.SetSteady(until);
  EXPECT_EQ(Drain(), Keys{"a"});
}

TEST_F(WorkQueueTest, WhatIsAddedWhileAKeyFailsWaitsAsWell) {
  queue_.Add("a");
  ASSERT_EQ(queue_.TryGet(), "a");
  queue_.Add("a");
  queue_.AddRateLimited("a");
  queue_.Done("a");
  EXPECT_EQ(queue_.TryGet(), std::nullopt);
  clock_.Advance(Millis(5));
  EXPECT_EQ(Drain(), Keys{"a"});
}

TEST_F(WorkQueueTest, RetriesOfManyKeysShareTenPerSecondAfterABurstOfAHundred) {
  for (int i = 0; i < 150; ++i) queue_.Add(std::to_string(i));
  for (int i = 0; i < 150; ++i) {
    const auto key = queue_.TryGet();
    queue_.AddRateLimited(*key);
    queue_.Done(*key);
  }
  clock_.Advance(Millis(5));
  EXPECT_EQ(Drain().size(), 100u);
  clock_.Advance(Millis(1'000));
  EXPECT_EQ(Drain().size(), 10u);
  clock_.Advance(Millis(4'000));
  EXPECT_EQ(Drain().size(), 40u);
}

TEST_F(WorkQueueTest, AfterShutDownNothingComesAndOpenedAgainItIsEmpty) {
  queue_.Add("a");
  queue_.AddAfter("b", Millis(1));
  queue_.ShutDown();
  EXPECT_EQ(queue_.TryGet(), std::nullopt);
  EXPECT_EQ(queue_.Get(), std::nullopt);
  queue_.Add("c");
  queue_.Open();
  clock_.Advance(Millis(10));
  EXPECT_EQ(Drain(), Keys{});
  EXPECT_THAT(Page(), HasSubstr("priority=\"0\"} 0\n"));
  queue_.Add("d");
  EXPECT_EQ(Drain(), Keys{"d"});
}

TEST_F(WorkQueueTest, TheMetricsAreThereFromTheStartAndCount) {
  const std::string named = "{controller=\"q\",name=\"q\"}";
  for (const auto* name : {"adds_total", "retries_total", "unfinished_work_seconds",
                           "longest_running_processor_seconds", "queue_duration_seconds_count",
                           "work_duration_seconds_count"}) {
    EXPECT_THAT(Page(), HasSubstr("workqueue_" + std::string(name) + named + " 0\n"));
  }
  queue_.Add("a");
  queue_.Add("b");
  clock_.Advance(std::chrono::seconds(2));
  queue_.TryGet();
  queue_.TryGet();
  clock_.Advance(std::chrono::seconds(3));
  queue_.Done("a");
  EXPECT_THAT(Page(), HasSubstr("workqueue_adds_total" + named + " 2\n"));
  EXPECT_THAT(Page(), HasSubstr("workqueue_queue_duration_seconds_sum" + named + " 4\n"));
  EXPECT_THAT(Page(), HasSubstr("workqueue_work_duration_seconds_sum" + named + " 3\n"));
  EXPECT_THAT(Page(), HasSubstr("workqueue_unfinished_work_seconds" + named + " 3\n"));
  EXPECT_THAT(Page(), HasSubstr("workqueue_longest_running_processor_seconds" + named + " 3\n"));
}

TEST_F(WorkQueueTest, OnlyWhatFailedCountsAsARetry) {
  queue_.Add("a");
  queue_.AddAfter("b", Millis(0));
  queue_.AddAfter("c", Millis(10));
  EXPECT_THAT(Page(), HasSubstr("workqueue_retries_total{controller=\"q\",name=\"q\"} 0\n"));
  queue_.AddRateLimited("a");
  EXPECT_THAT(Page(), HasSubstr("workqueue_retries_total{controller=\"q\",name=\"q\"} 1\n"));
}

}  // namespace
}  // namespace telltale
