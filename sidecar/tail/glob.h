// SPDX-License-Identifier: Apache-2.0
//
// Shell patterns over absolute paths: `*` (any run), `?` (any one), `[a-z]`, `[^a-z]` and `[!a-z]`,
// `\` quotes the next character. None of them matches '/'. Pure but for GlobDirectories, which
// reads directories; thread-safe. Called by FileSet, and by the configuration to check patterns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace telltale {

// An error says what is wrong with the pattern: relative, "..", "**", an open '['.
Status CheckGlob(std::string_view pattern);

bool GlobMatch(std::string_view pattern, std::string_view path);

// The longest leading directory that has no wildcard: "/var/log" of "/var/log/*/x-*.log".
std::string GlobRoot(std::string_view pattern);

// The directories that exist now and can hold matches, without duplicates.
std::vector<std::string> GlobDirectories(std::string_view pattern);

}  // namespace telltale
