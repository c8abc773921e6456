// SPDX-License-Identifier: Apache-2.0
// The log path from files to Loki, simulated: every rotation with every trouble.
#include <gtest/gtest.h>

#include "tests/faults/logs/log_stage.h"
#include "tests/faults/seeds.h"

namespace telltale::faults {
namespace {

class LogPathFaults : public testing::TestWithParam<std::uint64_t> {
  void SetUp() override { QuietLog(); }
};

TEST_P(LogPathFaults, LoseNothingAndDoubleNothingAndReportWhatIsGone) {
  LogStage stage(GetParam());
  stage.Run();
  EXPECT_TRUE(stage.problems().empty())
      << stage.problems() << "again: TELLTALE_FAULT_SEEDS=" << GetParam()
      << " build/dev/bin/fault_logs_test";
}

std::string PlanName(const testing::TestParamInfo<std::uint64_t>& info) {
  return LogPlan(info.param).Name();
}

// 14 rotations times 13 troubles are 182 pairs.
INSTANTIATE_TEST_SUITE_P(Seeds, LogPathFaults, testing::ValuesIn(SeedsOr(1, 364)), PlanName);

}  // namespace
}  // namespace telltale::faults
