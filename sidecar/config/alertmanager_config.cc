// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/alertmanager_config.h"

#include <algorithm>

#include "sidecar/config/checks.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxUrls = 8;  // each has a thread and a connection

void DecodeUrls(Decoder& decoder, const YamlNode& node, std::vector<std::string>& out) {
  decoder.Sequence(node, "alertmanager.urls", [&](const YamlNode& item, const std::string& path) {
    std::string url;
    decoder.String(item, path, url);
    if (item.kind != YamlNode::Kind::kScalar) return;
    if (url.empty()) decoder.Problem(item, path + " is empty: remove it");
    CheckUrl(decoder, item, path, url);
    if (std::ranges::find(out, url) == out.end()) out.push_back(url);
  });
  if (out.size() > kMaxUrls) {
    decoder.Problem(node, "alertmanager.urls takes at most " + std::to_string(kMaxUrls) + " URLs");
  }
}

}  // namespace

void DecodeAlertmanager(Decoder& decoder, const YamlNode& node, AlertmanagerConfig& out) {
  std::string url;
  std::vector<Decoder::Field> fields = AccessFields(decoder, "alertmanager", out.access);
  fields.insert(fields.begin(),
                {{"url",
                  [&](const YamlNode& n) {
                    decoder.String(n, "alertmanager.url", url);
                    CheckUrl(decoder, n, "alertmanager.url", url);
                  }},
                 {"urls", [&](const YamlNode& n) { DecodeUrls(decoder, n, out.urls); }}});
  decoder.MapOf(node, "alertmanager", fields);
  CheckAccess(decoder, node, "alertmanager", out.access);
  if (!url.empty() && !out.urls.empty()) {
    decoder.Problem(node, "alertmanager has url and urls: move the one of url to urls");
  }
  if (!url.empty()) out.urls = {url};
  if (out.urls.empty() && out.access != AccessConfig{}) {
    decoder.Problem(node, "alertmanager needs url or urls");
  }
}

}  // namespace telltale
