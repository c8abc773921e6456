// SPDX-License-Identifier: Apache-2.0
//
// OwnWrites: which writes of ours the caches cannot show yet. A reconcile that comes between a
// write and its event would otherwise compare with what was before, and write (and tell) it again.
// It only spares writes: after five seconds, or after a restart, the cache is believed.
// Thread-safe.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "common/base/clock.h"
#include "common/base/mutex.h"

namespace telltale {

class OwnWrites {
 public:
  explicit OwnWrites(Clock& clock) : clock_(clock) {}

  // `over_version` is the resourceVersion that the cache had, "" when it had no such object.
  void Wrote(const std::string& key, const std::string& over_version, std::uint64_t content = 0) {
    MutexLock lock(mutex_);
    written_[key] = {clock_.Steady(), over_version, content};
    refused_.erase(key);
  }
  // A write was answered with 404 or 409. `state` is what the cache had of the object then. True
  // if the same was answered before: the cache is not just late.
  bool Refused(const std::string& key, const std::string& state) {
    MutexLock lock(mutex_);
    Refusal& refusal = refused_[key];
    const bool again = refusal.state == state;
    refusal = {clock_.Steady(), state};
    return again;
  }
  // How long no write is tried, however many events come, while the cache still has `state`.
  std::chrono::milliseconds RestAfterRefusal(const std::string& key,
                                             const std::string& state) const {
    MutexLock lock(mutex_);
    const auto found = refused_.find(key);
    if (found == refused_.end() || found->second.state != state) return {};
    const auto left = found->second.at + kRest - clock_.Steady();
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(left), {});
  }
  void Forget(const std::string& key) {
    MutexLock lock(mutex_);
    written_.erase(key);
    refused_.erase(key);
  }
  void KeepOnly(const std::set<std::string>& keys) {
    MutexLock lock(mutex_);
    std::erase_if(written_, [&](const auto& entry) { return !keys.contains(entry.first); });
    std::erase_if(refused_, [&](const auto& entry) { return !keys.contains(entry.first); });
  }

  // True when the cache still has what we wrote over.
  bool Unseen(const std::string& key, const std::string& version) const {
    const auto written = Find(key);
    return written && written->over_version == version && clock_.Steady() < written->at + kBelieve;
  }
  // And when it was this that we wrote.
  bool Unseen(const std::string& key, const std::string& version, std::uint64_t content) const {
    const auto written = Find(key);
    return written && written->content == content && Unseen(key, version);
  }
  std::optional<SteadyTime> LastWrite(const std::string& key) const {
    const auto written = Find(key);
    return written ? std::optional(written->at) : std::nullopt;
  }

  // How long to wait before looking again; the event normally comes first.
  static constexpr std::chrono::milliseconds kLookAgain{1'000};
  // Between two tries of a write that is answered with 404 or 409.
  static constexpr std::chrono::seconds kRest{30};

 private:
  static constexpr std::chrono::seconds kBelieve{5};
  struct Written {
    SteadyTime at;
    std::string over_version;
    std::uint64_t content;
  };
  struct Refusal {
    SteadyTime at;
    std::optional<std::string> state;
  };
  std::optional<Written> Find(const std::string& key) const {
    MutexLock lock(mutex_);
    const auto found = written_.find(key);
    return found == written_.end() ? std::nullopt : std::optional(found->second);
  }

  Clock& clock_;
  mutable Mutex mutex_;
  std::map<std::string, Written> written_ GUARDED_BY(mutex_);
  std::map<std::string, Refusal> refused_ GUARDED_BY(mutex_);
};

}  // namespace telltale
