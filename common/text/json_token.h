// SPDX-License-Identifier: Apache-2.0
//
// What JSON's grammar says about single tokens, for the checks that simdjson leaves to its caller.
// Called by json_reader.cc only. Pure and thread-safe.
#pragma once

#include <cstddef>
#include <string_view>

namespace telltale {

// number = ["-"] ( "0" / digit1-9 *digit ) ["." 1*digit] [("e" / "E") ["+" / "-"] 1*digit]
bool IsJsonNumber(std::string_view text);

// Whether a value may begin with this character.
bool CanStartJsonValue(char c);

// Where the first byte is that is not UTF-8; the size when there is none.
std::size_t FindBadUtf8(std::string_view text);

}  // namespace telltale
