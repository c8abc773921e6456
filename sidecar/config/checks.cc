// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/checks.h"

#include "common/base/strings.h"
#include "common/net/http/url.h"

namespace telltale {

void CheckAbsolutePath(Decoder& decoder, const YamlNode& node, const std::string& path,
                       const std::string& value) {
  if (node.kind != YamlNode::Kind::kScalar) return;  // another type: already a problem
  if (!value.starts_with('/')) {
    decoder.Problem(node, path + " must be an absolute path, but is \"" + value + "\"");
    return;
  }
  for (std::string_view part : Split(value, '/')) {
    if (part == "..") {
      decoder.Problem(node, path + " must not contain \"..\", but is \"" + value + "\"");
      return;
    }
  }
}

void CheckUrl(Decoder& decoder, const YamlNode& node, const std::string& path,
              const std::string& value) {
  if (value.empty()) return;
  if (auto url = ParseUrl(value); !url.ok()) {
    decoder.Problem(node, path + " must be a URL such as http://loki:3100: " + url.error().message);
  }
}

void DecodePath(Decoder& decoder, const YamlNode& node, const std::string& path, std::string& out) {
  decoder.String(node, path, out);
  CheckAbsolutePath(decoder, node, path, out);
}

void DecodeHeaderText(Decoder& decoder, const YamlNode& node, const std::string& path,
                      std::string& out) {
  decoder.String(node, path, out);
  for (const char c : out) {
    if (c >= ' ' && c <= '~') continue;
    decoder.Problem(node, path + " must be printable ASCII: it becomes a header");
    return;
  }
}

void DecodeTenant(Decoder& decoder, const YamlNode& node, const std::string& path,
                  std::string& out) {
  decoder.String(node, path, out);
  for (const char c : out) {
    if (c > ' ' && c <= '~') continue;
    decoder.Problem(node, path + " must be printable ASCII without spaces");
    return;
  }
}

}  // namespace telltale
