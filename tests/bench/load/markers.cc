// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/markers.h"

#include <algorithm>
#include <utility>

namespace telltale::bench {
namespace {

double Ms(Time from, Time to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

}  // namespace

void Markers::Appeared(const std::string& uid, Time at) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[uid];
  entry.appeared = at;
  entry.due = true;
}

void Markers::Gone(const std::string& uid, Time at) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[uid];  // one of the first pods was never seen to appear
  entry.gone = at;
  entry.left = true;
}

void Markers::Seen(const std::set<std::string>& uids, Time asked, Time at) {
  const std::lock_guard lock(mutex_);
  for (auto it = entries_.begin(); it != entries_.end();) {
    auto& [uid, entry] = *it;
    const bool here = uids.contains(uid);
    if (entry.due && !entry.seen && here) {
      entry.seen = true;
      done_.appear_ms.push_back(Ms(entry.appeared, at));
    }
    // One that came and went between two looks counts for neither.
    if (entry.left && asked > entry.gone && !here) {
      if (entry.seen || !entry.due) done_.gone_ms.push_back(Ms(entry.gone, at));
      it = entries_.erase(it);
    } else {
      ++it;
    }
  }
}

Latencies Markers::Take() {
  const std::lock_guard lock(mutex_);
  const Time now = std::chrono::steady_clock::now();
  for (const auto& [uid, entry] : entries_) {
    if (entry.left ? Ms(entry.gone, now) > 2000 : false) ++done_.lingering;
    if (!entry.left && entry.due && !entry.seen && Ms(entry.appeared, now) > 2000) ++done_.missing;
  }
  Latencies done = std::exchange(done_, {});
  std::ranges::sort(done.appear_ms);
  std::ranges::sort(done.gone_ms);
  return done;
}

void Markers::Forget() {
  const std::lock_guard lock(mutex_);
  entries_.clear();
  done_ = {};
}

}  // namespace telltale::bench
