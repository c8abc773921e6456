// SPDX-License-Identifier: Apache-2.0
//
// UTF-8: one encoder and one check of a character, shared by everything that reads or writes text.
// Pure, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace telltale {

inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";  // U+FFFD

// Writes `point` (at most U+10FFFF) to `out`, 1 to 4 bytes. Returns the position behind it.
char* PutUtf8(std::uint32_t point, char* out);
void AppendUtf8(std::uint32_t point, std::string& out);

// The length in bytes of the well-formed character at the front of `text`, 0 if there is none.
// `text` is not empty. The bounds of the second byte (Unicode 15, table 3-7) keep out overlong
// forms, surrogates and what is beyond U+10FFFF.
inline std::size_t Utf8Length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  std::size_t length = first >= 0xC2 && first <= 0xDF ? 2 : 0;
  unsigned char low = 0x80, high = 0xBF;
  if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;  // surrogates
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;  // beyond U+10FFFF
  }
  if (length == 0 || text.size() < length || byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

// Whether all of it is well-formed; NUL is a character like others.
bool IsUtf8(std::string_view text);

}  // namespace telltale
