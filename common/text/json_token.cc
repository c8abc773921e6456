// SPDX-License-Identifier: Apache-2.0
#include "common/text/json_token.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "common/base/ascii.h"
#include "common/base/strings.h"
#include "common/base/utf8.h"

namespace telltale {
namespace {

std::size_t SkipDigits(std::string_view text, std::size_t at) {
  while (at < text.size() && IsDigit(text[at])) ++at;
  return at;
}

// The character of the escape that begins with this letter, but for 'u'; NUL when there is none.
char EscapedBy(char letter) {
  switch (letter) {
    case '"':
    case '\\':
    case '/':
      return letter;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return '\0';
  }
}

// Takes four hexadecimal digits.
std::optional<std::uint32_t> TakeCodeUnit(std::string_view& raw) {
  std::uint32_t unit = 0;
  const char* const end = raw.data() + 4;
  if (raw.size() < 4) return {};
  const auto [stop, error] = std::from_chars(raw.data(), end, unit, 16);
  if (error != std::errc() || stop != end) return {};
  raw.remove_prefix(4);
  return unit;
}

// Takes what follows "\u": one code unit, or two that are one character.
std::optional<std::uint32_t> TakeCodePoint(std::string_view& raw) {
  const auto unit = TakeCodeUnit(raw);
  if (!unit || *unit < 0xD800 || *unit > 0xDFFF) return unit;
  if (*unit > 0xDBFF || !raw.starts_with("\\u")) return {};
  raw.remove_prefix(2);
  const auto low = TakeCodeUnit(raw);
  if (!low || *low < 0xDC00 || *low > 0xDFFF) return {};
  return 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00);
}

}  // namespace

bool IsJsonNumber(std::string_view text) {
  std::size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
  const std::size_t whole = at;
  at = SkipDigits(text, at);
  if (at == whole || (text[whole] == '0' && at > whole + 1)) return false;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = ++at;
    at = SkipDigits(text, at);
    if (at == fraction) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t exponent = at;
    at = SkipDigits(text, at);
    if (at == exponent) return false;
  }
  return at == text.size();
}

bool CanStartJsonValue(char c) {
  return c == '"' || c == '{' || c == '[' || c == '-' || IsDigit(c) || c == 't' || c == 'f' ||
         c == 'n';
}

std::optional<std::size_t> UnescapeJson(std::string_view raw, char* out) {
  char* const start = out;
  while (!raw.empty()) {
    const std::size_t plain = std::min(raw.find('\\'), raw.size());
    std::memcpy(out, raw.data(), plain);
    out += plain;
    raw.remove_prefix(plain);
    if (raw.empty()) break;
    if (raw.size() < 2) return {};
    const char letter = raw[1];
    raw.remove_prefix(2);
    if (letter == 'u') {
      const auto point = TakeCodePoint(raw);
      if (!point) return {};
      out = PutUtf8(*point, out);
    } else if (const char c = EscapedBy(letter); c != '\0') {
      *out++ = c;
    } else {
      return {};
    }
  }
  return static_cast<std::size_t>(out - start);
}

std::size_t FindBadUtf8(std::string_view text) {
  std::string valid;
  AppendValidUtf8(text, valid);
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(text.size(), valid.size()));
  return static_cast<std::size_t>(std::mismatch(text.begin(), end, valid.begin()).first -
                                  text.begin());
}

}  // namespace telltale
