// SPDX-License-Identifier: Apache-2.0
//
// What Prometheus is expected to scrape for resources and their pods, sorted by resource, pod and
// endpoint, and what gives no target: for status. The discovery document is put together from the
// same parts, pod by pod, by operator/reconcile/publisher. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "operator/plan/discovery/pod_scrapes.h"
#include "operator/plan/matching.h"

namespace telltale {

struct ScrapePlan {
  std::vector<ScrapeTarget> targets;
  std::vector<EndpointProblem> problems;                  // pods or ports that give no target
  std::unordered_map<std::string, std::size_t> sidecars;  // by pod uid: its index in targets
};

ScrapePlan PlanScrapes(const std::vector<MatchedTarget>& matched);

}  // namespace telltale
