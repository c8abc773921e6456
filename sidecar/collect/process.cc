// SPDX-License-Identifier: Apache-2.0
//
// process: the processes that the sidecar can see, grouped by name. In a pod that is the sidecar
// alone, unless the pod sets shareProcessNamespace; on a host it is all of them. What the sidecar
// itself uses is exported always, as process_* (common/metrics/process_metrics.h).
#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "common/base/files.h"
#include "common/metrics/series_table.h"
#include "sidecar/collect/collector.h"
#include "sidecar/collect/parse.h"

namespace telltale {
namespace {

using Column = SeriesTable::Column;
constexpr std::size_t kMaxProcesses = 4'096;
constexpr std::size_t kMaxGroups = 64;

class ProcessCollector : public Collector {
 public:
  ProcessCollector(Registry& registry, const CollectorRoots& roots)
      : proc_(roots.proc),
        table_(registry,
               {{"telltale_process_group_processes", "Processes of this name.", Column::kGauge},
                {"telltale_process_group_threads", "Threads of the processes of this name.",
                 Column::kGauge},
                {"telltale_process_group_resident_memory_bytes",
                 "Resident memory of the processes of this name; pages they share count in each.",
                 Column::kGauge},
                {"telltale_process_group_cpu_seconds_total",
                 "CPU time of the processes of this name, also of those that ended while another "
                 "of the name ran.",
                 Column::kSeconds}},
               kMaxGroups + 1) {}

  Status Collect() override;

 private:
  struct Group {
    std::uint64_t processes = 0, threads = 0, resident_pages = 0;
  };
  struct Known {
    std::uint64_t start_ticks = 0, cpu_ticks = 0;
    bool seen = false;
  };

  void Add(const std::string& pid, const ProcessStat& stat, std::map<std::string, Group>& groups);
  void Publish(const std::map<std::string, Group>& groups);

  const std::string proc_;
  const std::uint64_t page_ = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  const std::uint64_t ticks_ = static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
  SeriesTable table_;
  std::unordered_map<std::string, Known> known_;      // by pid
  std::map<std::string, std::uint64_t> group_ticks_;  // CPU of each group so far
  // Names with a group of their own, for as long as they run: were it decided in each cycle by the
  // order of /proc, counters would change places.
  std::set<std::string> names_;
};

void ProcessCollector::Add(const std::string& pid, const ProcessStat& stat,
                           std::map<std::string, Group>& groups) {
  std::string name;
  AppendValidUtf8(stat.name, name);
  if (!names_.contains(name) && names_.size() < kMaxGroups) names_.insert(name);
  if (!names_.contains(name)) name = "other";
  Group& group = groups[name];
  ++group.processes;
  group.threads += stat.threads;
  group.resident_pages += stat.resident_pages;

  Known& known = known_[pid];
  if (known.start_ticks != stat.start_ticks) known = {stat.start_ticks, 0, false};  // a new one
  group_ticks_[name] += stat.cpu_ticks - std::min(known.cpu_ticks, stat.cpu_ticks);
  known.cpu_ticks = stat.cpu_ticks;
  known.seen = true;
}

void ProcessCollector::Publish(const std::map<std::string, Group>& groups) {
  std::erase_if(group_ticks_, [&](const auto& g) { return !groups.contains(g.first); });
  std::erase_if(names_, [&](const std::string& name) { return !groups.contains(name); });
  table_.Begin();
  for (const auto& [name, group] : groups) {
    table_.Set({{"name", name}}, {group.processes, group.threads, group.resident_pages * page_,
                                  group_ticks_[name] * 1'000 / ticks_});
  }
  table_.End();
}

Status ProcessCollector::Collect() {
  DIR* dir = opendir(proc_.c_str());
  if (dir == nullptr) return ErrnoError("opening " + proc_, errno);
  for (auto& [pid, known] : known_) known.seen = false;
  std::map<std::string, Group> groups;
  std::size_t processes = 0;
  while (const dirent* entry = readdir(dir)) {
    const std::string pid = entry->d_name;
    if (pid.empty() || pid.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto text = ReadFile(proc_ + "/" + pid + "/stat");
    if (!text.ok()) continue;  // it ended meanwhile
    const auto stat = ParseProcessStat(*text);
    if (!stat.ok() || stat->virtual_bytes == 0) continue;
    if (++processes <= kMaxProcesses) Add(pid, *stat, groups);
  }
  closedir(dir);
  std::erase_if(known_, [](const auto& k) { return !k.second.seen; });
  Publish(groups);
  if (processes > kMaxProcesses) {
    return Fail(Code::kTooLarge, std::to_string(processes) + " processes are more than the " +
                                     std::to_string(kMaxProcesses) + " that are counted");
  }
  return {};
}

}  // namespace

std::unique_ptr<Collector> MakeProcessCollector(Registry& registry, const CollectorRoots& roots) {
  return std::make_unique<ProcessCollector>(registry, roots);
}

}  // namespace telltale
