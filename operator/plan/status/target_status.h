// SPDX-License-Identifier: Apache-2.0
//
// status of a MonitoringTarget: conditions and counts, from what the stores hold and what
// Prometheus says it scrapes. Pure: the same input gives the same bytes, and a condition keeps its
// lastTransitionTime while its status is the same (api-conventions).
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>

#include "operator/model/monitoring_target.h"
#include "operator/model/pod_view.h"
#include "operator/plan/status/prometheus_view.h"

namespace telltale {

struct StatusInput {
  const MonitoringTarget& target;
  std::span<const PodView>
      pods;  // that it matches and that are not finished, by namespace and name
  const PrometheusView& view;
  const std::set<std::string>& trusted_namespaces;
  std::int64_t now_nanos;
};

// The `status` object as JSON. Problems: at most 10, worst first.
std::string RenderTargetStatus(const StatusInput& input);

}  // namespace telltale
