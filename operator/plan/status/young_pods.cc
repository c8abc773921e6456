// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/status/young_pods.h"

#include <algorithm>

#include "operator/plan/status/status_compare.h"

namespace telltale {
namespace {

// A pod has this long, in seconds, to be scraped and to log: its interval and some time to start.
std::int64_t Grace(const MonitoringTarget& target) {
  constexpr std::int64_t kStart = 30, kSidecarInterval = 15;
  std::int64_t longest = target.WantsSidecar() ? kSidecarInterval : 0;
  if (target.metrics) {
    for (const auto& endpoint : target.metrics->endpoints) {
      longest = std::max(longest, endpoint.interval_ms / 1000);
    }
  }
  return longest + kStart;
}

bool WasReady(const MonitoringTarget& target) {
  const auto old = ReadConditions(target.status_json);
  return std::ranges::any_of(old, [](const StatusCondition& condition) {
    return condition.type == "Ready" && condition.status == "True";
  });
}

}  // namespace

YoungPods::YoungPods(const StatusInput& input)
    : now_(input.now_nanos / 1'000'000'000), grace_(Grace(input.target)) {
  bool any_old = false;
  for (const auto& pod : input.pods) {
    if (pod.deleting) continue;
    const bool young = Young(pod);
    any_old |= !young && pod.Running();
    if (!young) continue;
    const std::int64_t left = pod.started + grace_ - now_ + 1;
    look_again_ = look_again_ ? std::min(look_again_, left) : left;
  }
  spares_ = look_again_ > 0 && (any_old || HaveFinished(input) || WasReady(input.target));
}

bool YoungPods::Young(const PodView& pod) const {
  const std::int64_t age = now_ - pod.started;
  return pod.started != 0 && age < grace_ && age > -grace_;
}

}  // namespace telltale
