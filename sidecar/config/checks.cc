// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/checks.h"

#include "common/base/strings.h"
#include "common/net/http/url.h"
#include "sidecar/config/hints.h"
#include "sidecar/discover/glob.h"

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
  decoder.WarnOfVariable(node, path, value);
}

void CheckPattern(Decoder& decoder, const YamlNode& node, const std::string& path,
                  const std::string& value) {
  const std::size_t before = decoder.count();
  CheckAbsolutePath(decoder, node, path, value);
  if (node.kind != YamlNode::Kind::kScalar || decoder.count() != before) return;
  if (auto good = CheckGlob(value); !good.ok()) {
    decoder.Problem(node, path + ": " + good.error().message);
  } else if (decoder.IsDirectory(value)) {
    decoder.Warning(node, path + " names a directory, " + Quoted(value) +
                              ": name its files, such as " + Quoted(value + "/*.log"));
  }
}

void CheckUrl(Decoder& decoder, const YamlNode& node, const std::string& path,
              const std::string& value) {
  if (value.empty()) return;
  if (auto url = ParseUrl(value); !url.ok()) {
    const std::string_view variable = FindVariable(value);
    decoder.Problem(node, path + " must be a URL such as http://loki:3100: " + url.error().message +
                              (variable.empty() ? "" : "; variables are not replaced"));
    return;
  }
  decoder.WarnOfVariable(node, path, value);
}

void DecodePath(Decoder& decoder, const YamlNode& node, const std::string& path, std::string& out) {
  decoder.String(node, path, out);
  CheckAbsolutePath(decoder, node, path, out);
}

void DecodeReadablePath(Decoder& decoder, const YamlNode& node, const std::string& path,
                        std::string& out) {
  DecodePath(decoder, node, path, out);
  decoder.WarnIfUnreadable(node, path, out);
}

void DecodeHeaderText(Decoder& decoder, const YamlNode& node, const std::string& path,
                      std::string& out) {
  decoder.String(node, path, out);
  for (const char c : out) {
    if (c >= ' ' && c <= '~') continue;
    decoder.Problem(node, path + " must be printable ASCII: it becomes a header");
    return;
  }
  decoder.WarnOfVariable(node, path, out);
}

void DecodeTenant(Decoder& decoder, const YamlNode& node, const std::string& path,
                  std::string& out) {
  decoder.String(node, path, out);
  for (const char c : out) {
    if (c > ' ' && c <= '~') continue;
    decoder.Problem(node, path + " must be printable ASCII without spaces");
    return;
  }
  decoder.WarnOfVariable(node, path, out);
}

}  // namespace telltale
