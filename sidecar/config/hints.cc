// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/hints.h"

#include <algorithm>
#include <numeric>

#include "common/base/ascii.h"
#include "common/base/strings.h"

namespace telltale {
namespace {

// How many characters must be inserted, removed or replaced to make `b` of `a`.
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row.back();
}

// Without case and without what separates words: batch_wait and batch-wait are batchWait.
std::string Plain(std::string_view key) {
  std::string plain;
  for (const char c : key) {
    if (IsLetterOrDigit(c)) plain += ToLowerAscii(c);
  }
  return plain;
}

const std::string* Closest(std::string_view key, const std::vector<std::string>& known) {
  const std::string plain = Plain(key);
  if (plain.empty() || plain.size() > 40) return nullptr;
  const std::string* closest = nullptr;
  std::size_t best = plain.size() < 5 ? 2 : 3;  // less than this
  for (const std::string& candidate : known) {
    const std::size_t distance = EditDistance(plain, Plain(candidate));
    if (distance < best) {
      best = distance;
      closest = &candidate;
    }
  }
  return closest;
}

// The key of "url:http://l", whose value begins without a space.
std::string_view KeyOfGluedText(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size() ||
      text[colon + 1] == '/') {
    return {};
  }
  const std::string_view key = text.substr(0, colon);
  return std::all_of(key.begin(), key.end(), [](char c) { return IsLetterOrDigit(c) || c == '_'; })
             ? key
             : std::string_view();
}

bool IsFraction(std::string_view value) {
  const std::size_t dot = value.find('.');
  return dot != std::string_view::npos && dot > 0 && dot + 1 < value.size() &&
         IsDigit(value[dot - 1]) && IsDigit(value[dot + 1]);
}

}  // namespace

std::string Quoted(std::string_view text) {
  constexpr std::size_t kMost = 60;
  std::string quoted = "\"";
  AppendValidUtf8(text.substr(0, kMost), quoted);
  return quoted + (text.size() > kMost ? "...\"" : "\"");
}

std::string KeyHint(std::string_view key, const std::vector<std::string>& known) {
  if (key.starts_with("//")) return ": a comment begins with \"#\"";
  if (const std::string_view glued = KeyOfGluedText(key); !glued.empty()) {
    return ": a space is missing after the colon of " + Quoted(glued);
  }
  if (known.empty()) return "; it takes no keys";
  const bool promtail =
      std::find(known.begin(), known.end(), "loki") != known.end() &&
      (key == "scrape_configs" || key == "clients" || key == "positions" || key == "server");
  if (promtail)
    return ": this is a key of Promtail's configuration; known are " + Join(known, ", ");
  if (const std::string* closest = Closest(key, known)) return "; did you mean " + *closest + "?";
  return "; known are " + Join(known, ", ");
}

std::string MapHint(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::kScalar || node.quoted) return {};
  const std::string_view glued = KeyOfGluedText(node.scalar);
  return glued.empty() ? "" : ": a space is missing after the colon of " + Quoted(glued);
}

std::string ListHint(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::kScalar || node.scalar.size() > 60) return {};
  return ": write [" + Quoted(node.scalar) + "]";
}

std::string BoolHint(std::string_view value) {
  const std::string lower = LowerAscii(value);
  if (lower == "yes" || lower == "on" || lower == "true" || lower == "1") return ": write true";
  if (lower == "no" || lower == "off" || lower == "false" || lower == "0") return ": write false";
  return {};
}

std::string DurationHint(std::string_view value) {
  if (!value.empty() && std::all_of(value.begin(), value.end(), IsDigit)) {
    return ": the unit is missing";
  }
  if (IsFraction(value)) return ": only whole numbers are possible";
  if (value.find(' ') != std::string_view::npos) return ": write it without spaces";
  return {};
}

std::string BytesHint(std::string_view value) {
  if (IsFraction(value)) return ": only whole numbers are possible";
  if (value.find(' ') != std::string_view::npos) return ": write it without spaces";
  return {};
}

std::string_view FindVariable(std::string_view text) {
  for (std::size_t at = text.find('$'); at != std::string_view::npos; at = text.find('$', at + 1)) {
    const std::string_view rest = text.substr(at);
    // In capital letters, as names of variables mostly are.
    const auto end_of_name = std::ranges::find_if_not(
        rest.substr(1), [](char c) { return IsUpper(c) || IsDigit(c) || c == '_'; });
    const auto length = static_cast<std::size_t>(end_of_name - rest.begin());
    if (length > 2 && !IsDigit(rest[1])) return rest.substr(0, length);
    if (rest.size() < 4 || (rest[1] != '{' && rest[1] != '(')) continue;
    const std::size_t end = rest.find(rest[1] == '{' ? '}' : ')');
    const bool name = IsLetter(rest[2]) || rest[2] == '_';
    if (name && end != std::string_view::npos) return rest.substr(0, end + 1);
  }
  return {};
}

}  // namespace telltale
