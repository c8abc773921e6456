// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/push_config.h"

#include <cmath>
#include <string>

namespace telltale {
namespace {

constexpr std::int64_t kMinExpireMs = 1'000, kMaxExpireMs = 365LL * 86'400'000;
constexpr std::int64_t kMaxSeries = 100'000, kMaxGroups = 10'000;
constexpr std::int64_t kMinBody = 1 << 10, kMaxBody = 16 << 20;

void DecodeCount(Decoder& decoder, const YamlNode& node, const std::string& path, std::int64_t max,
                 std::int64_t& out) {
  double number = 0;
  const std::size_t before = decoder.count();
  decoder.Number(node, path, number);
  if (decoder.count() != before) return;
  if (!(number >= 1 && number <= static_cast<double>(max)) || number != std::floor(number)) {
    decoder.Problem(node,
                    path + " must be 1 to " + std::to_string(max) + ", but is " + node.scalar);
    return;
  }
  out = static_cast<std::int64_t>(number);
}

void DecodePushgateway(Decoder& decoder, const YamlNode& node, PushgatewayConfig& out) {
  const std::string path = "push.pushgateway";
  decoder.Map(node, path,
              {{"expireAfter",
                [&](const YamlNode& n) {
                  decoder.DurationMs(n, path + ".expireAfter", kMinExpireMs, kMaxExpireMs,
                                     out.expire_after_ms);
                }},
               {"maxSeries",
                [&](const YamlNode& n) {
                  DecodeCount(decoder, n, path + ".maxSeries", kMaxSeries, out.max_series);
                }},
               {"maxGroups",
                [&](const YamlNode& n) {
                  DecodeCount(decoder, n, path + ".maxGroups", kMaxGroups, out.max_groups);
                }},
               {"maxBodySize", [&](const YamlNode& n) {
                  decoder.Bytes(n, path + ".maxBodySize", kMinBody, kMaxBody, out.max_body);
                }}});
}

}  // namespace

void DecodePush(Decoder& decoder, const YamlNode& node, std::optional<PushgatewayConfig>& out) {
  decoder.Map(
      node, "push",
      {{"pushgateway", [&](const YamlNode& n) { DecodePushgateway(decoder, n, out.emplace()); }}});
}

}  // namespace telltale
