// SPDX-License-Identifier: Apache-2.0
//
// The content of the ConfigMap `telltale-sidecar` of each namespace: one key
// `<target namespace>.<target name>.json` per MonitoringTarget, {selector, generation, config},
// config in the shape of `telltale-sidecar --config` version 1. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "operator/model/world.h"

namespace telltale {

inline constexpr std::string_view kSidecarConfigMap = "telltale-sidecar";
// Where the webhook mounts the Secret that says who the sidecars are at Loki.
inline constexpr std::string_view kLokiCredentialsPath = "/etc/telltale/loki";

struct SidecarConfigOptions {
  std::string loki_url;               // what the sidecars push to; empty: no logs are shipped
  std::string alertmanager_url = {};  // where alert stages push to; empty: nowhere
  std::string loki_tenant = {};
  bool loki_credentials = false;  // there may be a Secret, see above
};

// The key of a MonitoringTarget in the ConfigMap, and back: "shop/web" for "shop.web.json". The
// name of a namespace has no dot.
std::string SidecarConfigKey(const ObjectMeta& target);
std::string TargetOfSidecarConfigKey(std::string_view key);

// key -> JSON, for one namespace; empty when no target with a sidecar looks into it.
std::map<std::string, std::string> PlanSidecarConfig(const World& world, const std::string& ns,
                                                     const SidecarConfigOptions& options);

// The same of all: namespace -> key -> JSON. Only namespaces that a target with a sidecar looks
// into.
std::map<std::string, std::map<std::string, std::string>> PlanSidecarConfigs(
    const World& world, const SidecarConfigOptions& options);

}  // namespace telltale
