// SPDX-License-Identifier: Apache-2.0
//
// process: the processes that the sidecar can see, grouped by name. In a pod that is the sidecar
// alone, unless the pod sets shareProcessNamespace; on a host it is all of them. What the sidecar
// itself uses is exported always, as process_* (common/metrics/process_metrics.h).
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/files.h"
#include "common/metrics/series_table.h"
#include "sidecar/collect/collector.h"
#include "sidecar/collect/name_filter.h"
#include "sidecar/collect/parse.h"
#include "sidecar/collect/process_ledger.h"
#include "sidecar/collect/skipped.h"

namespace telltale {
namespace {

using Column = SeriesTable::Column;
constexpr std::size_t kMaxProcesses = 4'096;
constexpr std::size_t kMaxGroups = 64;

struct State {
  char letter;  // of /proc/<pid>/stat
  std::string_view name;
};
constexpr std::array<State, 5> kStates{{{'R', "running"},
                                        {'S', "sleeping"},
                                        {'D', "waiting"},  // for a disk, cannot be interrupted
                                        {'Z', "zombie"},
                                        {'T', "stopped"}}};

// The names in a directory that are numbers.
Result<std::vector<std::uint64_t>> Numbers(const std::string& path) {
  DIR* dir = opendir(path.c_str());
  if (dir == nullptr) return ErrnoError("opening " + path, errno);
  std::vector<std::uint64_t> numbers;
  while (const dirent* entry = readdir(dir)) {
    std::uint64_t number = 0;
    if (ParseNumber(entry->d_name, number)) numbers.push_back(number);
  }
  closedir(dir);
  return numbers;
}

class ProcessCollector : public Collector {
 public:
  ProcessCollector(Registry& registry, const CollectorRoots& roots)
      : proc_(roots.proc),
        skipped_(registry, "process", {"hidden", "limit", "permission"}),
        table_(registry,
               {{"telltale_process_group_processes", "Processes of this name.", Column::kGauge},
                {"telltale_process_group_threads", "Threads of the processes of this name.",
                 Column::kGauge},
                {"telltale_process_group_resident_memory_bytes",
                 "Resident memory of the processes of this name; pages they share count in each.",
                 Column::kGauge},
                {"telltale_process_group_cpu_seconds_total",
                 "CPU time of the processes of this name, and of their children that they waited "
                 "for. A process that starts and ends between two cycles counts for its parent.",
                 Column::kSeconds}},
               kMaxGroups + 1),
        states_(registry,
                {{"telltale_process_group_states", "Processes of this name, by state.",
                  Column::kGauge}},
                (kMaxGroups + 1) * (kStates.size() + 1)),
        descriptors_(registry,
                     {{"telltale_process_group_open_descriptors",
                       "Open file descriptors of the processes of this name that may be read.",
                       Column::kGauge}},
                     kMaxGroups + 1),
        io_(registry,
            {{"telltale_process_group_read_bytes_total",
              "Bytes that the processes of this name had read from disks.", Column::kCounter},
             {"telltale_process_group_written_bytes_total",
              "Bytes that the processes of this name had written to disks.", Column::kCounter}},
            kMaxGroups + 1) {}

  void Configure(const CollectorSettings& settings, std::chrono::milliseconds) override {
    filter_ = settings.process;
  }
  Status Collect() override;

 private:
  struct Group {
    std::uint64_t processes = 0, threads = 0, resident_pages = 0;
    std::uint64_t descriptors = 0;
    bool descriptors_known = false, io_known = false;
    std::map<std::string_view, std::uint64_t> states;
  };

  void CollectOne(std::uint64_t pid);
  Group& GroupOf(const std::string& name);
  void CountDescriptors(const std::string& folder, Group& group);
  std::optional<ProcessIo> ReadIo(const std::string& folder, Group& group);
  // True if the file could not be read because that is not allowed, which is counted.
  bool Denied(const Error& error, const std::string& path);
  void Publish();

