// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/pod_info.h"

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "common/base/utf8.h"

namespace telltale {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

// `text` starts after the backslash; consumes one escape of Go's %q. False when it is none.
bool AppendEscape(std::string_view& text, std::string& out) {
  if (text.empty()) return false;
  const char kind = text.front();
  text.remove_prefix(1);
  constexpr std::string_view kNames = "abfnrtv\\\"'";
  constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\\"'";
  if (const auto at = kNames.find(kind); at != std::string_view::npos) {
    out += kValues[at];
    return true;
  }
  const std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
  if (digits == 0 || text.size() < digits) return false;
  std::uint32_t value = 0;
  const char* const end = text.data() + digits;
  if (const auto parsed = std::from_chars(text.data(), end, value, 16);
      parsed.ptr != end || parsed.ec != std::errc{}) {
    return false;
  }
  text.remove_prefix(digits);
  if (kind == 'x') {
    out += static_cast<char>(value);
  } else if (value > 0x10ffff) {
    return false;
  } else {
    AppendUtf8(value, out);
  }
  return true;
}

std::optional<std::string> Unquote(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  std::string out;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '"') return std::nullopt;
    if (c != '\\') {
      out += c;
    } else if (!AppendEscape(text, out)) {
      return std::nullopt;
    }
  }
  return out;
}

}  // namespace

std::vector<PodPort> ParsePodPorts(std::string_view text) {
  std::vector<PodPort> ports;
  for (const std::string_view entry : Split(text, ',')) {
    const auto parts = Split(entry, '/');
    if (parts.size() != 3) continue;
    const auto number = ParseInt(parts[2]).value_or(0);
    if (number < 0 || number > 65'535) continue;
    ports.push_back({std::string(parts[0]), std::string(parts[1]), static_cast<int>(number)});
  }
  return ports;
}

PodInfo PodInfoFromEnvironment() {
  PodInfo pod;
  pod.name = Environment("POD_NAME");
  pod.ns = Environment("POD_NAMESPACE");
  pod.uid = Environment("POD_UID");
  pod.node = Environment("NODE_NAME");
  pod.container = Environment("TELLTALE_CONTAINER");
  pod.ip = Environment("TELLTALE_POD_IP");
  pod.ports = ParsePodPorts(Environment("TELLTALE_PORTS"));
  const std::string containers = Environment("TELLTALE_CONTAINERS");
  for (std::string_view name : Split(containers, ',')) {
    if (!name.empty()) pod.containers.emplace_back(name);
  }
  return pod;
}

Result<Labels> ParseDownwardLabels(std::string_view text) {
  Labels labels;
  int line_number = 0;
  for (std::string_view line : Split(text, '\n')) {
    ++line_number;
    if (Trim(line).empty()) continue;
    const auto equals = line.find('=');
    const auto value = equals == std::string_view::npos || equals == 0
                           ? std::nullopt
                           : Unquote(Trim(line.substr(equals + 1)));
    if (!value) {
      return Fail(Code::kInvalid,
                  "line " + std::to_string(line_number) + " is not of the form key=\"value\"");
    }
    SetLabel(labels, line.substr(0, equals), *value);
  }
  return labels;
}

Labels IdentityLabels(const PodInfo& pod) {
  Labels out;
  const auto set = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) SetLabel(out, name, value);
  };
  set("namespace", pod.ns);
  set("pod", pod.name);
  set("container", pod.container);
  set("node", pod.node);
  set("app", pod.container);
  for (std::string_view key : {"k8s-app", "app", "app.kubernetes.io/name"}) {
    if (const std::string* value = FindLabel(pod.labels, key)) set("app", *value);
  }
  return out;
}

}  // namespace telltale
