// SPDX-License-Identifier: Apache-2.0
#include "common/metrics/process_metrics.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "common/base/files.h"
#include "tests/golden.h"

namespace telltale {
namespace {

// A procfs of three files and a folder; clock ticks and pages are the machine's.
class ProcessMetricsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "telltale-proc-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    proc_ = name;
    std::filesystem::create_directories(proc_ + "/self/fd");
    for (const char* fd : {"1000", "1001", "1002"}) Write("self/fd/" + std::string(fd), "");
    const long ticks = ::sysconf(_SC_CLK_TCK);
    // The name has the blanks and parentheses that a process may give itself.
    Write("self/stat", "42 (a) S (b) R 1 42 42 0 -1 4194560 1 2 3 4 " + std::to_string(2 * ticks) +
                           " " + std::to_string(ticks + ticks / 2) + " 9 9 20 0 7 0 " +
                           std::to_string(5 * ticks / 2) + " 123456789 " +
                           std::to_string(4096000 / ::sysconf(_SC_PAGESIZE)) +
                           " 18446744073709551615 1 1 0 0\n");
    Write("self/limits",
          "Limit                     Soft Limit           Hard Limit           Units     \n"
          "Max cpu time              unlimited            unlimited            seconds   \n"
          "Max open files            1024                 524288               files     \n"
          "Max address space         unlimited            unlimited            bytes     \n");
    Write("stat", "cpu  1 2 3\nintr 5 6\nctxt 9\nbtime 1795222921\nprocesses 3\n");
  }
  void TearDown() override { std::filesystem::remove_all(proc_); }

  void Write(const std::string& name, std::string_view content) {
    ASSERT_TRUE(WriteFileAtomic(proc_ + "/" + name, content).ok());
  }
  std::string Page() {
    Registry registry;
    AddProcessMetrics(registry, "telltale-test", "0.1.0", proc_);
    std::string out;
    registry.Render(out);
    return out;
  }

  std::string proc_;
};

TEST_F(ProcessMetricsTest, RendersThePageThatIsWrittenDown) {
  ExpectGolden("metrics/process.txt", Page());
}

TEST_F(ProcessMetricsTest, LeavesOutWhatCannotBeRead) {
  std::filesystem::remove_all(proc_ + "/self/fd");
  Write("stat", "cpu 1\n");
  Write("self/limits", "Max open files            lots\n");
  const std::string page = Page();
  for (const char* name : {"open_fds", "max_fds", "virtual_memory_max"}) {
    EXPECT_EQ(page.find(name), std::string::npos) << name;
  }
  EXPECT_NE(page.find("process_threads 7\n"), std::string::npos);
  std::filesystem::remove_all(proc_);
  EXPECT_EQ(Page().find("process_"), std::string::npos);
}

// With subset=pid there is no /proc/stat (case A1.9 of the collectors).
TEST_F(ProcessMetricsTest, WithoutProcStatTheStartIsKnownByTheClocks) {
  std::filesystem::remove(proc_ + "/stat");
  const std::string page = Page(), name = "\nprocess_start_time_seconds ";
  const auto at = page.find(name);
  ASSERT_NE(at, std::string::npos);
  timespec up{};
  ::clock_gettime(CLOCK_BOOTTIME, &up);
  const double boot = static_cast<double>(::time(nullptr) - up.tv_sec);
  EXPECT_NEAR(std::strtod(page.c_str() + at + name.size(), nullptr), boot + 2.5, 3);
}

TEST_F(ProcessMetricsTest, TakesNoNumberFromADamagedStat) {
  for (const char* bad : {"", "42", "42 (a", "42 (a) R", "42 (a) R 1 2 3 4 5 x 7 8 9 10 11"}) {
    Write("self/stat", bad);
    EXPECT_EQ(Page().find("process_cpu"), std::string::npos) << bad;
  }
}

TEST(ProcessMetrics, ReadsThisProcessAnewForEachPage) {
  Registry registry;
  AddProcessMetrics(registry, "telltale-test", "0.1.0");
  Gauge& open = registry.AddGauge("process_open_fds", "Number of open file descriptors.");
  std::string out;
  registry.Render(out);
  const double before = open.Value();
  EXPECT_GE(before, 3);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  registry.Render(out);
  EXPECT_EQ(open.Value(), before + 2);
  ::close(ends[0]);
  ::close(ends[1]);
  Gauge& resident =
      registry.AddGauge("process_resident_memory_bytes", "Resident memory size in bytes.");
  EXPECT_GT(resident.Value(), 1e6);
}

}  // namespace
}  // namespace telltale
