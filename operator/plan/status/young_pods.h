// SPDX-License-Identifier: Apache-2.0
//
// YoungPods: which pods of a MonitoringTarget are too young to be evidence. Internal to
// operator/plan/status; pure.
#pragma once

#include <cstdint>

#include "operator/plan/status/target_status.h"

namespace telltale {

class YoungPods {
 public:
  explicit YoungPods(const StatusInput& input);

  // Clocks differ: one that started in the future by more than its grace is not young for ever.
  bool Young(const PodView& pod) const;
  // Passed over: it is young, and others, or the pods before it, show that all works. The first
  // pods of a resource are not: nothing else says how it goes.
  bool Spared(const PodView& pod) const { return spares_ && Young(pod); }
  // Seconds until the first of them counts; 0: none is young.
  std::int64_t look_again() const { return look_again_; }

 private:
  const std::int64_t now_;    // seconds since the epoch
  const std::int64_t grace_;  // seconds
  bool spares_ = false;
  std::int64_t look_again_ = 0;
};

}  // namespace telltale
