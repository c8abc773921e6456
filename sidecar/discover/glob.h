// SPDX-License-Identifier: Apache-2.0
//
// Patterns over absolute paths, as Promtail's users write them: `*` (any run), `?` (any one),
// `[a-z]`, `[^a-z]` and `[!a-z]`; `\` quotes the next character; none of them matches '/'. `**` as
// a whole name matches any number of directories, or none, and follows no links; `{a,b}` is one of
// them. Pure but for GlobDirectories, which reads directories; thread-safe. Called by FileSet, and
// by the configuration to check patterns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace telltale {

// An error says what is wrong with the pattern: relative, "..", an open '[' or '{'.
Status CheckGlob(std::string_view pattern);

// The patterns without braces that it stands for; none when CheckGlob refuses it.
std::vector<std::string> GlobAlternatives(const std::string& pattern);

bool GlobMatch(std::string_view pattern, std::string_view path);

// The longest leading directory that has no wildcard: "/var/log" of "/var/log/*/x-*.log".
std::string GlobRoot(std::string_view pattern);

// What a walk could not look into.
struct GlobTrouble {
  std::vector<std::string> denied;  // no permission; the first hundred
  std::uint64_t left_out = 0;       // directories beyond the limit; not counted beyond 65,536
};

// The directories that exist now and can hold matches, sorted; at most 4096 of a pattern, and 32
// levels below `**`.
std::vector<std::string> GlobDirectories(std::string_view pattern, GlobTrouble* trouble = nullptr);

}  // namespace telltale
