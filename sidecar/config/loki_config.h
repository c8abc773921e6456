// SPDX-License-Identifier: Apache-2.0
//
// The part `loki` of the configuration: where logs go, in which form, and how we authenticate
// there. Plain values and their decoder; used by sidecar_config.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/strings.h"
#include "common/text/yaml_reader.h"
#include "sidecar/config/access_config.h"
#include "sidecar/config/decoder.h"

namespace telltale {

struct LokiConfig {
  std::string url;     // of the server, without /loki/api/v1/push; empty: no logs are shipped
  std::string tenant;  // X-Scope-OrgID; empty: not sent
  std::int64_t batch_bytes = 1 << 20;
  std::int64_t batch_wait_ms = 1'000;
  std::int64_t max_line_bytes = 255 << 10;  // longer lines are cut
  std::int64_t timeout_ms = 10'000;
  std::int64_t max_labels = 15;               // Loki's max_label_names_per_series
  std::int64_t max_age_ms = 168 * 3'600'000;  // of lines that are still tried; 0: any
  AccessConfig access = {};
  bool operator==(const LokiConfig&) const = default;
};

// Bounds of maxLineSize: Loki refuses lines above 256 KiB, counting structured metadata.
inline constexpr std::int64_t kMinLineBytes = 256, kMaxLineBytes = 255 << 10;

void DecodeLoki(Decoder& decoder, const YamlNode& node, LokiConfig& out);

}  // namespace telltale
