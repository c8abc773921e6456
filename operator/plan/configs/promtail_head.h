// SPDX-License-Identifier: Apache-2.0
//
// What stands above scrape_configs in promtail.yaml: server, positions, and the client with its
// credentials. Internal to operator/plan; pure.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace telltale {

// Where the chart mounts the Secret that says who Promtail is at Loki.
inline constexpr std::string_view kPromtailCredentials = "/etc/telltale-loki";

struct PromtailOptions {
  std::string loki_url;
  std::string tenant = {};                 // X-Scope-OrgID of targets without one of their own
  std::set<std::string> secret_keys = {};  // what that Secret has, by its keys
  std::string version = "2.2.1";           // of Promtail; see PromtailCheck
};

// Whether the chart starts Promtail with -config.expand-env, and what escapes text for it.
bool IsExpanded(const PromtailOptions& options);
std::string Doubled(std::string_view text);

// Whole lines, escaped if need be.
std::string RenderPromtailHead(const PromtailOptions& options);

}  // namespace telltale
