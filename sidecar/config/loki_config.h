// SPDX-License-Identifier: Apache-2.0
//
// The part `loki` of the configuration: where logs go, in which form, and who we are there. Secrets
// are not in it (but for a proxyUrl that somebody wrote one into, which is never repeated), only
// the files that hold them. Plain values and their decoder; used by sidecar_config.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/strings.h"
#include "common/text/yaml_reader.h"
#include "sidecar/config/decoder.h"

namespace telltale {

struct LokiConfig {
  std::string url;     // of the server, without /loki/api/v1/push; empty: no logs are shipped
  std::string tenant;  // X-Scope-OrgID; empty: not sent
  std::int64_t batch_bytes = 1 << 20;
  std::int64_t batch_wait_ms = 1'000;
  std::int64_t max_line_bytes = 255 << 10;  // longer lines are cut
  std::int64_t timeout_ms = 10'000;
  std::int64_t max_age_ms = 168 * 3'600'000;  // of lines that are still tried; 0: any
  bool json = false;                          // gzip of JSON instead of snappy of protobuf
  Labels headers = {};                        // beside ours
  std::string proxy_url = {};                 // perhaps with a name and a password in it, or:
  std::string proxy_username = {}, proxy_username_file = {}, proxy_password_file = {};
  // A folder with ca.crt, tls.crt, tls.key, username, password, token, as far as they are there and
  // not named below.
  std::string credentials = {};
  std::string username = {}, username_file = {}, password_file = {}, bearer_token_file = {};
  std::string ca_file = {}, cert_file = {}, key_file = {}, server_name = {};
  bool insecure_skip_verify = false;
  bool operator==(const LokiConfig&) const = default;
};

// Bounds of maxLineSize: Loki refuses lines above 256 KiB, counting structured metadata.
inline constexpr std::int64_t kMinLineBytes = 256, kMaxLineBytes = 255 << 10;

void DecodeLoki(Decoder& decoder, const YamlNode& node, LokiConfig& out);

}  // namespace telltale
