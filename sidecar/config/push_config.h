// SPDX-License-Identifier: Apache-2.0
//
// The part `push` of the configuration: what the sidecar takes from the pod. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "common/text/yaml_reader.h"
#include "sidecar/config/decoder.h"

namespace telltale {

// Pushgateway's API on the page's port.
struct PushgatewayConfig {
  std::int64_t expire_after_ms = 0;  // since a group's last push; 0: it lives as long as the pod
  std::int64_t max_series = 10'000;
  std::int64_t max_groups = 1'000;
  std::int64_t max_body = 2 << 20;
  bool operator==(const PushgatewayConfig&) const = default;
};

void DecodePush(Decoder& decoder, const YamlNode& node, std::optional<PushgatewayConfig>& out);

}  // namespace telltale
