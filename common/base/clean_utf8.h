// SPDX-License-Identifier: Apache-2.0
//
// Log text as Loki accepts it: valid UTF-8 without NUL, at most so many bytes. Loki's protobuf
// decoder refuses a whole push for one bad byte. Pure, thread-safe; called for each line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace telltale {

// True when the bytes are valid UTF-8 without NUL.
bool IsCleanUtf8(std::string_view text);

// Appends `in` to `out`, each byte that is NUL or not part of valid UTF-8 as U+FFFD, and stops
// before `out` would grow by more than `limit`, never within a character. Returns how many bytes
// of `in` were used.
std::size_t AppendCleanUtf8(std::string_view in, std::size_t limit, std::string& out);

// Where to cut valid UTF-8 so that at most `limit` bytes stay and no character is torn.
std::size_t Utf8Cut(std::string_view text, std::size_t limit);

// Writes the UTF-8 of a code point up to U+10FFFF, at most four bytes; returns the end.
char* PutUtf8(std::uint32_t point, char* out);

}  // namespace telltale
