// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/last_sample_config.h"

#include <algorithm>

#include "common/net/http/url.h"
#include "sidecar/config/checks.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxUrls = 4, kMaxPages = 16;  // each has a thread
constexpr std::int64_t kMinIntervalMs = 200, kMaxIntervalMs = 60'000;
constexpr std::int64_t kMinTimeoutMs = 1'000, kMaxTimeoutMs = 300'000;

void DecodeSampleLabels(Decoder& decoder, const YamlNode& node, const std::string& path,
                        Labels& out) {
  decoder.StringMap(node, path, out);
  for (const auto& [name, value] : out) {
    if (IsLabelName(name) && !name.starts_with("__")) continue;
    decoder.Problem(node, path + " has the name \"" + name +
                              "\", but a label name has letters, digits and underscores, starts "
                              "with no digit and not with two underscores");
  }
}

void DecodeUrls(Decoder& decoder, const YamlNode& node, std::vector<std::string>& out) {
  decoder.Sequence(node, "lastSample.urls", [&](const YamlNode& item, const std::string& path) {
    std::string url;
    decoder.String(item, path, url);
    CheckUrl(decoder, item, path, url);
    if (!url.empty() && std::ranges::find(out, url) == out.end()) out.push_back(url);
  });
  if (out.size() > kMaxUrls) {
    decoder.Problem(node, "lastSample.urls takes at most " + std::to_string(kMaxUrls) + " URLs");
  }
}

void DecodePage(Decoder& decoder, const YamlNode& node, const std::string& path,
                LastSamplePage& out) {
  std::string scheme = "http";
  const auto text = [&](const char* key, std::string& to) {
    return Decoder::Field{key, [&decoder, path, key, &to](const YamlNode& n) {
                            decoder.String(n, path + "." + key, to);
                          }};
  };
  decoder.Map(
      node, path,
      {{"url",
        [&](const YamlNode& n) {
          decoder.String(n, path + ".url", out.url);
          CheckUrl(decoder, n, path + ".url", out.url);
        }},
       text("port", out.port),
       text("container", out.container),
       text("path", out.path),
       text("scheme", scheme),
       {"params", [&](const YamlNode& n) { decoder.StringMap(n, path + ".params", out.params); }},
       {"labels",
        [&](const YamlNode& n) { DecodeSampleLabels(decoder, n, path + ".labels", out.labels); }},
       {"fromPod",
        [&](const YamlNode& n) { decoder.StringMap(n, path + ".fromPod", out.from_pod); }}});
  out.https = scheme == "https";
  if (scheme != "http" && scheme != "https") {
    decoder.Problem(node, path + ".scheme must be http or https, but is \"" + scheme + "\"");
  }
  if (out.url.empty() == out.port.empty()) {
    decoder.Problem(node, path + " needs either url, or port of the pod");
  }
  if (!out.path.starts_with('/')) {
    decoder.Problem(node, path + ".path must begin with /, but is \"" + out.path + "\"");
  }
}

}  // namespace

void DecodeLastSample(Decoder& decoder, const YamlNode& node, LastSampleConfig& out) {
  std::vector<Decoder::Field> fields = AccessFields(decoder, "lastSample", out.access);
  const auto add = [&](const char* key, auto decode) { fields.push_back({key, decode}); };
  add("urls", [&](const YamlNode& n) { DecodeUrls(decoder, n, out.urls); });
  add("interval", [&](const YamlNode& n) {
    decoder.DurationMs(n, "lastSample.interval", kMinIntervalMs, kMaxIntervalMs, out.interval_ms);
  });
  add("timeout", [&](const YamlNode& n) {
    decoder.DurationMs(n, "lastSample.timeout", kMinTimeoutMs, kMaxTimeoutMs, out.timeout_ms);
  });
  add("labels",
      [&](const YamlNode& n) { DecodeSampleLabels(decoder, n, "lastSample.labels", out.labels); });
  add("pages", [&](const YamlNode& n) {
    decoder.Sequence(n, "lastSample.pages", [&](const YamlNode& item, const std::string& path) {
      DecodePage(decoder, item, path, out.pages.emplace_back());
    });
    if (out.pages.size() > kMaxPages) {
      decoder.Problem(n, "lastSample.pages takes at most " + std::to_string(kMaxPages) + " pages");
    }
  });
  decoder.MapOf(node, "lastSample", fields);
  CheckAccess(decoder, node, "lastSample", out.access);
  if (out.urls.empty() && node.kind == YamlNode::Kind::kMap) {
    decoder.Problem(node, "lastSample needs urls: where samples are sent by remote write");
  }
}

}  // namespace telltale
