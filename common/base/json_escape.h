// SPDX-License-Identifier: Apache-2.0
//
// The escapes of a JSON string, as every writer of JSON here uses them. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "common/base/ascii.h"

namespace telltale {

// True for bytes that stand in a JSON string as they are: all but the quote, the backslash and
// control characters. Bytes of UTF-8 above 0x7F count as plain.
constexpr bool IsPlainInJson(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
}

// Appends one byte that IsPlainInJson is false for (or any other ASCII byte) as an escape.
inline void AppendJsonEscape(char c, std::string& out) {
  constexpr std::string_view kShort = "\"\\\n\r\t", kLetters = "\"\\nrt";
  if (const auto at = kShort.find(c); at != std::string_view::npos) {
    out += '\\';
    out += kLetters[at];
    return;
  }
  out += "\\u00";
  AppendHex(static_cast<unsigned char>(c), out);
}

}  // namespace telltale
