// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/discovery/sd_targets.h"

#include <utility>

namespace telltale {

ScrapePlan PlanScrapes(const std::vector<MatchedTarget>& matched) {
  ScrapePlan plan;
  PodScrapes planned;
  for (const auto& entry : matched) {
    TakenPages host;
    for (const auto& pod : entry.pods) {
      TakenPages own;
      PlanPod(*entry.target, *pod, !plan.sidecars.contains(pod->meta.uid),
              pod->host_network ? host : own, planned);
      if (!planned.targets.empty() && planned.targets.back().pod_uid == pod->meta.uid &&
          planned.targets.back().endpoint == kSidecarEndpoint) {
        plan.sidecars.emplace(pod->meta.uid, planned.targets.size() - 1);
      }
    }
  }
  plan.targets = std::move(planned.targets);
  plan.problems = std::move(planned.problems);
  return plan;
}

}  // namespace telltale
