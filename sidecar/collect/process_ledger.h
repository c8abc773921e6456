// SPDX-License-Identifier: Apache-2.0
//
// CPU time and IO of groups of processes, as counters that do not fall when a process ends. What a
// process used since the last cycle goes to its group. What its children used that ended in between
// goes there too, but for what was counted while they lived: a parent that waits for its children
// takes over their times (cutime and cstime of proc_pid_stat(5)).
// Pure and thread-compatible.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "sidecar/collect/parse.h"

namespace telltale {

class ProcessLedger {
 public:
  struct Totals {
    std::uint64_t cpu_ticks = 0, read_bytes = 0, written_bytes = 0;
  };

  // One cycle: Begin, Add for each process, End.
  void Begin();
  void Add(std::uint64_t pid, const ProcessStat& stat, const std::string& group,
           const std::optional<ProcessIo>& io);
  void End();

  // Of a group since its first process was seen; zeros for one that has none.
  Totals Of(const std::string& group) const;
  // Forgets the totals of a group.
  void Drop(const std::string& group) { groups_.erase(group); }

 private:
  struct Known {
    std::uint64_t parent = 0, start_ticks = 0;
    std::uint64_t cpu_ticks = 0, waited_ticks = 0;  // in the last cycle
    std::uint64_t new_waited_ticks = 0;             // in this one, until End
    std::uint64_t counted = 0;  // of children that ended in this cycle: not to be added again
    std::uint64_t counted_before = 0;  // what is left of that of the cycle before
    std::optional<ProcessIo> io;
    std::string group;
    bool seen = false;
  };
  void Ended(const Known& process);

  std::unordered_map<std::uint64_t, Known> known_;  // by pid
  std::vector<Known> replaced_;                     // their pid has a new process
  std::map<std::string, Totals> groups_;
};

}  // namespace telltale
