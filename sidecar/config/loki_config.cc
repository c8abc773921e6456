// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/loki_config.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>
#include <vector>

#include "common/base/strings.h"
#include "common/net/http/url.h"
#include "sidecar/config/checks.h"
#include "sidecar/config/hints.h"

namespace telltale {
namespace {

// Bounds that keep a typing error from becoming load: a batch that Loki can never accept (its
// default burst is 6 MB), a timeout that never comes.
constexpr std::int64_t kMinBatchWaitMs = 10, kMaxBatchWaitMs = 60'000;
constexpr std::int64_t kMinBatchBytes = 4 << 10, kMaxBatchBytes = 3 << 20;
constexpr std::int64_t kMinTimeoutMs = 100, kMaxTimeoutMs = 300'000;
constexpr std::int64_t kMaxAgeMs = std::int64_t{10} * 365 * 24 * 3'600'000;

void DecodeMaxLabels(Decoder& decoder, const YamlNode& node, std::int64_t& out) {
  double number = static_cast<double>(out);
  decoder.Number(node, "loki.maxLabels", number);
  if (number < 8 || number > 100 || number != std::floor(number)) {
    decoder.Problem(node,
                    "loki.maxLabels must be a whole number from 8 to 100: what Loki has as "
                    "limits_config.max_label_names_per_series");
    return;
  }
  out = static_cast<std::int64_t>(number);
}

void DecodeEncoding(Decoder& decoder, const YamlNode& node) {
  std::string text;
  decoder.String(node, "loki.encoding", text);
  if (node.kind == YamlNode::Kind::kScalar && text != "protobuf") {
    decoder.Problem(node, "loki.encoding must be protobuf, but is \"" + text + "\"");
  }
}

// The URL of the address bar, or of another agent's configuration.
void WarnOfOtherApi(Decoder& decoder, const YamlNode& node, const std::string& text) {
  const auto url = ParseUrl(text);
  if (!url) return;
  std::string_view path = url->target;
  if (const std::size_t query = path.find('?'); query != path.npos) {
    decoder.Warning(node, "loki.url has a query, " + Quoted(path.substr(query)) +
                              ", which is not sent: remove it, or use loki.headers");
    path = path.substr(0, query);
  }
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.ends_with("/loki/api/v1/push")) return;
  for (const std::string_view api :
       {"/loki/api", "/api/prom", "/insert/", "/select/", "/explore"}) {
    const std::size_t at = path.find(api);
    if (at == path.npos) continue;
    decoder.Warning(node, "loki.url names " + Quoted(path.substr(at)) +
                              ", and /loki/api/v1/push is added to it: name the store's address "
                              "without the path of an API, such as http://loki:3100");
    return;
  }
}

}  // namespace

void DecodeLoki(Decoder& decoder, const YamlNode& node, LokiConfig& out) {
  std::vector<Decoder::Field> fields = {
      {"url",
       [&](const YamlNode& n) {
         decoder.String(n, "loki.url", out.url);
         CheckUrl(decoder, n, "loki.url", out.url);
         WarnOfOtherApi(decoder, n, out.url);
       }},
      {"tenant", [&](const YamlNode& n) { DecodeTenant(decoder, n, "loki.tenant", out.tenant); }},
      {"batchBytes",
       [&](const YamlNode& n) {
         decoder.Bytes(n, "loki.batchBytes", kMinBatchBytes, kMaxBatchBytes, out.batch_bytes);
       }},
      {"batchWait",
       [&](const YamlNode& n) {
         decoder.DurationMs(n, "loki.batchWait", kMinBatchWaitMs, kMaxBatchWaitMs,
                            out.batch_wait_ms);
       }},
      {"maxLineSize",
       [&](const YamlNode& n) {
         decoder.Bytes(n, "loki.maxLineSize", kMinLineBytes, kMaxLineBytes, out.max_line_bytes);
       }},
      {"timeout",
       [&](const YamlNode& n) {
         decoder.DurationMs(n, "loki.timeout", kMinTimeoutMs, kMaxTimeoutMs, out.timeout_ms);
       }},
      {"maxAge",
       [&](const YamlNode& n) {
         decoder.DurationMs(n, "loki.maxAge", 0, kMaxAgeMs, out.max_age_ms);
       }},
      {"maxLabels", [&](const YamlNode& n) { DecodeMaxLabels(decoder, n, out.max_labels); }},
      {"encoding", [&](const YamlNode& n) { DecodeEncoding(decoder, n); }}};
  std::ranges::move(AccessFields(decoder, "loki", out.access), std::back_inserter(fields));
  decoder.MapOf(node, "loki", fields);
  CheckAccess(decoder, node, "loki", out.access);
}

}  // namespace telltale
