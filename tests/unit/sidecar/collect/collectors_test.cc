// SPDX-License-Identifier: Apache-2.0
//
// The collectors on a copy of /proc: their output must be tests/golden/sidecar_metrics/
// collectors.prom, byte for byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "common/base/files.h"
#include "common/base/log.h"
#include "common/metrics/series_table.h"
#include "sidecar/collect/collector.h"
#include "tests/fakes/unprivileged.h"
#include "tests/golden.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const char kProc[] = TELLTALE_SOURCE_DIR "/tests/unit/sidecar/collect/testdata/proc";

std::vector<std::string> logged;

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
    const bool size = line.starts_with("node_filesystem_") && line.substr(value) != "0" &&
                      !line.starts_with("node_filesystem_readonly");
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
    logged.clear();
    SetLogSinkForTest([](std::string_view line) { logged.emplace_back(line); });
    for (const char* mount : {"data", "mnt/share", "var/log/my shop"}) {
      std::filesystem::create_directories(folder_ / mount);
    }
    folder_.Write("etc/hosts", "127.0.0.1 localhost\n");
    std::filesystem::copy(kProc, folder_ / "proc", std::filesystem::copy_options::recursive);
    roots_.proc = folder_ / "proc";
    roots_.rootfs = folder_.path();
  }

  void TearDown() override { SetLogSinkForTest(nullptr); }
  // The value of telltale_collector_skipped.
  std::string Skipped(const std::string& collector, const std::string& reason) {
    const std::string page = Page(registry_), series = "telltale_collector_skipped{collector=\"" +
                                                       collector + "\",reason=\"" + reason + "\"} ";
    const auto at = page.find(series);
    if (at == std::string::npos) return "none";
    return page.substr(at + series.size(), page.find('\n', at) - at - series.size());
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
  folder_.Write("proc/self/net/dev", "a\nb\n  lo: 1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0\n");
  ASSERT_TRUE(network->Collect().ok());
  EXPECT_THAT(Page(registry_), Not(HasSubstr("eth0")));
  EXPECT_THAT(Page(registry_), HasSubstr("node_network_receive_bytes_total{device=\"lo\"} 1\n"));
}

TEST_F(CollectorsTest, WhatCannotBeReadIsAnErrorWithThePath) {
  roots_.proc = folder_ / "none";
  for (const char* name : {"process", "network", "filesystem"}) {
    const Status status = Make(name, registry_, roots_)->Collect();
    ASSERT_FALSE(status.ok()) << name;
    EXPECT_THAT(status.error().message, HasSubstr(roots_.proc));
  }
}

TEST_F(CollectorsTest, AMountThatIsGoneIsASeriesNotAFailure) {
  std::filesystem::remove_all(folder_ / "mnt/share");
  const auto filesystem = Make("filesystem", registry_, roots_);
  ASSERT_TRUE(filesystem->Collect().ok());
  const std::string page = Page(registry_);
  EXPECT_THAT(page,
              HasSubstr("node_filesystem_device_error{device=\"server:/x\",device_error=\"no "
                        "such file or directory\",fstype=\"nfs4\",mountpoint=\"/mnt/share\"} 1\n"));
  EXPECT_THAT(page, Not(ContainsRegex("node_filesystem_size_bytes.*/mnt/share")));
  EXPECT_THAT(page, HasSubstr("node_filesystem_size_bytes{device=\"tmpfs\",fstype=\"tmpfs\","
                              "mountpoint=\"/data\"}"));
}

// Case A1.6.
TEST_F(CollectorsTest, WhatDoesNotFitIsCountedAndSaid) {
  std::string mounts = *ReadFile(folder_ / "proc/self/mountinfo"), devices = "a\nb\n";
  for (int i = 0; i < 300; ++i) {
    const std::string name = "m" + std::to_string(i);
    std::filesystem::create_directory(folder_ / name);
    mounts += std::to_string(700 + i) + " 612 0:80 / /" + name + " rw - tmpfs tmpfs rw\n";
    devices += name + ": 1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0\n";
  }
  folder_.Write("proc/self/mountinfo", mounts);
  folder_.Write("proc/self/net/dev", devices);
  const auto filesystem = Make("filesystem", registry_, roots_);
  const auto network = Make("network", registry_, roots_);
  for (int cycle = 0; cycle < 3; ++cycle) {
    ASSERT_TRUE(filesystem->Collect().ok());
    ASSERT_TRUE(network->Collect().ok());
  }
  EXPECT_EQ(Skipped("filesystem", "limit"), "48");  // 4 of the fixture and 300, of 256
  EXPECT_EQ(Skipped("network", "limit"), "44");
  EXPECT_THAT(logged, ElementsAre(AllOf(HasSubstr("collector=filesystem"), HasSubstr("/m2")),
                                  AllOf(HasSubstr("collector=network"), HasSubstr("m256"))));
}

