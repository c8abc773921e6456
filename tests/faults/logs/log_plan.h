// SPDX-License-Identifier: Apache-2.0
//
// One plan of the log path's torture: which rotation and which trouble, and what goes with them. A
// seed is a plan; a row of seeds has every rotation with every trouble. Plain values, used by the
// simulation and by the plans with processes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

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

struct LogPlan {
  explicit LogPlan(std::uint64_t seed);

  std::uint64_t seed;
  Rotation rotation;
  Trouble trouble;
  std::size_t writers = 1;
  bool cri = false;
  std::size_t batch_bytes = 0;
  LineTraits traits;
  int steps = 0;
  std::string folder;  // set by who runs it

  // Whether a sidecar that ends and starts again belongs to it.
  bool ends() const;
  // A clock that was set back or a journal that is gone: Loki may hold plain lines twice then.
  bool exact() const;
  std::string Name() const;  // "kubelet_gzip_kill_17"
  LogFiles::Options FileOptions() const;
};

}  // namespace telltale::faults
