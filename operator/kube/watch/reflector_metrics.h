// SPDX-License-Identifier: Apache-2.0
//
// What one Reflector counts, labelled with its resource; every series stands at 0 from the start,
// so that a rate sees the first increase. Used by Reflector; updates from any thread.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "common/metrics/registry.h"

namespace telltale {

// Why a watch ended.
enum class WatchEnd {
  kEof,        // the server closed it: its time was up
  kShort,      // within a second, with nothing in it
  kError,      // the connection failed
  kTimeout,    // silent for longer than bookmarks are apart
  kGone,       // 410: the server no longer has our place in history
  kThrottled,  // 429
  kInternal,   // 500
  kStatus,     // any other refusal
  kMalformed,  // a line that cannot be read
  kOversize,   // a line over the limit
  kRewind,     // the server's history is older than ours
  kInitial,    // a watch-list ended before all initial events had come
  kSilent,     // a watch-list brought no more, and no end of the initial events
};
inline constexpr std::size_t kWatchEnds = 13;

struct ReflectorMetrics {
  ReflectorMetrics(Registry& registry, const std::string& resource);

  void Restarted(WatchEnd why) { restarts[static_cast<std::size_t>(why)]->Add(); }

  std::array<Counter*, kWatchEnds> restarts;
  Counter& relists;
  Counter& syncs_by_watch_list;
  Counter& syncs_by_list;
  Counter& history_checks;
  Counter& decode_errors;
  Counter& watch_events;
  Counter& watch_bytes;
  Gauge& last_event;
  Gauge& initial_sync;
};

}  // namespace telltale
