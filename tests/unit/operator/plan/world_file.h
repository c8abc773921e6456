// SPDX-License-Identifier: Apache-2.0
//
// A World written down as JSON, for tests: {"targets": [], "pods": [], "namespaces": [],
// "trusted": [], "prometheus": {"error": "", "up": [], "down": {key: error}, "logging": [pod],
// "stalled": {pod: since}, "forbidden": [pod], "unreadable": {pod: reason}, "noFiles": [pod],
// "empty": [pod|address], "refused": [target|pod], "generations": {target: "lowest"}, "agent": 1}}.
// The objects have the shape that the API server sends and go through the real decoders.
#pragma once

#include <string>

#include "operator/plan/matching.h"
#include "operator/plan/status/target_status.h"

namespace telltale {

struct WorldFile {
  World world;
  std::vector<std::shared_ptr<const Pod>> pods;  // by key
  PrometheusView view;
};

// Fails the running test when the text is wrong; a target's own `invalid` parts are allowed.
WorldFile ParseWorld(const std::string& json);

std::shared_ptr<const MonitoringTarget> ParseTarget(const std::string& json);
std::shared_ptr<const Pod> ParsePod(const std::string& json);

}  // namespace telltale
