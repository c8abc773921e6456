// SPDX-License-Identifier: Apache-2.0
//
// What stands above scrape_configs in promtail.yaml: server, positions, and the client with its
// credentials. Internal to operator/plan; pure.
#pragma once

#include <string>
#include <string_view>

namespace telltale {

struct PromtailOptions;

// The variable of the chart's DaemonSet that has the username.
extern const std::string_view kPromtailUsername;

// Whether the chart starts Promtail with -config.expand-env, and what escapes text for it.
bool IsExpanded(const PromtailOptions& options);
std::string Doubled(std::string_view text);

// Whole lines, escaped if need be.
std::string RenderPromtailHead(const PromtailOptions& options);

}  // namespace telltale