  const std::string proc_;
  NameFilter filter_;
  const std::uint64_t page_ = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  const std::uint64_t ticks_ = static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
  Skipped skipped_;
  SeriesTable table_, states_, descriptors_, io_;
  ProcessLedger ledger_;
  std::map<std::string, Group> groups_;  // of this cycle
  // Names with a group of their own, for as long as they run: were it decided in each cycle by the
  // order of /proc, counters would change places.
  std::set<std::string> names_;
};

bool ProcessCollector::Denied(const Error& error, const std::string& path) {
  if (error.code != Code::kPermission) return false;  // it ended meanwhile
  skipped_.Add("permission", path);
  return true;
}

void ProcessCollector::CountDescriptors(const std::string& folder, Group& group) {
  const auto numbers = Numbers(folder + "/fd");
  if (!numbers.ok()) {
    Denied(numbers.error(), folder + "/fd");
    return;
  }
  group.descriptors += numbers->size();
  group.descriptors_known = true;
}

std::optional<ProcessIo> ProcessCollector::ReadIo(const std::string& folder, Group& group) {
  const auto text = ReadFile(folder + "/io");
  if (!text.ok()) return std::nullopt;  // may be read by whom may list fd, which says so
  const auto io = ParseProcessIo(*text);
  if (!io.ok()) return std::nullopt;
  group.io_known = true;
  return *io;
}

void ProcessCollector::CollectOne(std::uint64_t pid) {
  const std::string folder = proc_ + "/" + std::to_string(pid);
  const auto text = ReadFile(folder + "/stat");
  if (!text.ok()) {
    Denied(text.error(), folder);
    return;
  }
  const auto stat = ParseProcessStat(*text);
  const bool of_kernel = stat.ok() && stat->virtual_bytes == 0 && stat->state != 'Z';
  if (!stat.ok() || of_kernel) return;
  std::string name = stat->name;
  if (name.size() >= kCutName) {
    const auto cmdline = ReadFile(folder + "/cmdline");
    if (cmdline.ok()) name = WholeName(name, *cmdline);
  }
  name = LabelText(name);
  if (!Keeps(filter_, name)) return;
  if (!names_.contains(name) && names_.size() < kMaxGroups) names_.insert(name);
  if (!names_.contains(name)) name = "other";
  Group& group = groups_[name];
  ++group.processes;
  group.threads += stat->threads;
  group.resident_pages += stat->resident_pages;
  const auto state = std::find_if(kStates.begin(), kStates.end(),
                                  [&](const State& s) { return s.letter == stat->state; });
  ++group.states[state == kStates.end() ? "other" : state->name];
  CountDescriptors(folder, group);
  ledger_.Add(pid, *stat, name, ReadIo(folder, group));
}

void ProcessCollector::Publish() {
  std::erase_if(names_, [&](const std::string& name) {
    const bool gone = !groups_.contains(name);
    if (gone) ledger_.Drop(name);
    return gone;
  });
  if (!groups_.contains("other")) ledger_.Drop("other");
  for (SeriesTable* table : {&table_, &states_, &descriptors_, &io_}) table->Begin();
  for (const auto& [name, group] : groups_) {
    const ProcessLedger::Totals used = ledger_.Of(name);
    table_.Set({{"name", name}}, {group.processes, group.threads, group.resident_pages * page_,
                                  used.cpu_ticks * 1'000 / ticks_});
    for (const auto& [state, count] : group.states) {
      states_.Set({{"name", name}, {"state", std::string(state)}}, {count});
    }
    if (group.descriptors_known) descriptors_.Set({{"name", name}}, {group.descriptors});
    if (group.io_known) io_.Set({{"name", name}}, {used.read_bytes, used.written_bytes});
  }
  for (SeriesTable* table : {&table_, &states_, &descriptors_, &io_}) table->End();
}

Status ProcessCollector::Collect() {
  auto pids = Numbers(proc_);
  if (!pids.ok()) return pids.error();
  skipped_.Begin();
  ledger_.Begin();
  groups_.clear();
  // Process 1 is always there: if it cannot be seen, /proc is mounted with hidepid, which hides all
  // processes of other users, and nobody can say how many.
  struct stat info{};
  if (stat((proc_ + "/1").c_str(), &info) != 0) {
    skipped_.Add("hidden", proc_ + " shows no process of other users (mount option hidepid)");
  }
  // A process that is asked for by its name and is gone is 0, not absent.
  for (const std::string& pattern : filter_.include) {
    if (!IsExact(pattern) || !Keeps(filter_, pattern)) continue;
    names_.insert(pattern);
    groups_[pattern];
  }
  std::sort(pids->begin(), pids->end());
  for (std::size_t i = 0; i < pids->size(); ++i) {
    if (i < kMaxProcesses) {
      CollectOne((*pids)[i]);
    } else {
      skipped_.Add("limit", "more than " + std::to_string(kMaxProcesses) + " processes");
    }
  }
  ledger_.End();
  Publish();
  skipped_.End();
  return {};
}

}  // namespace

std::unique_ptr<Collector> MakeProcessCollector(Registry& registry, const CollectorRoots& roots) {
  return std::make_unique<ProcessCollector>(registry, roots);
}

}  // namespace telltale
