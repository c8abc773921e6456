// SPDX-License-Identifier: Apache-2.0
//
// What one pod gives under one MonitoringTarget: the scrape targets and their JSON in the answer to
// Prometheus (prometheus/docs "HTTP SD"). The publisher calls it for a pod that changed; status,
// which needs to know only where they lead, follows the same rules by ResolvePort and TakenPages.
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "operator/model/monitoring_target.h"
#include "operator/model/pod.h"

namespace telltale {

inline constexpr std::string_view kSidecarEndpoint = "sidecar";

// One (pod, endpoint) of one MonitoringTarget, or one sidecar.
struct ScrapeTarget {
  std::string address;     // host:port
  Labels labels;           // everything of DESIGN §3, sorted
  std::string target_key;  // namespace/name; of the first resource for a sidecar
  std::string pod_uid;
  std::string endpoint;  // index in spec.metrics.endpoints, or "sidecar"
  std::string document;  // DocumentName of the endpoint; empty for a sidecar
};

// The label `instance` of a page at an address at which the same pod has one before it.
std::string SecondInstance(const std::string& address, const Endpoint& endpoint);

// host:port.
std::string ScrapeAddress(std::string_view ip, int port);

// The pages that pods lead to already: two ways to the same page are one target, as its samples
// would otherwise be taken twice. Pods on their node's network share addresses, so those of one
// resource share one of these (it is enough when those with the same IP do); for any other pod it
// is empty.
class TakenPages {
 public:
  // False when it was taken before.
  bool Take(const std::string& address, const Endpoint& endpoint);

 private:
  std::unordered_set<std::string> pages_;
};

// Appends to `out`. `lists_sidecar`: of the resources that want the pod's sidecar this is the
// first. `cluster` becomes the label of that name; empty: there is none.
void PlanPod(const MonitoringTarget& target, const Pod& pod, bool lists_sidecar, TakenPages& taken,
             std::vector<ScrapeTarget>& out, std::string_view cluster = {});

// The target as an element of the http_sd array, without a comma.
void AppendHttpSd(const ScrapeTarget& scrape, std::string& out);

}  // namespace telltale
