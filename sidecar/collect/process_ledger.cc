// SPDX-License-Identifier: Apache-2.0
#include "sidecar/collect/process_ledger.h"

#include <algorithm>
#include <utility>

namespace telltale {
namespace {

// From one reading of a counter to the next; a counter that fell gives nothing.
std::uint64_t Growth(std::uint64_t before, std::uint64_t now) {
  return now - std::min(before, now);
}

// Takes as much of `amount` as `debt` has off both.
void Settle(std::uint64_t& debt, std::uint64_t& amount) {
  const std::uint64_t settled = std::min(debt, amount);
  debt -= settled;
  amount -= settled;
}

}  // namespace

void ProcessLedger::Begin() {
  for (auto& [pid, process] : known_) process.seen = false;
  replaced_.clear();
}

void ProcessLedger::Add(std::uint64_t pid, const ProcessStat& stat, const std::string& group,
                        const std::optional<ProcessIo>& io) {
  const auto [at, is_new] = known_.try_emplace(pid);
  Known& process = at->second;
  if (!is_new && process.start_ticks != stat.start_ticks) {
    replaced_.push_back(std::exchange(process, {}));
  }
  process.parent = stat.parent;
  process.start_ticks = stat.start_ticks;
  process.group = group;
  process.seen = true;
  Totals& totals = groups_[group];
  totals.cpu_ticks += Growth(process.cpu_ticks, stat.cpu_ticks);
  process.cpu_ticks = stat.cpu_ticks;
  process.new_waited_ticks = stat.waited_ticks;
  if (!io) return;
  const ProcessIo before = process.io.value_or(ProcessIo{});
  totals.read_bytes += Growth(before.read_bytes, io->read_bytes);
  totals.written_bytes += Growth(before.written_bytes, io->written_bytes);
  process.io = io;
}

// Its nearest ancestor that lives gets its times, if it waits for its children. They were counted.
void ProcessLedger::Ended(const Known& process) {
  std::uint64_t parent = process.parent;
  for (std::size_t steps = 0; steps <= known_.size(); ++steps) {
    const auto ancestor = known_.find(parent);
    if (ancestor == known_.end()) return;
    if (ancestor->second.seen) {
      ancestor->second.counted += process.cpu_ticks + process.waited_ticks;
      return;
    }
    parent = ancestor->second.parent;
  }
}

void ProcessLedger::End() {
  for (const Known& process : replaced_) Ended(process);
  for (const auto& [pid, process] : known_) {
    if (!process.seen) Ended(process);
  }
  std::erase_if(known_, [](const auto& process) { return !process.second.seen; });
  for (auto& [pid, process] : known_) {
    std::uint64_t amount = Growth(process.waited_ticks, process.new_waited_ticks);
    process.waited_ticks = process.new_waited_ticks;
    // A child may end between the readings of its parent and of itself: its parent has its times in
    // the next cycle only. A parent that does not wait for its children never has them.
    Settle(process.counted_before, amount);
    Settle(process.counted, amount);
    process.counted_before = std::exchange(process.counted, 0);
    groups_[process.group].cpu_ticks += amount;
  }
}

ProcessLedger::Totals ProcessLedger::Of(const std::string& group) const {
  const auto found = groups_.find(group);
  return found == groups_.end() ? Totals{} : found->second;
}

}  // namespace telltale
