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

void RunPlan(std::uint64_t seed) {
  LogStage stage(seed);
  stage.Run();
  EXPECT_TRUE(stage.problems().empty())
      << LogPlan(seed).Name() << ": " << stage.problems() << "again: TELLTALE_FAULT_SEEDS=" << seed
      << " build/dev/bin/fault_logs_test";
}

TEST_P(LogPathFaults, LoseNothingAndDoubleNothingAndReportWhatIsGone) { RunPlan(GetParam()); }

// Thirty each; their names do not say the seeds, because ctest knows the tests by yesterday's
// names.
class FreshLogPathFaults : public LogPathFaults {};

TEST_P(FreshLogPathFaults, OfTheDateLoseNothingAndDoubleNothingAndReportWhatIsGone) {
  for (const std::uint64_t seed : SeedsOfTheDay(GetParam(), 30)) {
    RunPlan(seed);
  }
}
INSTANTIATE_TEST_SUITE_P(Part, FreshLogPathFaults, testing::Range<std::uint64_t>(0, 10));

// As VictoriaLogs stores it, and Loki behind a head block that was cut.
TEST(LogOracle, ARepeatedLineThatSeveralFilesBeginWithIsDoubledAndHidesNoneThatIsMissing) {
  ExpectedStream stream{.filename = "a.log", .stream = "", .lines = {}};
  for (const char* text : {"banner", "a 1 x", "banner", "a 2 x"}) {
    stream.lines.emplace_back().text = text;
  }
  const std::vector<DeliveredLine> once{{1, "banner"}, {2, "a 1 x"}, {3, "banner"}, {4, "a 2 x"}};
  std::vector<DeliveredLine> lines = once;
  lines.insert(lines.end(), once.begin(), once.begin() + 2);
  const auto judge = [&] { return Judge({&stream}, ByTime({{{"a.log", ""}, lines}})); };
  EXPECT_EQ(judge().doubled, 2u);
  EXPECT_EQ(judge().misplaced + judge().missing, 0u) << judge().Text();
  lines.erase(lines.begin() + 2);
  EXPECT_EQ(judge().missing, 1u);
}

std::string PlanName(const testing::TestParamInfo<std::uint64_t>& info) {
  return LogPlan(info.param).Name();
}

// 14 rotations times 13 troubles are 182 pairs.
INSTANTIATE_TEST_SUITE_P(Seeds, LogPathFaults, testing::ValuesIn(SeedsOr(1, 364)), PlanName);
std::vector<std::uint64_t> WideSeeds() {
  std::vector<std::uint64_t> seeds;
  for (std::uint64_t seed = LogPlan::kWide; seed < LogPlan::kWide + 364; ++seed) {
    const Variety variety = LogPlan(seed).variety;
    // One of eight of those that take long.
    if ((!variety.days && !variety.slow) || seed % 8 == 0) seeds.push_back(seed);
  }
  return SeedsOr(seeds);
}
INSTANTIATE_TEST_SUITE_P(Wide, LogPathFaults, testing::ValuesIn(WideSeeds()), PlanName);
// Plans that failed once; README.md says why.
INSTANTIATE_TEST_SUITE_P(OnceFailed, LogPathFaults,
                         testing::ValuesIn(SeedsOr({345, 2818, 3247, 3757, 4249, 4443, 4456, 4807,
                                                    5328, 6615, 30080, 30877, 33638, 500270,
                                                    21787072, 100050181, 801078, 100080787})),
                         PlanName);

}  // namespace
}  // namespace telltale::faults
