// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/accounting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"

namespace telltale {
namespace {

using testing::HasSubstr;

TEST(Accounting, ThePageShowsOneMomentAndKnownReasonsFromTheStart) {
  Registry registry;
  FakeClock clock;
  auto accounting = Accounting::Make(registry, clock);
  std::string page;
  registry.Render(page);
  EXPECT_THAT(page, HasSubstr("telltale_logs_lost_lines_total{reason=\"line_too_long\"} 0\n"));
  EXPECT_THAT(page, HasSubstr("telltale_logs_lost_bytes_total{reason=\"file_gone\"} 0\n"));
  EXPECT_THAT(page, HasSubstr("telltale_logs_read_lines_total 0\n"));

  accounting->Read({10, 1000}, 100);
  accounting->LostUnread("truncated", {0, 50});
  accounting->Answered({4, 400}, {{"too_old", {1, 90}}});
  accounting->SetOldest(clock.WallNanos());
  clock.Advance(std::chrono::milliseconds(1500));
  page.clear();
  registry.Render(page);
  for (const char* line :
       {"telltale_logs_read_lines_total 10\n", "telltale_logs_read_bytes_total 1050\n",
        "telltale_logs_acked_lines_total 4\n", "telltale_logs_acked_bytes_total 400\n",
        "telltale_logs_pending_lines 5\n", "telltale_logs_pending_bytes 410\n",
        "telltale_logs_lost_bytes_total{reason=\"line_too_long\"} 100\n",
        "telltale_logs_lost_lines_total{reason=\"too_old\"} 1\n",
        "telltale_logs_lost_bytes_total{reason=\"truncated\"} 50\n",
        "telltale_logs_oldest_unacked_age_seconds 1.5\n"}) {
    EXPECT_THAT(page, HasSubstr(line));
  }
}

TEST(Accounting, APageAfterThePipelineIsGoneIsFine) {
  Registry registry;
  FakeClock clock;
  Accounting::Make(registry, clock)->Read({1, 1}, 0);
  std::string page;
  registry.Render(page);
  EXPECT_THAT(page, HasSubstr("telltale_logs_read_lines_total"));
}

}  // namespace
}  // namespace telltale
