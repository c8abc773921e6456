// SPDX-License-Identifier: Apache-2.0
//
// The collectors on a copy of /proc: their output must be tests/golden/sidecar_metrics/
// collectors.prom, byte for byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "common/base/files.h"
#include "common/metrics/series_table.h"
#include "sidecar/collect/collector.h"
#include "tests/golden.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const char kProc[] = TELLTALE_SOURCE_DIR "/tests/unit/sidecar/collect/testdata/proc";

std::string Page(Registry& registry) {
  std::string page;
  registry.Render(page);
  return page;
}

// Sizes are those of this machine's disk: 4096 stands for each.
std::string WithoutSizes(const std::string& page) {
  std::string out;
  for (std::string_view line : Split(page, '\n')) {
    const auto value = line.rfind(' ') + 1;
    const bool size = line.starts_with("telltale_filesystem_") && line.substr(value) != "0" &&
                      !line.starts_with("telltale_filesystem_readonly");
    if (!line.empty())
      out.append(size ? line.substr(0, value) : line).append(size ? "4096\n" : "\n");
  }
  return out;
}

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

std::unique_ptr<Collector> Make(std::string_view name, Registry& registry,
                                const CollectorRoots& roots) {
  for (const CollectorEntry& entry : AllCollectors()) {
    if (entry.name == name) return entry.make(registry, roots);
  }
  return nullptr;
}

class CollectorsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* mount : {"data", "mnt/share", "var/log/my shop"}) {
      std::filesystem::create_directories(folder_ / mount);
    }
    folder_.Write("etc/hosts", "127.0.0.1 localhost\n");
    std::filesystem::copy(kProc, folder_ / "proc", std::filesystem::copy_options::recursive);
    roots_.proc = folder_ / "proc";
    roots_.rootfs = folder_.path();
  }

  TempFolder folder_;
  CollectorRoots roots_;
  Registry registry_;
};

TEST_F(CollectorsTest, ExportWhatTheGoldenFileSays) {
  std::vector<std::unique_ptr<Collector>> collectors;
  for (const CollectorEntry& entry : AllCollectors()) {
    collectors.push_back(entry.make(registry_, roots_));
    const Status status = collectors.back()->Collect();
    EXPECT_TRUE(status.ok()) << entry.name << ": " << status.error().message;
  }
  const std::string page = WithoutSizes(Page(registry_));
  ExpectGolden("sidecar_metrics/collectors.prom", page);
}

TEST_F(CollectorsTest, ADeviceThatGoesAwayLeavesThePage) {
  const auto network = Make("network", registry_, roots_);
  ASSERT_TRUE(network->Collect().ok());
  EXPECT_THAT(Page(registry_), HasSubstr("eth0"));
  folder_.Write("proc/net/dev", "a\nb\n  lo: 1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0\n");
  ASSERT_TRUE(network->Collect().ok());
  EXPECT_THAT(Page(registry_), Not(HasSubstr("eth0")));
  EXPECT_THAT(Page(registry_),
              HasSubstr("telltale_network_receive_bytes_total{device=\"lo\"} 1\n"));
}

TEST_F(CollectorsTest, WhatCannotBeReadIsAnErrorWithThePath) {
  roots_.proc = folder_ / "none";
  for (const CollectorEntry& entry : AllCollectors()) {
    const Status status = entry.make(registry_, roots_)->Collect();
    ASSERT_FALSE(status.ok()) << entry.name;
    EXPECT_THAT(status.error().message, HasSubstr(roots_.proc));
  }
}

TEST_F(CollectorsTest, AMountThatIsGoneIsASeriesNotAFailure) {
  std::filesystem::remove_all(folder_ / "mnt/share");
  const auto filesystem = Make("filesystem", registry_, roots_);
  ASSERT_TRUE(filesystem->Collect().ok());
  const std::string page = Page(registry_);
  EXPECT_THAT(page, HasSubstr("telltale_filesystem_device_error{mountpoint=\"/mnt/share\"} 1\n"));
  EXPECT_THAT(page, Not(HasSubstr("telltale_filesystem_size_bytes{mountpoint=\"/mnt/share\"}")));
  EXPECT_THAT(page, HasSubstr("telltale_filesystem_size_bytes{mountpoint=\"/data\"}"));
}

