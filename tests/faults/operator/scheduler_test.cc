// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/operator/scheduler.h"

#include <gtest/gtest.h>

#include <string>

namespace telltale::faults {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

TEST(Scheduler, TimeJumpsToTheNextTaskAndStandsStillWhileOneRuns) {
  FakeClock clock;
  Scheduler scheduler(clock, 1);
  const SteadyTime start = clock.Steady();
  std::vector<std::int64_t> woke;
  for (const int hour : {5, 1, 3}) {
    scheduler.Spawn("sleeper", 0, [&, hour] {
      scheduler.ParkFor(hours(hour));
      woke.push_back(std::chrono::duration_cast<hours>(clock.Steady() - start).count());
    });
  }
  scheduler.RunFor(hours(10));
  EXPECT_EQ(woke, (std::vector<std::int64_t>{1, 3, 5}));
  EXPECT_EQ(clock.Steady() - start, hours(10));
}

std::string OrderOf(std::uint64_t seed) {
  FakeClock clock;
  Scheduler scheduler(clock, seed);
  std::string order;
  for (const char name : {'a', 'b', 'c', 'd'}) {
    scheduler.Spawn("task", 0, [&, name] {
      for (int i = 0; i < 5; ++i) {
        order += name;
        scheduler.ParkFor(seconds(1));
      }
    });
  }
  scheduler.RunFor(seconds(60));
  return order;
}

TEST(Scheduler, TheOrderOfReadyTasksFollowsFromTheSeed) {
  EXPECT_EQ(OrderOf(7), OrderOf(7));
  EXPECT_NE(OrderOf(7), OrderOf(8));
  EXPECT_EQ(OrderOf(7).size(), 20u);
}

TEST(Scheduler, AFrozenGroupRunsOnWhenItIsThawed) {
  FakeClock clock;
  Scheduler scheduler(clock, 1);
  int turns = 0;
  scheduler.Spawn("worker", 3, [&] {
    for (; turns < 10; ++turns) scheduler.ParkFor(seconds(1));
  });
  scheduler.After(std::chrono::milliseconds(2500), [&] { scheduler.Freeze(3, true); });
  scheduler.RunFor(seconds(30));
  EXPECT_EQ(turns, 2);
  scheduler.Freeze(3, false);
  scheduler.RunFor(seconds(30));
  EXPECT_EQ(turns, 10);
}

TEST(Scheduler, AKilledGroupEndsEvenWhenOneOfItsOwnTasksKillsIt) {
  FakeClock clock;
  Scheduler scheduler(clock, 1);
  int ended = 0;
  for (int i = 0; i < 3; ++i) {
    scheduler.Spawn("worker", 0, [&] {
      while (!scheduler.Dead(0)) scheduler.ParkFor(seconds(1));
      ++ended;
    });
  }
  scheduler.Spawn("killer", 0, [&] {
    scheduler.ParkFor(seconds(5));
    scheduler.Kill(0);
    ++ended;
  });
  scheduler.RunFor(seconds(10));
  EXPECT_EQ(ended, 4);
}

TEST(Scheduler, WakeShortensAPark) {
  FakeClock clock;
  Scheduler scheduler(clock, 1);
  const SteadyTime start = clock.Steady();
  SteadyTime woke;
  Scheduler::Task* task = scheduler.Spawn("sleeper", 0, [&] {
    scheduler.ParkFor(hours(1));
    woke = clock.Steady();
  });
  scheduler.After(std::chrono::seconds(2), [&] { scheduler.Wake(*task, seconds(1)); });
  scheduler.RunFor(hours(2));
  EXPECT_EQ(woke - start, seconds(3));
}

}  // namespace
}  // namespace telltale::faults
