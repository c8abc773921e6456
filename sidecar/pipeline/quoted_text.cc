// SPDX-License-Identifier: Apache-2.0
#include "sidecar/pipeline/quoted_text.h"

#include <cstdint>

#include "common/base/ascii.h"
#include "common/base/clean_utf8.h"

namespace telltale {
namespace {

// Takes one escape behind its backslash.
bool TakeEscape(std::string_view& text, std::string& out) {
  if (text.empty()) return false;
  const char kind = text.front();
  text.remove_prefix(1);
  constexpr std::string_view kNames = "abfnrtv\\\"'";
  constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\\"'";
  if (const auto at = kNames.find(kind); at != kNames.npos) {
    out += kValues[at];
    return true;
  }
  const std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
  if (digits == 0 || text.size() < digits) return false;
  std::uint32_t value = 0;
  for (const char c : text.substr(0, digits)) {
    if (!IsHexDigit(c)) return false;
    value = value << 4 | HexValue(c);
  }
  text.remove_prefix(digits);
  if (kind == 'x') {
    out += static_cast<char>(value);
    return true;
  }
  if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return false;
  char bytes[4];
  out.append(bytes, PutUtf8(value, bytes));
  return true;
}

}  // namespace

bool TakeQuotedText(std::string_view& text, std::string& out) {
  const char quote = text.front();
  text.remove_prefix(1);
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == quote) return true;
    if (c == '\\' && quote == '"') {
      if (!TakeEscape(text, out)) return false;
    } else if (c == '\n' && quote == '"') {
      return false;
    } else {
      out += c;
    }
  }
  return false;
}

}  // namespace telltale
