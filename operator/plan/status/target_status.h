// SPDX-License-Identifier: Apache-2.0
//
// status of a MonitoringTarget: conditions and counts, from what the stores hold and what
// Prometheus says it scrapes. Pure: the same input gives the same bytes, and a condition keeps its
// lastTransitionTime while its status is the same (api-conventions).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "operator/plan/discovery/sd_targets.h"

namespace telltale {

// What Prometheus reports for one of our targets (GET /api/v1/targets).
struct ScrapeReport {
  bool up = false;
  bool scraped = false;  // health is not "unknown"
  std::string last_error;
};

struct PrometheusView {
  bool known = false;  // false until Prometheus was asked with success; error says why
  std::string error;
  // Keyed by target_key + "|" + pod_uid + "|" + endpoint.
  std::map<std::string, ScrapeReport> reports;
  // By pod_uid, whichever resource the sidecar's target belongs to: all share the one sidecar, and
  // Prometheus still names the former owner for a while after that one changed.
  std::map<std::string, ScrapeReport> sidecars;
  std::set<std::string> logging_pods;  // "namespace/pod" whose sidecar had lines acknowledged

  // The arguments are what RenderHttpSd put into __meta_telltale_target, __meta_telltale_pod_uid
  // and __meta_telltale_endpoint.
  void Add(std::string_view target_key, std::string_view pod_uid, std::string_view endpoint,
           ScrapeReport report);
};

struct StatusInput {
  const MatchedTarget& matched;
  const ScrapePlan& plan;  // of all targets; only this target's parts are used
  const PrometheusView& view;
  const std::set<std::string>& trusted_namespaces;
  std::int64_t now_nanos;
};

// The `status` object as JSON. Problems: at most 10, worst first.
std::string RenderTargetStatus(const StatusInput& input);

// True when the two differ in more than times.
bool StatusDiffers(const std::string& old_json, const std::string& new_json);

}  // namespace telltale
