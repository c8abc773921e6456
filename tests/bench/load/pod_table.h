// SPDX-License-Identifier: Apache-2.0
//
// All pods of the load and the log of what happened to them, as records of 32 bytes that are turned
// into bytes only where they are sent. One thread changes it; connections read it. Thread-safe by
// one mutex that is held for copies of a few records.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "tests/bench/load/templates.h"

namespace telltale::bench {

struct PodEvent {
  PodFill pod;
  EventType type = EventType::kAdded;
};

struct PodSnapshot {
  std::vector<PodFill> pods;
  std::uint64_t version = 0;
};

class PodTable {
 public:
  static constexpr std::uint64_t kFirstVersion = 1'000'000'000;
  // As many events as the API server's watch cache keeps at most; older ones get a 410.
  static constexpr std::uint64_t kWindow = 102'400;

  // `pods` ready pods, spread over `apps` apps and the marker's `markers`.
  void Populate(std::uint32_t pods, std::uint16_t apps, std::uint32_t markers);

  // --- Of the thread that makes the load. ---
  std::uint32_t Add(PodFill pod);                // ADDED; its slot
  void Modify(std::uint32_t slot, Phase phase);  // MODIFIED
  void Remove(std::uint32_t slot);               // DELETED
  PodFill At(std::uint32_t slot) const;
  std::uint32_t slots() const;
  std::uint32_t NextSerial() { return next_serial_++; }

  // --- Of connections. ---
  PodSnapshot Snapshot() const;
  std::uint64_t version() const;
  // Up to `most` events after `version`; nothing when that version has left the window. Waits up
  // to `patience` for the first one.
  std::optional<std::vector<PodEvent>> After(std::uint64_t version, std::size_t most,
                                             std::chrono::milliseconds patience);
  bool InWindow(std::uint64_t version) const;
  void Wake();   // lets those who wait look again: the load calls it after a batch of events
  void Close();  // After gives nothing from now on

 private:
  void Append(EventType type, const PodFill& pod);  // under mutex_

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<PodFill> pods_;
  std::vector<bool> alive_;
  std::vector<std::uint32_t> free_;
  std::vector<PodEvent> log_;  // event i made version kFirstVersion + 1 + i
  bool closed_ = false;
  std::atomic<std::uint32_t> next_serial_{1};
};

}  // namespace telltale::bench
