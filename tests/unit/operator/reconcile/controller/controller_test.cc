// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/controller/controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <stdexcept>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/wait_until.h"

namespace telltale {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ControllerTest : public ::testing::Test {
 protected:
  std::vector<std::string> RunReady() {
    seen_.clear();
    while (controller_.ProcessOne()) {
    }
    return seen_;
  }
  std::string Page() {
    std::string page;
    registry_.Render(page);
    return page;
  }
  std::string Total(const std::string& result, int count) {
    return "controller_runtime_reconcile_total{controller=\"c\",result=\"" + result + "\"} " +
           std::to_string(count) + "\n";
  }

  FakeClock clock_;
  Registry registry_;
  std::vector<std::string> seen_;
  std::function<ReconcileResult(const std::string&)> next_ = [](const std::string&) {
    return ReconcileResult();
  };
  Controller controller_{
      {.name = "c", .workers = 1, .all_keys = [] { return std::vector<std::string>{"x", "y"}; }},
      [this](const std::string& key) {
        seen_.push_back(key);
        return next_(key);
      },
      registry_,
      clock_};
};

TEST_F(ControllerTest, GathersNothingBeforeItsTermAndBeginsWithEveryKey) {
  controller_.queue().Add("early");
  EXPECT_FALSE(controller_.ProcessOne());
  controller_.Open();
  controller_.queue().Add("live");
  EXPECT_THAT(RunReady(), ElementsAre("live", "x", "y"));
  controller_.queue().Add("z");
  controller_.Close();
  EXPECT_THAT(RunReady(), IsEmpty());
  controller_.Open();
  EXPECT_THAT(RunReady(), ElementsAre("x", "y"));
  EXPECT_THAT(Page(), HasSubstr(Total("success", 5)));
}

TEST_F(ControllerTest, TriesAgainWhatFailedUntilItSucceeds) {
  controller_.Open();
  int failures = 3;
  next_ = [&](const std::string& key) -> ReconcileResult {
    if (key == "x" && failures-- > 0) return {Fail(Code::kUnavailable, "no")};
    return {};
  };
  EXPECT_THAT(RunReady(), ElementsAre("x", "y"));
  for (int wait : {5, 10, 20}) {
    EXPECT_THAT(RunReady(), IsEmpty());
    clock_.Advance(std::chrono::milliseconds(wait));
    EXPECT_THAT(RunReady(), ElementsAre("x"));
  }
  clock_.Advance(std::chrono::hours(1));
  EXPECT_THAT(RunReady(), IsEmpty());
  EXPECT_THAT(Page(), HasSubstr(Total("error", 3)));
  EXPECT_THAT(Page(), HasSubstr("controller_runtime_reconcile_errors_total{controller=\"c\"} 3\n"));
}

TEST_F(ControllerTest, WhatKeepsFailingIsTriedAtLeastEveryThirtySeconds) {
  controller_.Open();
  RunReady();
  next_ = [](const std::string&) { return ReconcileResult{Fail(Code::kUnavailable, "no")}; };
  controller_.queue().Add("x");
  for (int i = 0; i < 50; ++i) {
    controller_.ProcessOne();
    clock_.Advance(std::chrono::seconds(30));
    EXPECT_EQ(controller_.queue().size(), 1u) << i;
  }
}

TEST_F(ControllerTest, LooksAgainWhenAReconcileAsksForIt) {
  controller_.Open();
  next_ = [](const std::string& key) {
    return ReconcileResult{{}, std::chrono::milliseconds(key == "x" ? 100 : 0)};
  };
  EXPECT_THAT(RunReady(), ElementsAre("x", "y"));
  clock_.Advance(std::chrono::milliseconds(99));
  EXPECT_THAT(RunReady(), IsEmpty());
  clock_.Advance(std::chrono::milliseconds(1));
  EXPECT_THAT(RunReady(), ElementsAre("x"));
  EXPECT_THAT(Page(), HasSubstr(Total("requeue_after", 2)));
}

TEST_F(ControllerTest, AnExceptionIsCountedAndTriedAgainAndStopsNobodyElse) {
  controller_.Open();
  next_ = [](const std::string& key) -> ReconcileResult {
    if (key == "x") throw std::runtime_error("a bug");
    return {};
  };
  EXPECT_THAT(RunReady(), ElementsAre("x", "y"));
  clock_.Advance(std::chrono::milliseconds(5));
  EXPECT_THAT(RunReady(), ElementsAre("x"));
  EXPECT_THAT(Page(), HasSubstr("controller_runtime_reconcile_panics_total{controller=\"c\"} 2\n"));
}

TEST_F(ControllerTest, AWriteThatWasNotAllowedIsNoErrorAndIsNotForgotten) {
  controller_.Open();
  next_ = [](const std::string&) { return ReconcileResult{Fail(Code::kCancelled, "no leader")}; };
  RunReady();
  EXPECT_THAT(Page(), HasSubstr(Total("error", 0)));
  EXPECT_THAT(Page(), HasSubstr(Total("requeue", 2)));
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_THAT(RunReady(), ElementsAre("x", "y"));
}

TEST_F(ControllerTest, TheMetricsAreThereFromTheStart) {
  for (const auto* result : {"success", "error", "requeue", "requeue_after"}) {
    EXPECT_THAT(Page(), HasSubstr(Total(result, 0)));
  }
  for (const auto* name :
       {"reconcile_panics_total", "terminal_reconcile_errors_total", "reconcile_timeouts_total",
        "active_workers", "reconcile_time_seconds_count"}) {
    EXPECT_THAT(Page(),
                HasSubstr("controller_runtime_" + std::string(name) + "{controller=\"c\"} 0\n"));
  }
  EXPECT_THAT(Page(),
              HasSubstr("controller_runtime_max_concurrent_reconciles{controller=\"c\"} 1\n"));
}

TEST(ControllerThreadsTest, StopLetsTheReconcileInHandEndAndTheNextTermBeginsAnew) {
  Registry registry;
  std::atomic<int> begun{0}, ended{0};
  for (int term = 0; term < 3; ++term) {
    std::latch first(1);
    std::atomic<bool> told{false};
    Controller controller(
        {.name = "c",
         .workers = 3,
         .all_keys = [] { return std::vector<std::string>{"a", "b", "c", "d"}; }},
        [&](const std::string&) {
          ++begun;
          if (!told.exchange(true)) first.count_down();
          std::this_thread::yield();
          ++ended;
          return ReconcileResult();
        },
        registry, RealClock());
    controller.Start();
    first.wait();
    controller.Stop();
    EXPECT_EQ(begun, ended);
    const int after = begun;
    controller.queue().Add("late");
    EXPECT_EQ(begun, after);
    told = true;
    controller.Start();
    WaitUntil("a reconcile has begun", [&] { return begun != after; });
    controller.Stop();
    EXPECT_EQ(begun, ended);
  }
}

}  // namespace
}  // namespace telltale
