// SPDX-License-Identifier: Apache-2.0
//
// What becomes of JSON tokens as Promtail sees them: strings unescaped, numbers as Go prints a
// float64, objects and arrays written anew with sorted keys. Pure; fuzzed through json_paths.h,
// the only caller, which hands over valid tokens.
#pragma once

#include <string>
#include <string_view>

#include "sidecar/pipeline/arena.h"

namespace telltale {

// `body` is what stands between the quotes. The view is into `body` when nothing is escaped.
std::string_view UnescapeJson(std::string_view body, Arena& arena);

// A number as strconv.FormatFloat(f, 'f', -1, 64) prints it; nothing when it is no float64.
bool PrintJsonNumber(std::string_view number, Arena& arena, std::string_view& out);

// The shortest decimal digits of `value`: with an exponent where encoding/json writes one when
// `exponents`, else never.
void AppendGoFloat(double value, bool exponents, std::string& out);

// A valid value as Go's json.Marshal writes it after an Unmarshal.
void AppendCanonicalJson(std::string_view value, std::string& out);

}  // namespace telltale
