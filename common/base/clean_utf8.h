// SPDX-License-Identifier: Apache-2.0
//
// Log text as Loki accepts it: valid UTF-8 without NUL, at most so many bytes. Loki's protobuf
// decoder refuses a whole push for one bad byte. Pure, thread-safe; called for each line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/utf8.h"  // IWYU pragma: export

namespace telltale {

// True when the bytes are valid UTF-8 without NUL.
bool IsCleanUtf8(std::string_view text);

// Appends `in` to `out`, each byte that is NUL or not part of valid UTF-8 as U+FFFD, and stops
// before `out` would grow by more than `limit`, never within a character. Returns how many bytes
// of `in` were used.
std::size_t AppendCleanUtf8(std::string_view in, std::size_t limit, std::string& out);

// Where to cut valid UTF-8 so that at most `limit` bytes stay and no character is torn.
std::size_t Utf8Cut(std::string_view text, std::size_t limit);

}  // namespace telltale
