// SPDX-License-Identifier: Apache-2.0
//
// The rules of JSON's grammar about single tokens. Called by json_reader.cc and json_index.cc only.
// Pure and thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace telltale {

// number = ["-"] ( "0" / digit1-9 *digit ) ["." 1*digit] [("e" / "E") ["+" / "-"] 1*digit]
bool IsJsonNumber(std::string_view text);

// Whether a value may begin with this character.
bool CanStartJsonValue(char c);

// Writes the string `raw` (without its quotes; UTF-8) to `out` as it reads without escapes, and
// returns the length of the result, which is never longer than `raw`. nullopt if an escape is
// invalid or is half a character.
std::optional<std::size_t> UnescapeJson(std::string_view raw, char* out);

// The position of the first byte that is not UTF-8; the size of `text` if all of it is.
std::size_t FindBadUtf8(std::string_view text);

}  // namespace telltale
