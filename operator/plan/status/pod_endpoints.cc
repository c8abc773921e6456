// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/status/pod_endpoints.h"

#include <string>

#include "operator/plan/discovery/port_resolver.h"

namespace telltale {

const PodEndpoints::Layout& PodEndpoints::Shared(const std::vector<Container>& containers) {
  const auto [at, made] = by_containers_.try_emplace(&containers);
  if (!made || !target_.metrics) return at->second;
  TakenPages own;
  for (const auto& endpoint : target_.metrics->endpoints) {
    const ResolvedPort resolved = ResolvePort(containers, endpoint);
    int port = resolved.number;
    // The address does not count within one pod.
    if (port != kNoPort && !own.Take(std::to_string(port), endpoint)) port = kTaken;
    at->second.ports.push_back(port);
    at->second.ambiguous.push_back(!resolved.also.empty());
  }
  return at->second;
}

const std::vector<int>& PodEndpoints::Of(const PodView& pod) {
  const std::vector<int>& shared = Shared(*pod.containers).ports;
  if (!pod.host_network) return shared;
  ports_ = shared;
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    if (ports_[i] == kNoPort || ports_[i] == kTaken) continue;
    if (!host_.Take(ScrapeAddress(pod.ip, ports_[i]), target_.metrics->endpoints[i])) {
      ports_[i] = kTaken;
    }
  }
  return ports_;
}

}  // namespace telltale
