// SPDX-License-Identifier: Apache-2.0
// Stream labels as Prometheus writes selectors: names, and values quoted as Go quotes strings.
#include <cctype>
#include <charconv>

#include "tests/fakes/loki/push.h"

namespace telltale {
namespace {

void SkipSpace(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

bool TakeName(std::string_view& text, std::string& out) {
  std::size_t n = 0;
  while (n < text.size() &&
         (std::isalnum(static_cast<unsigned char>(text[n])) != 0 || text[n] == '_')) {
    ++n;
  }
  if (n == 0 || std::isdigit(static_cast<unsigned char>(text[0])) != 0) return false;
  out = std::string(text.substr(0, n));
  text.remove_prefix(n);
  return true;
}

bool TakeEscape(std::string_view& text, std::string& out) {
  if (text.empty()) return false;
  const char c = text.front();
  text.remove_prefix(1);
  constexpr std::string_view kNames = "abfnrtv\\\"'", kValues = "\a\b\f\n\r\t\v\\\"'";
  if (const std::size_t at = kNames.find(c); at != kNames.npos) {
    out += kValues[at];
    return true;
  }
  unsigned code = 0;
  if (c != 'x' || text.size() < 2) return false;
  const auto parsed = std::from_chars(text.data(), text.data() + 2, code, 16);
  if (parsed.ptr != text.data() + 2) return false;
  out += static_cast<char>(code);
  text.remove_prefix(2);
  return true;
}

bool TakeQuoted(std::string_view& text, std::string& out) {
  if (!text.starts_with('"')) return false;
  text.remove_prefix(1);
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '"') return true;
    if (c == '\n') return false;
    if (c != '\\') {
      out += c;
    } else if (!TakeEscape(text, out)) {
      return false;
    }
  }
  return false;
}

}  // namespace

bool ParseLokiLabels(std::string_view text, std::map<std::string, std::string>& out) {
  if (!text.starts_with('{') || !text.ends_with('}')) return false;
  text = text.substr(1, text.size() - 2);
  SkipSpace(text);
  while (!text.empty()) {
    std::string name, value;
    if (!TakeName(text, name)) return false;
    SkipSpace(text);
    if (!text.starts_with('=')) return false;
    text.remove_prefix(1);
    SkipSpace(text);
    if (!TakeQuoted(text, value) || !out.emplace(name, value).second) return false;
    SkipSpace(text);
    if (text.empty()) return true;
    if (!text.starts_with(',')) return false;
    text.remove_prefix(1);
    SkipSpace(text);
  }
  return true;
}

std::string FormatLokiLabels(const std::map<std::string, std::string>& labels) {
  std::string out = "{";
  for (const auto& [name, value] : labels) {
    if (out.size() > 1) out += ", ";
    out += name + "=\"";
    for (const char c : value) {
      const auto byte = static_cast<unsigned char>(c);
      constexpr std::string_view kSpecial = "\n\r\t\"\\", kNames = "nrt\"\\";
      if (const std::size_t at = kSpecial.find(c); at != kSpecial.npos) {
        out += '\\';
        out += kNames[at];
      } else if (byte < 0x20 || byte == 0x7f) {
        constexpr std::string_view kHex = "0123456789abcdef";
        out += "\\x";
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
      } else {
        out += c;
      }
    }
    out += '"';
  }
  return out + "}";
}

}  // namespace telltale
