// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/glob_part.h"

#include <cstddef>

#include "common/base/ascii.h"

namespace telltale {
namespace {

// The named classes of POSIX, of ASCII characters; other names have none.
bool InNamedClass(std::string_view name, char c) {
  if (name == "digit") return IsDigit(c);
  if (name == "alpha") return IsLetter(c);
  if (name == "alnum") return IsLetterOrDigit(c);
  if (name == "upper") return IsUpper(c);
  if (name == "lower") return IsLower(c);
  if (name == "xdigit") return IsHexDigit(c);
  if (name == "space") return c == ' ' || (c >= '\t' && c <= '\r');
  return name == "punct" && c > ' ' && c <= '~' && !IsLetterOrDigit(c);
}

// Matches `c` against the class that starts after '[' at `at`, and moves `at` behind its ']'.
// False also when the class never closes.
bool ClassMatches(std::string_view pattern, std::size_t& at, char c) {
  bool negated = at < pattern.size() && (pattern[at] == '^' || pattern[at] == '!');
  if (negated) ++at;
  bool matched = false;
  for (bool first = true; at < pattern.size(); first = false) {
    if (pattern[at] == ']' && !first) {
      ++at;
      return matched != negated;
    }
    if (const std::size_t end = pattern.find(":]", at + 2);
        pattern.substr(at).starts_with("[:") && end != pattern.npos) {
      matched = matched || InNamedClass(pattern.substr(at + 2, end - at - 2), c);
      at = end + 2;
      continue;
    }
    if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
    char low = pattern[at++], high = low;
    if (at + 1 < pattern.size() && pattern[at] == '-' && pattern[at + 1] != ']') {
      ++at;
      if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
      high = pattern[at++];
    }
    matched = matched || (low <= c && c <= high);
  }
  return false;
}

}  // namespace

// The usual two-pointer walk that goes back to the last star, linear in practice and never
// exponential.
bool MatchGlobPart(std::string_view pattern, std::string_view name) {
  std::size_t p = 0, n = 0, star = pattern.npos, star_name = 0;
  while (n < name.size()) {
    std::size_t next = p;
    bool matched = false;
    if (p < pattern.size()) {
      char c = pattern[next++];
      if (c == '*') {
        star = p = next;
        star_name = n;
        continue;
      }
      if (c == '?') {
        matched = true;
      } else if (c == '[') {
        matched = ClassMatches(pattern, next, name[n]);
      } else {
        if (c == '\\' && next < pattern.size()) c = pattern[next++];
        matched = c == name[n];
      }
    }
    if (matched) {
      p = next;
      ++n;
    } else if (star != pattern.npos) {
      p = star;
      n = ++star_name;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string UnquoteGlobPart(std::string_view part) {
  std::string out;
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (part[i] == '\\' && i + 1 < part.size()) ++i;
    out += part[i];
  }
  return out;
}

}  // namespace telltale
