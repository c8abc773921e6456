// SPDX-License-Identifier: Apache-2.0
//
// Tests and conversions of ASCII characters that do not depend on the locale, unlike <cctype>.
// Pure, thread-safe.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace telltale {

inline constexpr std::string_view kHexDigits = "0123456789abcdef";
inline constexpr std::string_view kUpperHexDigits = "0123456789ABCDEF";

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool IsLetter(char c) { return IsUpper(c) || IsLower(c); }
constexpr bool IsLetterOrDigit(char c) { return IsLetter(c) || IsDigit(c); }
constexpr bool IsHexDigit(char c) { return IsDigit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }
// The value of a hex digit; undefined for other characters.
constexpr unsigned HexValue(char c) {
  return IsDigit(c) ? static_cast<unsigned>(c - '0') : static_cast<unsigned>((c | 0x20) - 'a' + 10);
}
constexpr char ToLowerAscii(char c) { return IsUpper(c) ? static_cast<char>(c + 32) : c; }
constexpr char ToUpperAscii(char c) { return IsLower(c) ? static_cast<char>(c - 32) : c; }

inline std::string LowerAscii(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), ToLowerAscii);
  return lower;
}

// Appends `byte` as two lower-case hexadecimal digits.
inline void AppendHex(unsigned char byte, std::string& out) {
  out += kHexDigits[byte >> 4];
  out += kHexDigits[byte & 15];
}

}  // namespace telltale
