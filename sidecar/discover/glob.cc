// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/glob.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "common/base/strings.h"
#include "sidecar/discover/glob_part.h"

namespace telltale {
namespace {

// A pattern that stands for more than so many is a mistake, or an attack on our memory.
constexpr std::size_t kMaxAlternatives = 256;

// The place of the '}' that belongs to the '{' before `at`, and the commas of the same depth.
std::size_t FindBraceEnd(std::string_view pattern, std::size_t at,
                         std::vector<std::size_t>& commas) {
  for (int depth = 1; at < pattern.size(); ++at) {
    char c = pattern[at];
    if (c == '\\') {
      ++at;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return at;
    } else if (c == ',' && depth == 1) {
      commas.push_back(at);
    }
  }
  return pattern.npos;
}

std::size_t FindBrace(std::string_view pattern) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      ++i;
    } else if (pattern[i] == '{') {
      return i;
    }
  }
  return pattern.npos;
}

// False when a brace is open or there are too many.
bool ExpandBraces(const std::string& pattern, std::vector<std::string>& out) {
  std::size_t open = FindBrace(pattern);
  if (open == pattern.npos) {
    out.push_back(pattern);
    return out.size() <= kMaxAlternatives;
  }
  std::vector<std::size_t> ends;
  std::size_t close = FindBraceEnd(pattern, open + 1, ends);
  if (close == pattern.npos) return false;
  ends.push_back(close);
  std::size_t from = open + 1;
  for (std::size_t end : ends) {
    std::string one = pattern.substr(0, open);
    one.append(pattern, from, end - from).append(pattern, close + 1);
    if (!ExpandBraces(one, out)) return false;
    from = end + 1;
  }
  return true;
}

// What is wrong with one name of a pattern; null when nothing is.
const char* WrongWith(std::string_view part) {
  if (UnquoteGlobPart(part) == "..") return "contains ..";
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (part[i] == '\\') {
      if (++i == part.size()) return "ends a name with a backslash";
    } else if (part[i] == '[') {
      std::size_t from = i + 1;
      if (from < part.size() && (part[from] == '^' || part[from] == '!')) ++from;
      i = part.find(']', from + 1);
      if (i == part.npos) return "has a [ without its ]";
    }
  }
  return nullptr;
}

std::size_t ComponentEnd(std::string_view text, std::size_t at) {
  return std::min(text.find('/', at), text.size());
}

// Components as MatchComponent does characters: back to the last `**`, which takes one more.
bool MatchPath(std::string_view pattern, std::string_view path) {
  std::size_t p = 0, n = 0, after_stars = pattern.npos, taken = 0;
  while (n <= path.size()) {
    if (p <= pattern.size()) {
      std::size_t end = ComponentEnd(pattern, p), name_end = ComponentEnd(path, n);
      std::string_view part = pattern.substr(p, end - p);
      if (part == "**") {
        if (end == pattern.size()) return true;
        after_stars = p = end + 1;
        taken = n;
        continue;
      }
      if (MatchGlobPart(part, path.substr(n, name_end - n))) {
        p = end + 1;
        n = name_end + 1;
        continue;
      }
    }
    if (after_stars == pattern.npos) return false;
    p = after_stars;
    n = taken = ComponentEnd(path, taken) + 1;
  }
  return p > pattern.size();
}

}  // namespace

Status CheckGlob(std::string_view pattern) {
  const std::string quoted = "the pattern \"" + std::string(pattern) + "\" ";
  if (pattern.empty() || pattern[0] != '/') {
    return Fail(Code::kInvalid, quoted + "is not an absolute path");
  }
  std::vector<std::string> alternatives;
  if (!ExpandBraces(std::string(pattern), alternatives)) {
    return Fail(Code::kInvalid,
                quoted + (alternatives.size() > kMaxAlternatives
                              ? "has more than 256 alternatives in braces"
                              : "has a { without its }: write \\{ where the name has a brace"));
  }
  for (const std::string& one : alternatives) {
    if (one.back() == '/') {
      return Fail(Code::kInvalid, quoted + "names a directory: add /*.log");
    }
    for (std::string_view part : Split(std::string_view(one).substr(1), '/')) {
      if (const char* wrong = WrongWith(part)) return Fail(Code::kInvalid, quoted + wrong);
    }
  }
  return {};
}

std::vector<std::string> GlobAlternatives(const std::string& pattern) {
  std::vector<std::string> out;
  if (!ExpandBraces(pattern, out)) out.clear();
  return out;
}

bool GlobMatch(std::string_view pattern, std::string_view path) {
  if (FindBrace(pattern) == pattern.npos) return MatchPath(pattern, path);
  auto alternatives = GlobAlternatives(std::string(pattern));
  return std::any_of(alternatives.begin(), alternatives.end(),
                     [&](const std::string& one) { return MatchPath(one, path); });
}

std::string GlobRoot(std::string_view pattern) {
  std::size_t end = pattern.rfind('/');
  std::size_t wildcard = pattern.find_first_of("*?[{\\");
  if (wildcard != pattern.npos) end = pattern.rfind('/', wildcard);
  if (end == pattern.npos || end == 0) return "/";
  return std::string(pattern.substr(0, end));
}

}  // namespace telltale
