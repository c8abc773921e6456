// SPDX-License-Identifier: Apache-2.0
// Lives that last for days, with days between them.
#include <filesystem>

#include "tests/unit/sidecar/ship/log_worker_fixture.h"

namespace telltale {
namespace {

using std::chrono::hours;

class LogWorkerDaysTest : public LogWorkerTest {
 protected:
  // Everything that is sent is acknowledged.
  void AckAll() {
    for (int i = 0; i < 4; ++i) {
      Pass(std::chrono::seconds(2));
      for (std::uint64_t next = 1; next < 30; ++next) worker_->Answered(Done(next, {}));
    }
  }
  void Live(int days) {
    for (int i = 0; i < 24 * days; ++i) Pass(hours(1));
  }
};

TEST_F(LogWorkerDaysTest, QuietFilesAreNotSentAgainHoweverLongItRunsOrIsDown) {
  Append("a.log", "one\n");
  Append("b.log", "one\ntwo\n");
  Start();
  AckAll();
  ASSERT_EQ(Metric("read_lines_total"), 3);
  Live(3);  // one life of days
  for (int restart = 0; restart < 2; ++restart) {
    Start();
    AckAll();
    EXPECT_EQ(Metric("read_lines_total"), 0) << restart;
    clock_.Advance(hours(72));  // days between lives
  }
  Append("b.log", "three\n");
  Start();
  AckAll();
  EXPECT_EQ(Metric("read_lines_total"), 1);
}

TEST_F(LogWorkerDaysTest, ABatchInFlightForDaysIsSentAgainAndNotGivenUp) {
  Append("a.log", "one\n");
  Append("b.log", "two\n");
  Start();
  Pass(std::chrono::seconds(2));
  ASSERT_EQ(Metric("pending_lines"), 2);
  clock_.Advance(hours(72));
  Start();
  Pass(std::chrono::seconds(2));
  EXPECT_EQ(Metric("lost_lines_total{reason=\"file_gone\"}"), 0);
  EXPECT_EQ(Metric("pending_lines"), 2);
}

}  // namespace
}  // namespace telltale
