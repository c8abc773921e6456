// SPDX-License-Identifier: Apache-2.0
//
// Where the endpoints of a MonitoringTarget lead in its pods, as discovery finds it (PlanPod), but
// worked out once for all pods that share their containers. Internal to operator/plan/status.
#pragma once

#include <cstddef>
#include <optional>
#include <unordered_map>
#include <vector>

#include "operator/model/monitoring_target.h"
#include "operator/model/pod_view.h"
#include "operator/plan/discovery/pod_scrapes.h"

namespace telltale {

class PodEndpoints {
 public:
  static constexpr int kNoPort = 0;
  static constexpr int kTaken = -1;  // leads to a page that another one leads to

  // Both must outlive this.
  explicit PodEndpoints(const MonitoringTarget& target) : target_(target) {}

  // Each endpoint's port, kNoPort or kTaken. Pods must come in order, each once: of those that
  // share an address the first has the page. Valid until the next call.
  const std::vector<int>& Of(const PodView& pod);
  // One endpoint's port, whoever has its page.
  int Port(const PodView& pod, std::size_t endpoint) {
    return Shared(*pod.containers).ports[endpoint];
  }
  // A second container declares another port of the endpoint's name.
  bool Ambiguous(const PodView& pod, std::size_t endpoint) {
    return Shared(*pod.containers).ambiguous[endpoint];
  }

 private:
  struct Layout {
    std::vector<int> ports;
    std::vector<bool> ambiguous;
  };
  const Layout& Shared(const std::vector<Container>& containers);

  const MonitoringTarget& target_;
  std::unordered_map<const std::vector<Container>*, Layout> by_containers_;
  TakenPages host_;
  std::vector<int> ports_;  // scratch
};

}  // namespace telltale
