// SPDX-License-Identifier: Apache-2.0
// An hour without Loki at 1,000 lines a second, inside 16 MiB: the lines of the hour come in
// seconds, which is harder for memory and the same for files. Then everything arrives in order.
// Where no memory cgroup can be made, resident memory is looked at all the time instead.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/fakes/fake_loki.h"
#include "tests/faults/logs/shipper.h"
#include "tests/faults/seeds.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale::faults {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::int64_t kLimitKiB = 16 << 10;
// TELLTALE_OUTAGE_LINES=3600000 is the whole hour.
constexpr int kLines = 240'000, kRotateEvery = 40'000, kPiece = 500;

// A cgroup of version 1 or 2 with the limit; nothing where none can be made.
class MemoryCgroup {
 public:
  MemoryCgroup() {
    for (const bool second : {false, true}) {
      const std::string root = second ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
      folder_ = root + "/telltale-test-" + std::to_string(::getpid());
      if (::mkdir(folder_.c_str(), 0755) != 0) continue;
      const std::string file = second ? "/memory.max" : "/memory.limit_in_bytes";
      std::ofstream limit(folder_ + file);
      limit << kLimitKiB * 1024 << std::flush;
      peak_ = folder_ + (second ? "/memory.peak" : "/memory.max_usage_in_bytes");
      if (limit.good() && std::filesystem::exists(folder_ + file)) return;
      ::rmdir(folder_.c_str());
    }
    folder_.clear();
  }
  ~MemoryCgroup() {
    if (!folder_.empty()) ::rmdir(folder_.c_str());
  }
  explicit operator bool() const { return !folder_.empty(); }
  bool Take(pid_t pid) const {
    std::ofstream tasks(folder_ + "/cgroup.procs");
    tasks << pid << std::flush;
    return tasks.good();
  }
  std::string Peak() const {
    std::ifstream in(peak_);
    std::string text;
    std::getline(in, text);
    return text;
  }

 private:
  std::string folder_, peak_;
};

// The numbers of one stream, as they arrive.
struct Arrival {
  std::atomic<int> next{0};
  std::atomic<bool> in_order{true};
  void Take(const FakeLoki::Push& push) {
    for (const auto& entry : push.entries) {
      const int number = std::atoi(entry.line.c_str());
      if (number == next) {
        ++next;
      } else if (number > next) {
        in_order = false;
      }
    }
  }
};

int Lines() {
  const char* given = std::getenv("TELLTALE_OUTAGE_LINES");
  return given == nullptr ? kLines : std::atoi(given);
}

TEST(LogMemory, AnHourWithoutLokiFitsIntoSixteenMebibytesAndThenEverythingArrivesInOrder) {
  QuietLog();
  ASSERT_NE(Shipper::Program(), "") << "set TELLTALE_BIN to the folder of the programs";
  const TempFolder temp;
  LogPlan plan(1);
  plan.folder = temp / "log";
  plan.batch_bytes = 1 << 20;
  std::filesystem::create_directories(plan.folder);
  Arrival arrival;
  FakeLoki loki;
  loki.KeepNoPushes();
  loki.SetHandler([&](const FakeLoki::Push& push) {
    arrival.Take(push);
    return FakeLoki::Reply{};
  });
  loki.GoDown();
  const MemoryCgroup cgroup;
  Shipper sidecar(temp / "shipper", plan, loki.url());
  sidecar.Start();
  const bool limited = cgroup && cgroup.Take(sidecar.process()->pid());
  if (!limited) {
    std::puts("no memory cgroup can be made here: resident memory is looked at instead");
  }
  const std::string path = plan.folder + "/app.log";
  const std::string tail = " " + std::string(100, 'x') + "\n";
  std::int64_t most = 0;
  int rotated = 0;
  std::ofstream out(path, std::ios::app);
  for (int number = 0; number < Lines(); number += kPiece) {
    std::string piece;
    for (int i = number; i < number + kPiece; ++i) piece += std::to_string(i) + tail;
    out << piece << std::flush;
    most = std::max(most, sidecar.ResidentKiB());
    if ((number + kPiece) % kRotateEvery == 0) {
      out.close();
      std::filesystem::rename(path, path + ".2026112101020" + std::to_string(1000 + rotated++));
      out.open(path, std::ios::app);
    }
    std::this_thread::sleep_for(milliseconds(5));
  }
  loki.ComeBack();
  const auto until = steady_clock::now() + seconds(60 + Lines() / 10'000);
  while (arrival.next < Lines() && steady_clock::now() < until) {
    most = std::max(most, sidecar.ResidentKiB());
    std::this_thread::sleep_for(milliseconds(20));
  }
  EXPECT_EQ(arrival.next, Lines()) << sidecar.Log();
  EXPECT_TRUE(arrival.in_order);
  EXPECT_LE(most, kLimitKiB);
  std::printf("at most %lld KiB resident; the cgroup's peak: %s bytes\n",
              static_cast<long long>(most), limited ? cgroup.Peak().c_str() : "none");
}

}  // namespace
}  // namespace telltale::faults
