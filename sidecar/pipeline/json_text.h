// SPDX-License-Identifier: Apache-2.0
//
// The text of JSON values: strings unescaped, objects and arrays written again with sorted keys as
// Promtail does, numbers as Go prints a float64 unless that would change their digits. Callers pass
// valid tokens. Pure, thread-safe; fuzzed through json_paths.h.
#pragma once

#include <string>
#include <string_view>

#include "sidecar/pipeline/arena.h"

namespace telltale {

// `body` is the text between the quotes. The result points into `body` if nothing is escaped.
std::string_view UnescapeJson(std::string_view body, Arena& arena);

// Integers and fractions of more than 15 digits as they are written, other numbers as Go's
// strconv.FormatFloat(f, 'f', -1, 64) prints them. False if the number is out of range.
bool PrintJsonNumber(std::string_view number, Arena& arena, std::string_view& out);

// The shortest decimal digits of `value`. With `exponents`, an exponent where Go's encoding/json
// writes one; without, never one.
void AppendGoFloat(double value, bool exponents, std::string& out);

// Appends a valid value as Go's json.Marshal writes it after an Unmarshal, but for the digits of
// numbers.
void AppendCanonicalJson(std::string_view value, std::string& out);

}  // namespace telltale
