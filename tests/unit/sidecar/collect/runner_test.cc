// SPDX-License-Identifier: Apache-2.0
#include "sidecar/collect/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/log.h"
#include "common/metrics/series_table.h"
#include "tests/fakes/fake_clock.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

FakeClock* clock_for_slow = nullptr;
bool failing_fails = true;
std::vector<std::string> logged;

// Takes 250 ms and has a series of its own.
class Slow : public Collector {
 public:
  explicit Slow(Registry& registry)
      : table_(registry, {{"slow_things", "Things.", SeriesTable::Column::kGauge}}) {}
  Status Collect() override {
    clock_for_slow->Advance(milliseconds(250));
    table_.Begin();
    table_.Set({{"thing", "a"}}, {7});
    table_.End();
    return {};
  }

 private:
  SeriesTable table_;
};

class Failing : public Collector {
 public:
  Status Collect() override {
    if (failing_fails) return Fail(Code::kInternal, "no such luck");
    return {};
  }
};

constexpr CollectorEntry kTable[] = {
    {"failing",
     [](Registry&, const CollectorRoots&) -> std::unique_ptr<Collector> {
       return std::make_unique<Failing>();
     }},
    {"slow",
     [](Registry& registry, const CollectorRoots&) -> std::unique_ptr<Collector> {
       return std::make_unique<Slow>(registry);
     }},
};

class CollectorRunnerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    clock_for_slow = &clock_;
    failing_fails = true;
    logged.clear();
    SetLogSinkForTest([](std::string_view line) { logged.emplace_back(line); });
  }
  void TearDown() override { SetLogSinkForTest(nullptr); }
  std::string Page() {
    std::string page;
    registry_.Render(page);
    return page;
  }

  FakeClock clock_;
  Registry registry_;
  CollectorRunner runner_{registry_, clock_, {}, kTable};
};

TEST_F(CollectorRunnerTest, MeasuresEachAndOneThatFailsDoesNotHurtTheOther) {
  runner_.Configure({"failing", "slow"}, seconds(10));
  runner_.RunCycle();
  const std::string page = Page();
  EXPECT_THAT(page, HasSubstr("telltale_collector_success{collector=\"failing\"} 0\n"));
  EXPECT_THAT(page, HasSubstr("telltale_collector_success{collector=\"slow\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("telltale_collector_duration_seconds{collector=\"failing\"} 0\n"));
  EXPECT_THAT(page, HasSubstr("telltale_collector_duration_seconds{collector=\"slow\"} 0.25\n"));
  EXPECT_THAT(page, HasSubstr("telltale_collect_cycles_total 1\n"));
  EXPECT_THAT(page, HasSubstr("telltale_collect_last_cycle_timestamp_seconds 1795222923.25\n"));
  EXPECT_THAT(page, HasSubstr("slow_things{thing=\"a\"} 7\n"));
}

TEST_F(CollectorRunnerTest, CyclesDoNotDriftAndDoNotPileUp) {
  EXPECT_EQ(runner_.NextCycle(), SteadyTime::max());
  runner_.Configure({"slow"}, seconds(10));
  const SteadyTime start = clock_.Steady();
  EXPECT_EQ(runner_.NextCycle(), start);
  runner_.RunCycle();
  EXPECT_EQ(runner_.NextCycle(), start + seconds(10));
  clock_.Advance(seconds(60));  // the machine slept: one cycle now, not six
  runner_.RunCycle();
  EXPECT_GT(runner_.NextCycle(), clock_.Steady());
}

TEST_F(CollectorRunnerTest, ACollectorThatGoesTakesItsSeriesAlong) {
  runner_.Configure({"failing", "slow"}, seconds(10));
  runner_.RunCycle();
  runner_.Configure({"failing"}, seconds(10));
  EXPECT_THAT(Page(), Not(HasSubstr("slow")));
  EXPECT_THAT(Page(), HasSubstr("telltale_collector_success{collector=\"failing\"} 0\n"));
  runner_.Configure({}, seconds(10));
  EXPECT_EQ(runner_.NextCycle(), SteadyTime::max());
  EXPECT_THAT(Page(), Not(HasSubstr("collector=")));
}

TEST_F(CollectorRunnerTest, ALastingFailureIsLoggedOnceAndItsEndToo) {
  runner_.Configure({"failing"}, seconds(10));
  for (int i = 0; i < 3; ++i) runner_.RunCycle();
  failing_fails = false;
  for (int i = 0; i < 3; ++i) runner_.RunCycle();
  EXPECT_THAT(logged, ElementsAre(HasSubstr("no such luck"), HasSubstr("works again")));
}

TEST_F(CollectorRunnerTest, ANameThatTheTableLacksIsLoggedAndLeftOut) {
  runner_.Configure({"gpu", "slow"}, seconds(10));
  runner_.RunCycle();
  EXPECT_THAT(logged, ElementsAre(HasSubstr("gpu")));
  EXPECT_THAT(Page(), HasSubstr("telltale_collector_success{collector=\"slow\"} 1\n"));
}

TEST_F(CollectorRunnerTest, ACycleIsALineOfTheLogOnlyWhereThatIsAsked) {
  runner_.Configure({"failing", "slow"}, seconds(10));
  failing_fails = false;
  runner_.RunCycle();
  EXPECT_THAT(logged, ElementsAre());
  runner_.LogCycles(true);
  failing_fails = true;
  runner_.RunCycle();
  EXPECT_THAT(logged, ElementsAre(HasSubstr("no such luck"),
                                  HasSubstr("level=info msg=\"Collect cycle finished\" cycle=2 "
                                            "collectors=2 failed=1 seconds=0.250000")));
  runner_.LogCycles(false);
  runner_.RunCycle();
  EXPECT_EQ(logged.size(), 2u);
}

}  // namespace
}  // namespace telltale
