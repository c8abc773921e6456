// SPDX-License-Identifier: Apache-2.0
//
// promtail.yaml for the node agent: server, client, positions, and a scrape config with pipeline
// stages for each MonitoringTarget whose logs a node agent reads. Valid, and reading nothing, when
// there is none. All scrape configs have the same discovery to the letter, so Promtail's discovery
// manager makes it once: one watch of the node's pods, however many MonitoringTargets there are.
// (One scrape config for all would do as well, but gives each pod to one pipeline only.) Pure; kept
// apart because Promtail ended in March 2026 and another writer will stand beside it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "operator/model/world.h"

namespace telltale {

// Where the chart mounts the Secret that says who Promtail is at Loki.
inline constexpr std::string_view kPromtailCredentials = "/etc/telltale-loki";

struct PromtailOptions {
  std::string loki_url;
  std::string tenant = {};                 // X-Scope-OrgID of targets without one of their own
  std::set<std::string> secret_keys = {};  // what that Secret has, by its keys
  std::string version = "2.2.1";           // of Promtail; see PromtailCheck
};

// The elements of the list under scrape_configs in such a file, by key of the MonitoringTarget;
// views into `file`. What was not written by us gives nothing, or nonsense.
std::map<std::string_view, std::string_view> ScrapeConfigsOf(std::string_view file);

// promtail.yaml, and which part of it is whose.
struct PromtailPlan {
  struct Part {
    std::int64_t generation = 0;  // of the MonitoringTarget
    bool held = false;            // that text is in the file that is there
    std::string text;             // as it stands in the file, whole lines
    std::string refused;          // why Promtail would not take it; it is not in the file then
  };
  std::string text;
  std::map<std::string, Part> parts;  // by key of the MonitoringTarget, those left out too
  std::set<std::string> left_out;     // what does not fit into `budget`, the largest first
};
// `held` is the file that is there.
PromtailPlan PlanPromtailConfig(const World& world, const PromtailOptions& options,
                                std::string_view held, std::size_t budget);

// With everything, however large.
std::string RenderPromtailConfig(const World& world, const PromtailOptions& options);

}  // namespace telltale
