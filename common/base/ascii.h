// SPDX-License-Identifier: Apache-2.0
//
// Character tests and cases of ASCII, whatever the locale is. Pure, thread-safe.
#pragma once

#include <string_view>

namespace telltale {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool IsLetter(char c) { return IsUpper(c) || IsLower(c); }
constexpr bool IsHexDigit(char c) { return IsDigit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }
// The value of a hex digit; undefined for other characters.
constexpr unsigned HexValue(char c) {
  return IsDigit(c) ? static_cast<unsigned>(c - '0') : static_cast<unsigned>((c | 0x20) - 'a' + 10);
}
constexpr char ToLowerAscii(char c) { return IsUpper(c) ? static_cast<char>(c + 32) : c; }
constexpr char ToUpperAscii(char c) { return IsLower(c) ? static_cast<char>(c - 32) : c; }

inline constexpr std::string_view kHexDigits = "0123456789abcdef";

}  // namespace telltale
