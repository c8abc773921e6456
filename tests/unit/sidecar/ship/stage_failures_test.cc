// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/stage_failures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/log.h"
#include "tests/fakes/fake_clock.h"

namespace telltale {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string>& Logged() {
  static std::vector<std::string> lines;
  return lines;
}

class StageFailuresTest : public testing::Test {
 protected:
  StageFailuresTest() {
    Logged().clear();
    SetLogSinkForTest([](std::string_view line) { Logged().emplace_back(line); });
  }
  ~StageFailuresTest() override { SetLogSinkForTest(nullptr); }

  std::string Page() {
    std::string page;
    registry_.Render(page);
    return page;
  }

  const StageFailure json_{"json", "malformed", 2, "no JSON"};
  const StageFailure format_{"timestamp", "format", 1, "12 o'clock"};
  const StageFailure unmatched_{"regex", StageFailure::kUnmatched, 5, "text"};
  Registry registry_;
  FakeClock clock_;
  StageFailures failures_{registry_, clock_};
};

TEST_F(StageFailuresTest, LinesAreCountedByStageAndReason) {
  failures_.Add("/a.log", "n/a", {json_, format_});
  failures_.Add("/b.log", "n/b", {json_, {"timestamp", "no_value", 0, ""}});
  const std::string page = Page(), name = "telltale_logs_stage_failures_total";
  EXPECT_THAT(page, HasSubstr(name + "{reason=\"malformed\",stage=\"json\"} 4\n"));
  EXPECT_THAT(page, HasSubstr(name + "{reason=\"format\",stage=\"timestamp\"} 1\n"));
  EXPECT_THAT(page, Not(HasSubstr("no_value"))) << "nothing failed for that reason";
}

TEST_F(StageFailuresTest, TwoStagesOfOneKindAddUp) {
  failures_.Add("/a.log", "", {json_, json_});
  EXPECT_THAT(Page(), HasSubstr("{reason=\"malformed\",stage=\"json\"} 4\n"));
}

TEST_F(StageFailuresTest, ARegexThatDoesNotMatchIsCountedApartAndNotWarnedOf) {
  failures_.Add("/a.log", "n/a", {unmatched_});
  EXPECT_THAT(Page(), HasSubstr("telltale_logs_stage_unmatched_lines_total{stage=\"regex\"} 5\n"));
  EXPECT_THAT(Page(), Not(HasSubstr("stage_failures_total")));
  EXPECT_THAT(Logged(), IsEmpty());
}

TEST_F(StageFailuresTest, TheWarningNamesTargetStageValueAndFile) {
  failures_.Add("/a.log", "n/a", {format_});
  EXPECT_THAT(Logged(), ElementsAre(AllOf(HasSubstr("target=n/a"), HasSubstr("stage=timestamp"),
                                          HasSubstr("12 o'clock"), HasSubstr("path=/a.log"))));
}

TEST_F(StageFailuresTest, ATargetIsWarnedOfOnceInTenMinutesAndAnotherTargetForItself) {
  for (int i = 0; i < 3; ++i) failures_.Add("/a.log", "n/a", {json_});
  EXPECT_EQ(Logged().size(), 1u);
  failures_.Add("/b.log", "n/b", {json_});
  failures_.Add("/a.log", "n/a", {format_});
  EXPECT_EQ(Logged().size(), 3u);
  clock_.Advance(StageFailures::kWarnEvery);
  failures_.Add("/a.log", "n/a", {json_});
  EXPECT_EQ(Logged().size(), 4u);
}

TEST_F(StageFailuresTest, BeyondSoManyTargetsOnlyTheCountersTellUntilOthersAreOld) {
  for (std::size_t i = 0; i <= StageFailures::kMaxWarned; ++i) {
    failures_.Add("/a.log", "n/" + std::to_string(i), {json_});
  }
  EXPECT_EQ(Logged().size(), StageFailures::kMaxWarned);
  EXPECT_THAT(Page(), HasSubstr("stage=\"json\"} 2002\n"));
  clock_.Advance(StageFailures::kWarnEvery);
  failures_.Add("/a.log", "n/last", {json_});
  EXPECT_EQ(Logged().size(), StageFailures::kMaxWarned + 1);
}

}  // namespace
}  // namespace telltale
