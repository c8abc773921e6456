// SPDX-License-Identifier: Apache-2.0
//
// ANSI escape sequences (ECMA-48), with which programs colour what they print. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace telltale {

// True if the text has the start of an escape sequence.
bool HasAnsi(std::string_view text);

// Appends `text` without escape sequences; one that is cut off is removed up to the end.
void AppendWithoutAnsi(std::string_view text, std::string& out);

}  // namespace telltale
