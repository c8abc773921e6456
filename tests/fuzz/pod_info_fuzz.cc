// SPDX-License-Identifier: Apache-2.0
//
// The labels file of the downward API: what is understood is the same when it is written and read
// again.
#include <string>

#include "common/base/check.h"
#include "sidecar/config/pod_info.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {
namespace {

// Every byte as an escape, which Go's %q may write as well.
std::string Quote(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out.append("\\x") += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out + "\"";
}

}  // namespace

void FuzzOne(std::string_view lines) {
  const auto labels = ParseDownwardLabels(lines);
  if (!labels.ok()) {
    TELLTALE_CHECK(labels.error().message.starts_with("line "));
    return;
  }
  std::string text;
  for (const auto& [key, value] : *labels) text.append(key + "=" + Quote(value) + "\n");
  const auto again = ParseDownwardLabels(text);
  TELLTALE_CHECK(again.ok() && *again == *labels);
  PodInfo pod;
  pod.container = "app";
  pod.labels = *labels;
  TELLTALE_CHECK(FindLabel(IdentityLabels(pod), "app") != nullptr);
}

}  // namespace telltale
