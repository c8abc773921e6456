// SPDX-License-Identifier: Apache-2.0
#include "sidecar/collect/name_filter.h"

#include <algorithm>

namespace telltale {
namespace {

bool MatchesAny(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return MatchesName(pattern, name); });
}

}  // namespace

// When a character does not match, the last `*` takes one more: no other `*` has to be tried, so
// the time is at most the product of both lengths.
bool MatchesName(std::string_view pattern, std::string_view name) {
  std::size_t p = 0, n = 0, star = std::string_view::npos, taken = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool Keeps(const NameFilter& filter, std::string_view name) {
  return (filter.include.empty() || MatchesAny(filter.include, name)) &&
         !MatchesAny(filter.exclude, name);
}

bool Includes(const NameFilter& filter, std::string_view name) {
  return MatchesAny(filter.include, name);
}

bool IsExact(std::string_view pattern) {
  return pattern.find_first_of("*?") == std::string_view::npos;
}

}  // namespace telltale
