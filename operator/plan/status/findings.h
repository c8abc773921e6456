// SPDX-License-Identifier: Apache-2.0
//
// Findings: what was found wrong with one MonitoringTarget and its pods, gathered in any order.
// Only the worst become sentences, so that ten thousand failing pods cost little. Internal to
// operator/plan/status; pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "operator/plan/status/pod_endpoints.h"
#include "operator/plan/status/target_health.h"

namespace telltale {

// Stand for the index of an endpoint.
inline constexpr int kNoEndpoint = -1;
inline constexpr int kSidecarPage = -2;

std::string EndpointName(int endpoint);

// The pod's own sidecar reads the logs that the resource asks for.
bool ReadBySidecars(const MonitoringTarget& target);

// By which PrometheusView knows the reader of the pod's logs.
std::string LogReaderName(const MonitoringTarget& target, const PodView& pod);

class Findings {
 public:
  // Both must outlive this, and the pods that are added.
  Findings(const StatusInput& input, PodEndpoints& endpoints)
      : input_(input), endpoints_(endpoints) {}

  // `error` is that of a scrape.
  void Add(Reason reason, const PodView& pod, int endpoint = kNoEndpoint,
           std::string_view error = {}) {
    all_.push_back({reason, &pod, endpoint, error, {}});
  }
  // About the resource.
  void Add(Reason reason, std::string text) {
    all_.push_back({reason, nullptr, kNoEndpoint, {}, std::move(text)});
  }

  // Sets problems and problems_count.
  void WriteTo(TargetHealth& health);

 private:
  struct Finding {
    Reason reason;
    const PodView* pod;  // null: it is about the resource, and `text` is the sentence
    int endpoint;
    std::string_view error;
    std::string text;
  };
  static bool Worse(const Finding& a, const Finding& b);
  std::string Text(const Finding& finding) const;

  const StatusInput& input_;
  PodEndpoints& endpoints_;
  std::vector<Finding> all_;
};

}  // namespace telltale
