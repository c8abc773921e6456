// SPDX-License-Identifier: Apache-2.0
//
// CutText: bounds a text for a field of limited size (a status, an event).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace telltale {

// At most `limit` bytes of valid UTF-8, never half a character; what was cut ends with "...".
std::string CutText(std::string_view text, std::size_t limit);

}  // namespace telltale
