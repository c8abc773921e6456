// SPDX-License-Identifier: Apache-2.0
//
// status of a MonitoringTarget: conditions and counts, from what the stores hold and what
// Prometheus says it scrapes. Pure: the same input gives the same bytes, and a condition keeps its
// lastTransitionTime while its status is the same (api-conventions).
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "operator/model/monitoring_target.h"
#include "operator/model/pod_view.h"
#include "operator/plan/status/config_state.h"
#include "operator/plan/status/prometheus_view.h"

namespace telltale {

// What this installation has, as far as a status must know. By default all is there.
struct Installation {
  std::string own_namespace = {};             // of the operator, where nothing is injected
  std::string sidecar_image = {};             // that is injected; empty: not known
  bool loki_secret = false;                   // sidecars get a Secret for the log store
  std::set<std::string> scrape_classes = {};  // that Prometheus has a job for
  bool filters = true;                        // Prometheus reads the jobs of metric filters
  // Of those jobs, by DocumentName, what does not fit into their ConfigMap; null: nothing.
  std::shared_ptr<const std::set<std::string>> filters_left_out = {};
  bool injects = true;    // the webhook runs
  bool log_store = true;  // there is somewhere to send logs
  // ConfigMaps are written: as long as nothing is known of one, it is on its way.
  bool writes_config = false;
  bool promtail = true;     // node agents are Promtail, configured by a ConfigMap
  bool agents_ask = false;  // a node agent of ours asked lately for its pods
};

struct StatusInput {
  const MonitoringTarget& target;
  std::span<const PodView>
      pods;  // that it matches and that are not finished, by namespace and name
  const PrometheusView& view;
  const std::set<std::string>& trusted_namespaces;
  std::int64_t now_nanos;
  ConfigState config = {};  // of the sidecars and node agents
  Installation installation = {};
  std::string refused = {};  // why the API server refuses the pods that would match, a sentence
  int finished = 0;  // pods that it matches and that have finished; counted where few others are
  bool runs_jobs = false;  // pods of Jobs that it matched have finished
};

// The pods that matched have finished, and now there may be none: between two runs of a CronJob,
// whatever becomes of the pods of the last one.
bool HaveFinished(const StatusInput& input);
// What Ready says of it; read back by a process that did not see them finish.
inline constexpr std::string_view kJobsFinished =
    "The pods of Jobs that matched have finished; none runs now.";

// The generation that the sidecars and node agents can read, and so the one that this status is
// about: the one before while the newest is not written, or refused.
std::int64_t TakenGeneration(const StatusInput& input);

// The `status` object as JSON. Problems: at most 10, worst first. No text is longer than the CRD
// allows.
// `look_again` becomes the seconds until time alone may change the status, 0: never.
std::string RenderTargetStatus(const StatusInput& input, std::int64_t* look_again = nullptr);

}  // namespace telltale
