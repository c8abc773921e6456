// SPDX-License-Identifier: Apache-2.0
//
// Checks of a YAML text that yaml-cpp does not make, and escapes that it does not write. Pure,
// thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "common/text/yaml_explain.h"

namespace telltale {

// Bytes that yaml-cpp would pass on or take for the end of the text: no UTF-8, control characters.
std::optional<YamlProblem> FindBadBytes(std::string_view text);

// Whether the quoted scalar that begins at `at` is closed; yaml-cpp takes the end of the text for
// its end. True for a scalar that begins without a quote.
bool EndsQuote(std::string_view text, std::size_t at);

// Whether `text` separates documents as YAML does, or is JSON.
bool SeparatesDocuments(std::string_view text);

// The same JSON, or YAML whose strings are in double quotes, without the characters that YAML does
// not allow (U+007F, U+FFFE) or reads as line breaks (U+0085, U+2028) where JSON has them as they
// are: \uXXXX in their place. Both kinds stand in strings only.
std::string EscapedForYaml(std::string text);

}  // namespace telltale
