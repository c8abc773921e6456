// SPDX-License-Identifier: Apache-2.0
//
// The answer to Prometheus: http_sd JSON (prometheus/docs "HTTP SD"), one group per target, sorted
// by target, pod and endpoint, so that equal input gives equal bytes. Also what the operator
// expects Prometheus to scrape, for status. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "operator/plan/matching.h"
#include "operator/plan/reasons.h"

namespace telltale {

inline constexpr std::string_view kSidecarEndpoint = "sidecar";

// One (pod, endpoint) of one MonitoringTarget, or one sidecar.
struct ScrapeTarget {
  std::string address;     // host:port
  Labels labels;           // everything of DESIGN §3, sorted
  std::string target_key;  // namespace/name; of the first resource for a sidecar
  std::string pod_uid;
  std::string endpoint;  // index in spec.metrics.endpoints, or "sidecar"
};

struct EndpointProblem {
  std::string target_key, pod_namespace, pod_name, endpoint;
  Reason reason;
  std::string message;  // one sentence: what, where, what to do
};

struct ScrapePlan {
  std::vector<ScrapeTarget> targets;
  std::vector<EndpointProblem> problems;                  // pods or ports that give no target
  std::unordered_map<std::string, std::size_t> sidecars;  // by pod uid: its index in targets
};

ScrapePlan PlanScrapes(const std::vector<MatchedTarget>& matched);
std::string RenderHttpSd(const ScrapePlan& plan);

}  // namespace telltale
