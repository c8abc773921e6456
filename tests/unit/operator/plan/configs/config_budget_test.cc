// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/config_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace telltale {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(OverBudget, LeavesNothingOutWhileAllFits) {
  EXPECT_THAT(OverBudget({}, 0), IsEmpty());
  EXPECT_THAT(OverBudget({{"a", {600}}, {"b", {400}}}, 1000), IsEmpty());
}

TEST(OverBudget, LeavesOutTheLargestAndNoMoreThanNeeded) {
  EXPECT_THAT(OverBudget({{"a", {600}}, {"b", {401}}}, 1000), ElementsAre("a"));
  EXPECT_THAT(OverBudget({{"a", {10}}, {"big", {2000}}, {"c", {10}}}, 1000), ElementsAre("big"));
  EXPECT_THAT(OverBudget({{"a", {900}}, {"b", {2000}}, {"c", {300}}}, 1000), ElementsAre("a", "b"));
}

TEST(OverBudget, OfEqualOnesTheLastByKeyGo) {
  EXPECT_THAT(OverBudget({{"a", {400}}, {"b", {400}}, {"c", {400}}, {"d", {400}}}, 1000),
              ElementsAre("c", "d"));
}

TEST(OverBudget, AnEditOrANewcomerOfAboutTheSameSizePutsNoneOut) {
  EXPECT_THAT(OverBudget({{"a", {410, true}}, {"b", {400, true}}, {"c", {400}}}, 1000),
              ElementsAre("c"));
  EXPECT_THAT(OverBudget({{"a", {400}}, {"b", {400, true}}, {"c", {400, true}}}, 1000),
              ElementsAre("a"));
  EXPECT_THAT(OverBudget({{"a", {900, true}}, {"b", {200}}}, 1000), ElementsAre("a"))
      << "a small one is not kept out by a large one";
}

TEST(OverBudget, OneThatIsLargerThanEverythingGoesAlone) {
  EXPECT_THAT(OverBudget({{"only", {1001}}}, 1000), ElementsAre("only"));
  EXPECT_THAT(OverBudget({{"only", {1}}}, 0), ElementsAre("only"));
}

}  // namespace
}  // namespace telltale