// Case A1.8.
TEST_F(CollectorsTest, ProcessesThatMayNotBeReadAreCounted) {
  for (const char* pid : {"20", "30"}) {
    std::filesystem::permissions(folder_ / (std::string("proc/") + pid),
                                 std::filesystem::perms::none);
  }
  const auto process = Make("process", registry_, roots_);
  {
    const Unprivileged unprivileged(true);
    ASSERT_TRUE(process->Collect().ok());
  }
  EXPECT_EQ(Skipped("process", "permission"), "2");
  EXPECT_EQ(Skipped("process", "hidden"), "0");
  EXPECT_THAT(logged, ElementsAre(HasSubstr("reason=permission")));
  // hidepid=2 does not even list them.
  std::filesystem::remove_all(folder_ / "proc/1");
  ASSERT_TRUE(process->Collect().ok());
  EXPECT_EQ(Skipped("process", "permission"), "0");
  EXPECT_EQ(Skipped("process", "hidden"), "1");
}

// Case N3.
TEST_F(CollectorsTest, DescriptorsThatMayNotBeReadAreLeftOutAndCounted) {
  std::filesystem::permissions(folder_ / "proc/12/fd", std::filesystem::perms::none);
  std::filesystem::create_directories(folder_ / "proc/20/fd/0");
  const auto process = Make("process", registry_, roots_);
  {
    const Unprivileged unprivileged(true);
    ASSERT_TRUE(process->Collect().ok());
  }
  EXPECT_EQ(Skipped("process", "permission"), "1");
  const std::string page = Page(registry_);
  EXPECT_THAT(page, Not(HasSubstr("open_descriptors{name=\"shop")));
  EXPECT_THAT(page, HasSubstr("open_descriptors{name=\"worker\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("group_processes{name=\"shop :) (x\"} 1\n"));
}

// Case A1.9: with subset=pid there is neither /proc/net nor /proc/stat; the fixture has none.
TEST_F(CollectorsTest, NetworkNeedsNothingOfProcButItself) {
  ASSERT_FALSE(std::filesystem::exists(folder_ / "proc/net"));
  EXPECT_TRUE(Make("network", registry_, roots_)->Collect().ok());
}

// Case A1.10.
TEST_F(CollectorsTest, AMountBehindAFolderThatIsNotOursIsLeftOutAndCounted) {
  std::filesystem::permissions(folder_ / "mnt", std::filesystem::perms::none);
  const auto filesystem = Make("filesystem", registry_, roots_);
  std::string page;
  for (const char* type : {"nfs4", "tmpfs"}) {
    const std::string text = *ReadFile(folder_ / "proc/self/mountinfo");
    folder_.Write("proc/self/mountinfo", Replaced(text, "- nfs4", "- " + std::string(type)));
    const Unprivileged unprivileged(true);
    ASSERT_TRUE(filesystem->Collect().ok());
    EXPECT_EQ(Skipped("filesystem", "permission"), "1") << type;
    EXPECT_THAT(Page(registry_), Not(HasSubstr("/mnt/share"))) << type;
    if (type == std::string("nfs4")) folder_.Write("proc/self/mountinfo", text);
  }
  std::filesystem::permissions(folder_ / "mnt", std::filesystem::perms::all);
}

// Case N1.
TEST_F(CollectorsTest, AProcessThatIsAskedForByNameAndIsGoneIsZero) {
  const auto process = Make("process", registry_, roots_);
  CollectorSettings settings;
  settings.process = {{"worker", "gone", "sh*"}, {}};
  process->Configure(settings, std::chrono::seconds(10));
  ASSERT_TRUE(process->Collect().ok());
  const auto count = [&](const std::string& name) {
    const std::string page = Page(registry_);
    const std::string series = "telltale_process_group_processes{name=\"" + name + "\"} ";
    const auto at = page.find(series);
    return at == std::string::npos ? -1 : std::atoi(page.c_str() + at + series.size());
  };
  EXPECT_EQ(count("worker"), 3);
  EXPECT_EQ(count("gone"), 0);
  EXPECT_EQ(count("shop :) (x"), 1);
  EXPECT_EQ(count("init"), -1);
  for (const char* pid : {"20", "30", "40"}) {
    std::filesystem::remove_all(folder_ / (std::string("proc/") + pid));
  }
  ASSERT_TRUE(process->Collect().ok());
  EXPECT_EQ(count("worker"), 0);
  EXPECT_THAT(Page(registry_), HasSubstr("cpu_seconds_total{name=\"worker\"} 0.63\n"));
  // Back with another pid.
  std::filesystem::copy(std::string(kProc) + "/20", folder_ / "proc/77");
  ASSERT_TRUE(process->Collect().ok());
  EXPECT_EQ(count("worker"), 1);
}

TEST_F(CollectorsTest, DevicesAndMountsCanBeChosen) {
  const auto network = Make("network", registry_, roots_);
  const auto filesystem = Make("filesystem", registry_, roots_);
  std::filesystem::create_directories(folder_ / "var/lib/telltale");
  folder_.Write("proc/self/mountinfo",
                *ReadFile(folder_ / "proc/self/mountinfo") +
                    "630 612 0:80 / /var/lib/telltale rw - tmpfs tmpfs rw\n");
  for (Collector* collector : {network.get(), filesystem.get()})
    ASSERT_TRUE(collector->Collect().ok());
  EXPECT_THAT(Page(registry_), HasSubstr("bytes_total{device=\"lo\"}"));
  EXPECT_THAT(Page(registry_), Not(HasSubstr("/var/lib/telltale")));
  CollectorSettings settings;
  settings.network.exclude = {"l?"};
  settings.filesystem.include = {"/var/*"};
  for (Collector* collector : {network.get(), filesystem.get()}) {
    collector->Configure(settings, std::chrono::seconds(10));
    ASSERT_TRUE(collector->Collect().ok());
  }
  const std::string page = Page(registry_);
  EXPECT_THAT(page, Not(HasSubstr("bytes_total{device=\"lo\"}")));
  EXPECT_THAT(page, HasSubstr("bytes_total{device=\"eth0\"}"));
  EXPECT_THAT(page, HasSubstr("mountpoint=\"/var/lib/telltale\"}"));  // asked for
  EXPECT_THAT(page, HasSubstr("mountpoint=\"/var/log/my shop\"}"));
  EXPECT_THAT(page, Not(HasSubstr("mountpoint=\"/data\"}")));
}

// Case N4.
TEST_F(CollectorsTest, ACounterThatTheKernelSetsBackIsPassedOn) {
  const auto network = Make("network", registry_, roots_);
  for (const char* bytes : {"5000", "7"}) {
    folder_.Write("proc/self/net/dev",
                  "a\nb\neth0: " + std::string(bytes) + " 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
    ASSERT_TRUE(network->Collect().ok());
    EXPECT_THAT(Page(registry_), HasSubstr("node_network_receive_bytes_total{device=\"eth0\"} " +
                                           std::string(bytes) + "\n"));
  }
}

TEST_F(CollectorsTest, WithoutIPv6AndCountsOfTheKernelTheNetworkIsShown) {
  for (const char* file : {"tcp6", "snmp", "netstat"}) {
    std::filesystem::remove(folder_ / (std::string("proc/self/net/") + file));
  }
  const auto network = Make("network", registry_, roots_);
  ASSERT_TRUE(network->Collect().ok());
  EXPECT_THAT(Page(registry_), HasSubstr("node_tcp_connection_states{state=\"listen\"} 3\n"));
  EXPECT_THAT(Page(registry_), Not(HasSubstr("node_netstat")));
}

// Case A1.11.
TEST_F(CollectorsTest, NamesThatTheKernelCutsAreToldApart) {
  const std::string stat = *ReadFile(folder_ / "proc/30/stat");
  for (const char* pid : {"51", "52"}) {
    const std::string proc = "proc/" + std::string(pid);
    folder_.Write(proc + "/stat",
                  pid + std::string(" (verylongprocess") + stat.substr(stat.rfind(')')));
    folder_.Write(proc + "/cmdline",
                  "/bin/verylongprocessname" + std::string(pid) + '\0' + "-x" + '\0');
  }
  const auto process = Make("process", registry_, roots_);
  ASSERT_TRUE(process->Collect().ok());
  for (const char* name : {"verylongprocessname51", "verylongprocessname52"}) {
    EXPECT_THAT(Page(registry_),
                HasSubstr("group_processes{name=\"" + std::string(name) + "\"} 1\n"));
  }
}

// Cases A1.12 and A1.14: names that others choose.
TEST_F(CollectorsTest, OddNamesAreEscapedAndStayApart) {
  std::string devices = "a\nb\n";
  for (const char* name : {"b\xff"
                           "d",
                           "b\xfe"
                           "d",
                           "a\"b", "back\\sl",
                           "h\xc3\xa9\xc3\xa9"
                           "0",
                           "x{y}=1", "if@x", "0", "eth0:1"}) {
    devices += std::string(name) + ":1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0\n";
  }
  folder_.Write("proc/self/net/dev", devices);
  const auto network = Make("network", registry_, roots_);
  ASSERT_TRUE(network->Collect().ok());
  const std::string page = Page(registry_);
  for (const char* label : {"b\\\\xffd", "b\\\\xfed", "a\\\"b", "back\\\\sl",
                            "h\xc3\xa9\xc3\xa9"
                            "0",
                            "x{y}=1", "if@x", "0", "eth0:1"}) {
    EXPECT_THAT(page, HasSubstr("node_network_receive_bytes_total{device=\"" + std::string(label) +
                                "\"} 1\n"));
  }
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
  EXPECT_DOUBLE_EQ(cpu(), 63 * tick);  // 50, 10 and 3 ticks
  std::filesystem::remove_all(folder_ / "proc/20");
  const std::string stat = *ReadFile(folder_ / "proc/30/stat");
  folder_.Write("proc/30/stat", Replaced(stat, " 5 5 ", " 9 5 "));
  ASSERT_TRUE(process->Collect().ok());
  EXPECT_DOUBLE_EQ(cpu(), 67 * tick);
  // The pid is given to another process, whose time starts anew.
  folder_.Write("proc/30/stat", Replaced(Replaced(stat, " 5 5 ", " 1 0 "), " 4900 ", " 9900 "));
  ASSERT_TRUE(process->Collect().ok());
  EXPECT_DOUBLE_EQ(cpu(), 68 * tick);
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
