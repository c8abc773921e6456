// SPDX-License-Identifier: Apache-2.0
//
// What a node agent pays for finding files: 500 containers, each a source and a directory of its
// own with three files, in microseconds (the best of five rounds). For whoever changes FileSet:
//
//   build/release/bin/bench_file_set
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "common/base/log.h"
#include "sidecar/discover/file_set.h"
#include "tests/unit/sidecar/discover/fake_history.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

constexpr int kSources = 500, kFiles = 3, kRounds = 5;

struct Costs {
  double start = std::numeric_limits<double>::max(), sweep = start, events = start;
};

template <typename What>
void Time(double& best, What what) {
  const auto begin = std::chrono::steady_clock::now();
  what();
  const std::chrono::duration<double, std::micro> time = std::chrono::steady_clock::now() - begin;
  best = std::min(best, time.count());
}

void Round(const std::vector<std::string>& directories, Costs& costs) {
  std::vector<LogSource> sources(directories.size());
  for (std::size_t i = 0; i < sources.size(); ++i) sources[i].include = {directories[i] + "/*.log"};
  FakeHistory history;
  for (const std::string& directory : directories) {
    // One that changed just now is listed again.
    std::filesystem::last_write_time(
        directory, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  }
  FileSet set(RealClock(), history, {.open_files = 10'000});
  Time(costs.start, [&] {
    set.SetSources(sources);
    set.Sweep();
  });
  Time(costs.sweep, [&] { set.Sweep(); });
  for (const std::string& directory : directories) {
    std::ofstream(directory + "/0.log", std::ios::app) << "line\n";
  }
  Time(costs.events, [&] { set.HandleEvents(); });
}

int Main() {
  if (!ConfigureLog("error", "logfmt").ok()) return 1;
  TempFolder folder;
  std::vector<std::string> directories;
  for (int i = 0; i < kSources; ++i) {
    directories.push_back(folder / ("team_app-7d9f8c6b5d-x" + std::to_string(i) + "_uid/main"));
    std::filesystem::create_directories(directories.back());
    for (int k = 0; k < kFiles; ++k) {
      std::ofstream(directories.back() + "/" + std::to_string(k) + ".log") << "line\n";
    }
  }
  Costs costs;
  for (int round = 0; round < kRounds; ++round) Round(directories, costs);
  std::printf("%d sources with %d files each, microseconds:\n", kSources, kFiles);
  std::printf("  %-34s %10.0f\n", "start: find and open all", costs.start);
  std::printf("  %-34s %10.0f\n", "sweep: look at all", costs.sweep);
  std::printf("  %-34s %10.0f\n", "events: a line in each directory", costs.events);
  return 0;
}

}  // namespace
}  // namespace telltale

int main() { return telltale::Main(); }
