// SPDX-License-Identifier: Apache-2.0
#include "sidecar/tail/glob.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <memory>

#include "common/base/strings.h"

namespace telltale {
namespace {

bool IsDirectory(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
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

// One path component against one pattern component: the usual two-pointer walk that goes back to
// the last star, linear in practice and never exponential.
bool MatchComponent(std::string_view pattern, std::string_view name) {
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

std::string Unquote(std::string_view part) {
  std::string out;
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (part[i] == '\\' && i + 1 < part.size()) ++i;
    out += part[i];
  }
  return out;
}

void Expand(const std::string& base, const std::vector<std::string_view>& parts, std::size_t index,
            std::vector<std::string>& out) {
  if (index + 1 >= parts.size()) {
    if (IsDirectory(base.empty() ? "/" : base)) out.push_back(base.empty() ? "/" : base);
    return;
  }
  std::string_view part = parts[index];
  if (part.find_first_of("*?[") == part.npos) {
    Expand(base + "/" + Unquote(part), parts, index + 1, out);
    return;
  }
  std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(base.empty() ? "/" : base.c_str()), closedir);
  if (!dir) return;
  while (const dirent* entry = readdir(dir.get())) {
    std::string_view name = entry->d_name;
    if (name == "." || name == ".." || !MatchComponent(part, name)) continue;
    std::string path = base + "/" + std::string(name);
    if (IsDirectory(path)) Expand(path, parts, index + 1, out);
  }
}

}  // namespace

Status CheckGlob(std::string_view pattern) {
  std::string quoted = "\"" + std::string(pattern) + "\"";
  if (pattern.empty() || pattern[0] != '/') {
    return Fail(Code::kInvalid, "the pattern " + quoted + " is not an absolute path");
  }
  if (pattern.back() == '/') {
    return Fail(Code::kInvalid, "the pattern " + quoted + " names a directory: add /*.log");
  }
  for (std::string_view part : Split(pattern.substr(1), '/')) {
    if (part == "..") return Fail(Code::kInvalid, "the pattern " + quoted + " contains ..");
    if (part.find("**") != part.npos) {
      return Fail(Code::kInvalid, "the pattern " + quoted +
                                      " contains **, which is not supported: write one * " +
                                      "for each directory level");
    }
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (part[i] == '\\') {
        if (++i == part.size()) {
          return Fail(Code::kInvalid, "the pattern " + quoted + " ends a name with a backslash");
        }
      } else if (part[i] == '[') {
        std::size_t from = i + 1;
        if (from < part.size() && (part[from] == '^' || part[from] == '!')) ++from;
        std::size_t close = part.find(']', from + 1);
        if (close == part.npos) {
          return Fail(Code::kInvalid, "the pattern " + quoted + " has a [ without its ]");
        }
        i = close;
      }
    }
  }
  return {};
}

bool GlobMatch(std::string_view pattern, std::string_view path) {
  while (true) {
    std::size_t p = pattern.find('/'), n = path.find('/');
    if (!MatchComponent(pattern.substr(0, p), path.substr(0, n))) return false;
    if (p == pattern.npos || n == path.npos) return p == pattern.npos && n == path.npos;
    pattern.remove_prefix(p + 1);
    path.remove_prefix(n + 1);
  }
}

std::string GlobRoot(std::string_view pattern) {
  std::size_t end = pattern.rfind('/');
  std::size_t wildcard = pattern.find_first_of("*?[\\");
  if (wildcard != pattern.npos) end = pattern.rfind('/', wildcard);
  if (end == pattern.npos || end == 0) return "/";
  return std::string(pattern.substr(0, end));
}

std::vector<std::string> GlobDirectories(std::string_view pattern) {
  std::vector<std::string> out;
  if (pattern.empty() || pattern[0] != '/') return out;
  Expand("", Split(pattern.substr(1), '/'), 0, out);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace telltale
