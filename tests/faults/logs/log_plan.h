// SPDX-License-Identifier: Apache-2.0
//
// One plan of the log path's torture: which rotation and which trouble, and what goes with them. A
// seed is a plan; a row of seeds has every rotation with every trouble. Plain values, used by the
// simulation and by the plans with processes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "tests/faults/logs/log_files.h"

namespace telltale::faults {

enum class Trouble {
  kCalm,
  kKill,           // between any two steps
  kJournalKill,    // at the k-th system call of the journal, in the middle of a write
  kErrors,         // 5xx, 260, 401, cut connections, some of them after the lines were stored
  kTimeouts,       // answers that do not come, or come byte by byte
  kPartial,        // 400: a part of the lines is refused for good
  kLimits,         // 413, 429
  kAway,           // nobody listens for minutes or hours
  kKillAndErrors,  // both
  kJournalErrors,  // ENOSPC and EIO
  kClock,          // the wall clock is set, forth and back
  kPowerCut,       // what the journal had not synced is gone
  kStops,          // orderly ends
  kCount,
};
std::string_view TroubleName(Trouble trouble);

// What wide plans vary besides, each for itself.
struct Variety {
  bool names = false;        // odd ones: spaces, no UTF-8, a line end, brackets, very long
  bool tenants = false;      // two, with two files each, of which one is refused now and then
  bool json = false;         // 100 streams a file, by a label from JSON
  bool slow = false;         // the store answers after 20 ms, and the sidecar does not wait for it
  bool permissions = false;  // files and their folder cannot be read for a while
  bool shrinks = false;      // the end of a file is cut off
  bool laid_out = false;     // files end in NULs, and are filled
  bool silence = false;      // half lines wait for longer than five seconds
  bool half_stops = false;   // orderly ends leave half lines
  bool upgrades = false;     // other stages after a restart
  bool days = false;         // hours and days pass
  bool strangers = false;    // other software answers in Loki's place

  // By name, for the name of a plan.
  std::array<std::pair<std::string_view, bool>, 12> List() const;
};

struct LogPlan {
  // Seeds from here on are wide plans.
  static constexpr std::uint64_t kWide = 100'000'000;

  explicit LogPlan(std::uint64_t seed);

  std::uint64_t seed;
  Rotation rotation;
  Trouble trouble;
  std::size_t writers = 1;
  bool cri = false;
  std::size_t batch_bytes = 0;
  LineTraits traits;
  Variety variety;
  int steps = 0;
  std::string folder;  // set by who runs it

  // Whether a sidecar that ends and starts again belongs to it.
  bool ends() const;
  // A clock that was set back or a journal that is gone: Loki may hold plain lines twice then.
  bool exact() const;
  std::string Name() const;  // "kubelet_gzip_kill_17"
  LogFiles::Options FileOptions() const;

 private:
  void Widen();
};

}  // namespace telltale::faults
