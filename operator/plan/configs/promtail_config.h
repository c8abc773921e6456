// SPDX-License-Identifier: Apache-2.0
//
// promtail.yaml for the node agent: server, client, positions, and a scrape config with pipeline
// stages for each MonitoringTarget whose logs a node agent reads. Valid, and reading nothing, when
// there is none. Pure; kept apart because Promtail ended in March 2026 and another writer will
// stand beside it.
#pragma once

#include <string>

#include "operator/model/world.h"

namespace telltale {

struct PromtailOptions {
  std::string loki_url;
};

std::string RenderPromtailConfig(const World& world, const PromtailOptions& options);

}  // namespace telltale