TEST_F(CollectorsTest, CpuOfANameGrowsThoughOneOfItsProcessesEnds) {
  const auto cpu = [&] {
    const std::string page = Page(registry_);
    const std::string name = "telltale_process_group_cpu_seconds_total{name=\"worker\"} ";
    const auto at = page.find(name);
    return at == std::string::npos ? -1.0 : std::strtod(page.c_str() + at + name.size(), nullptr);
  };
  const auto tick = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto process = Make("process", registry_, roots_);
  ASSERT_TRUE(process->Collect().ok());
  EXPECT_DOUBLE_EQ(cpu(), 60 * tick);  // 50 and 10 ticks
  std::filesystem::remove_all(folder_ / "proc/20");
  const std::string stat = *ReadFile(folder_ / "proc/30/stat");
  folder_.Write("proc/30/stat", Replaced(stat, " 5 5 ", " 9 5 "));
  ASSERT_TRUE(process->Collect().ok());
  EXPECT_DOUBLE_EQ(cpu(), 64 * tick);
  // The pid is given to another process, whose time starts anew.
  folder_.Write("proc/30/stat", Replaced(Replaced(stat, " 5 5 ", " 1 0 "), " 4900 ", " 9900 "));
  ASSERT_TRUE(process->Collect().ok());
  EXPECT_DOUBLE_EQ(cpu(), 65 * tick);
}

TEST_F(CollectorsTest, BeyondTheLimitANameKeepsItsGroupWhateverTheOrderOfProc) {
  const std::string stat = *ReadFile(folder_ / "proc/30/stat");
  const auto start = [&](int pid) {
    folder_.Write("proc/" + std::to_string(pid) + "/stat",
                  std::to_string(pid) + " (p" + std::to_string(pid) + stat.substr(stat.rfind(')')));
  };
  const auto shown = [&] {
    const std::string page = Page(registry_), series = "telltale_process_group_processes{name=\"";
    std::set<std::string> names;
    for (auto at = page.find(series); at != page.npos; at = page.find(series, at + 1)) {
      const auto begin = at + series.size();
      names.insert(page.substr(begin, page.find('"', begin) - begin));
    }
    return names;
  };
  for (int pid = 1'000; pid < 1'080; ++pid) start(pid);
  const auto process = Make("process", registry_, roots_);
  ASSERT_TRUE(process->Collect().ok());
  const std::set<std::string> before = shown();
  EXPECT_EQ(before.size(), 65u) << "64 and the others";
  for (int pid = 2'000; pid < 2'080; ++pid) start(pid);
  ASSERT_TRUE(process->Collect().ok());
  EXPECT_EQ(shown(), before);
  // One that ends leaves its place to another.
  const auto ends =
      *std::ranges::find_if(before, [](const auto& n) { return n.starts_with("p1"); });
  std::filesystem::remove_all(folder_ / ("proc/" + ends.substr(1)));
  ASSERT_TRUE(process->Collect().ok());
  ASSERT_TRUE(process->Collect().ok());
  EXPECT_FALSE(shown().contains(ends));
  EXPECT_EQ(shown().size(), 65u);
}

TEST(SeriesTable, TakesNoMoreRowsThanItMay) {
  Registry registry;
  SeriesTable table(registry, {{"rows", "Rows.", SeriesTable::Column::kGauge}}, 2);
  table.Begin();
  EXPECT_TRUE(table.Set({{"row", "a"}}, {1}));
  EXPECT_TRUE(table.Set({{"row", "b"}}, {2}));
  EXPECT_FALSE(table.Set({{"row", "c"}}, {3}));
  EXPECT_TRUE(table.Set({{"row", "a"}}, {4}));
  table.End();
  const std::string page = Page(registry);
  EXPECT_THAT(page, HasSubstr("rows{row=\"a\"} 4\n"));
  EXPECT_THAT(page, Not(HasSubstr("row=\"c\"")));
}

}  // namespace
}  // namespace telltale
