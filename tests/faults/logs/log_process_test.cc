// SPDX-License-Identifier: Apache-2.0
// The released sidecar as a process, ended by SIGKILL again and again, in front of a real log
// store. TestStore reads its variables; test_log_process.py starts the stores. With
// TELLTALE_LOG_TABLE=FILE what was lost and doubled is added to that file, a line of JSON for each
// plan, and nothing fails.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "tests/faults/logs/real_stage.h"
#include "tests/faults/seeds.h"

namespace telltale::faults {
namespace {

LogPlan PlanOf(std::uint64_t seed) {
  LogPlan plan(seed);
  constexpr std::array<Trouble, 5> kTroubles{Trouble::kKill, Trouble::kJournalKill,
                                             Trouble::kKillAndErrors, Trouble::kStops,
                                             Trouble::kAway};
  plan.trouble = kTroubles[seed % kTroubles.size()];
  plan.traits.huge = false;
  plan.variety = {};  // of the simulation only
  plan.steps = 25;
  if (std::getenv("TELLTALE_LOG_TABLE") != nullptr) {
    // What a person would compare: the rotation alone, and with one kind of end.
    plan.trouble = seed % 2 == 0 ? Trouble::kCalm : Trouble::kKill;
    plan.rotation = static_cast<Rotation>(seed / 2 % static_cast<std::uint64_t>(Rotation::kCount));
    plan.traits = {.dirty = false, .long_ones = false, .huge = false};
    plan.batch_bytes = 1 << 20;
  }
  return plan;
}

class LogProcessFaults : public testing::TestWithParam<std::uint64_t> {};

TEST_P(LogProcessFaults, LoseNothingAndDoubleNothing) {
  QuietLog();
  const TestStore store = TestStore::FromEnvironment();
  ASSERT_NE(store.url, "") << "set TELLTALE_TEST_LOKI to the URL of a log store";
  ASSERT_NE(Shipper::Program(), "") << "set TELLTALE_BIN to the folder of the programs";
  const bool table = std::getenv("TELLTALE_LOG_TABLE") != nullptr;
  const LogPlan plan = PlanOf(GetParam());
  RealStage stage(plan, store);
  stage.Run();
  if (table) {
    const Verdict& end = stage.verdict();
    std::ofstream(std::getenv("TELLTALE_LOG_TABLE"), std::ios::app)
        << "{\"rotation\":\"" << RotationName(plan.rotation) << "\",\"trouble\":\""
        << TroubleName(plan.trouble) << "\",\"shipper\":\""
        << (Shipper::IsPromtail() ? "promtail" : "telltale") << "\",\"written\":" << stage.written()
        << ",\"missing\":" << end.missing << ",\"doubled\":" << end.doubled
        << ",\"misplaced\":" << end.misplaced << ",\"wrong\":" << end.wrong
        << ",\"truncated\":" << end.lost_lines << "}\n";
    return;
  }
  EXPECT_TRUE(stage.problems().empty())
      << stage.problems() << "again: TELLTALE_FAULT_SEEDS=" << GetParam()
      << " python3 tests/faults/logs/plans.py --store "
      << (store.victoria_logs ? "victorialogs" : "loki");
}

std::string PlanName(const testing::TestParamInfo<std::uint64_t>& info) {
  return PlanOf(info.param).Name();
}

INSTANTIATE_TEST_SUITE_P(Seeds, LogProcessFaults, testing::ValuesIn(SeedsOr(1, 70)), PlanName);

}  // namespace
}  // namespace telltale::faults
