// SPDX-License-Identifier: Apache-2.0
//
// When a write that failed may be tried again: per object, with exponential backoff, however often
// its round comes. Owned by the Writer, on its thread.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "common/base/backoff.h"
#include "common/base/clock.h"

namespace telltale {

class RetryGate {
 public:
  explicit RetryGate(Clock& clock) : clock_(clock) {}

  // False while the object's last failure is too fresh.
  bool Open(const std::string& object) const {
    auto found = failures_.find(object);
    return found == failures_.end() || found->second.retry_at <= clock_.Steady();
  }

  void Succeeded(const std::string& object) { failures_.erase(object); }

  void Failed(const std::string& object) {
    auto [entry, made] = failures_.try_emplace(object);
    entry->second.retry_at = clock_.Steady() + entry->second.backoff.Next();
  }

  // After a round: an object that could be tried and was not is no longer wanted. Forgets it.
  void EndRound(SteadyTime began) {
    std::erase_if(failures_, [&](const auto& entry) { return entry.second.retry_at <= began; });
  }

  // When the next object may be tried; nothing when none failed.
  std::optional<SteadyTime> Next() const {
    std::optional<SteadyTime> next;
    for (const auto& [object, failure] : failures_) {
      if (!next || failure.retry_at < *next) next = failure.retry_at;
    }
    return next;
  }

 private:
  struct Failure {
    Backoff backoff{std::chrono::milliseconds(500), std::chrono::milliseconds(30'000)};
    SteadyTime retry_at;
  };
  Clock& clock_;
  std::map<std::string, Failure> failures_;
};

}  // namespace telltale
