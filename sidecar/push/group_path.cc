// SPDX-License-Identifier: Apache-2.0
#include "sidecar/push/group_path.h"

#include <optional>
#include <vector>

#include "common/base/ascii.h"
#include "common/base/percent.h"
#include "common/base/utf8.h"
#include "common/exposition/go_text.h"
#include "common/net/http/http.h"

namespace telltale {
namespace {

constexpr std::string_view kBase64 = "@base64";
constexpr std::string_view kPages = "/metrics/";

GroupPath Answer(int status, std::string text) { return {status, std::move(text), {}}; }
GroupPath NotFound() { return Answer(404, "404 page not found"); }

bool HasBadPercent(std::string_view path) {
  for (std::size_t at = path.find('%'); at != std::string_view::npos; at = path.find('%', at + 1)) {
    if (at + 2 >= path.size() || !IsHexDigit(path[at + 1]) || !IsHexDigit(path[at + 2]))
      return true;
  }
  return false;
}

// Without empty segments, "." and "..".
std::string Cleaned(std::string_view path) {
  std::vector<std::string_view> kept;
  for (const std::string_view part : Split(path.substr(1), '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      kept.push_back(part);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string out;
  for (const std::string_view part : kept) out.append("/").append(part);
  if (out.empty() || path.ends_with('/')) out += '/';
  return out;
}

int Base64Value(char c) {
  if (IsUpper(c)) return c - 'A';
  if (IsLower(c)) return c - 'a' + 26;
  if (IsDigit(c)) return c - '0' + 52;
  return c == '-' ? 62 : c == '_' ? 63 : -1;
}

// `out` is what could be decoded; `bad` the first byte that could not.
bool DecodeBase64Url(std::string_view text, std::string& out, std::size_t& bad) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int value = Base64Value(text[i]);
    if (value < 0) {
      bad = i;
      return false;
    }
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xff);
  }
  bad = text.size() - 1;
  return text.size() % 4 != 1;
}

std::string IllegalAt(std::size_t byte) {
  return ": illegal base64 data at input byte " + std::to_string(byte);
}

// The labels behind the job: "", "/", or "/NAME/VALUE...".
std::optional<std::string> ReadLabels(std::string_view text, Labels& labels) {
  if (text.size() <= 1) return {};
  const auto parts = Split(text.substr(1), '/');
  if (parts.size() % 2 != 0) {
    return "odd number of components in label string " + GoQuoted(text);
  }
  for (std::size_t i = 0; i < parts.size(); i += 2) {
    std::string_view name = parts[i];
    const bool encoded = name.ends_with(kBase64);
    if (encoded) name.remove_suffix(kBase64.size());
    if (!IsLabelName(name) || name.starts_with("__")) {
      return "improper label name " + GoQuoted(name);
    }
    std::string value(parts[i + 1]);
    std::size_t bad = 0;
    if (std::string decoded; encoded) {
      if (!DecodeBase64Url(value, decoded, bad)) {
        return "invalid base64 encoding for label " + std::string(name) + "=" + GoQuoted(value) +
               IllegalAt(bad);
      }
      value = decoded;
    }
    if (!IsUtf8(value)) {
      return "the value of label " + std::string(name) + " is not UTF-8: " + GoQuoted(value);
    }
    SetLabel(labels, name, value);
  }
  return {};
}

}  // namespace

bool IsPushPath(std::string_view path) { return path.starts_with(kPages); }

GroupPath ParseGroupPath(std::string_view path) {
  if (HasBadPercent(path)) return Answer(400, "400 Bad Request");
  const std::string decoded = PercentDecode(path);
  if (const std::string clean = Cleaned(decoded); clean != decoded) return Answer(301, clean);
  std::string_view rest = std::string_view(decoded).substr(kPages.size());
  const std::string_view word = rest.substr(0, rest.find('/'));
  const bool encoded = word == "job@base64";
  if (word != "job" && !encoded) return NotFound();
  rest.remove_prefix(word.size());
  if (rest.empty()) return NotFound();
  if (rest == "/") return Answer(307, decoded.substr(0, decoded.size() - 1));
  rest.remove_prefix(1);
  std::string job(rest.substr(0, rest.find('/')));
  rest.remove_prefix(job.size());
  std::size_t bad = 0;
  if (std::string name; encoded) {
    if (!DecodeBase64Url(job, name, bad)) {
      return Answer(400, "invalid base64 encoding in job name " + GoQuoted(name) + IllegalAt(bad));
    }
    job = name;
  }
  GroupPath group;
  if (auto problem = ReadLabels(rest, group.labels)) return Answer(400, *std::move(problem));
  if (job.empty()) return Answer(400, "job name is required");
  if (!IsUtf8(job)) return Answer(400, "the job name is not UTF-8: " + GoQuoted(job));
  SetLabel(group.labels, "job", job);
  return group;
}

}  // namespace telltale
