// SPDX-License-Identifier: Apache-2.0
//
// One part of a pattern of paths, between two slashes. Pure, thread-safe; used by glob.
#pragma once

#include <string>
#include <string_view>

namespace telltale {

// Whether `name` matches; `pattern` is not "**".
bool MatchGlobPart(std::string_view pattern, std::string_view name);

// The name that a part without wildcards stands for.
std::string UnquoteGlobPart(std::string_view part);

}  // namespace telltale
