// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/glob.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <set>
#include <utility>

#include "common/base/strings.h"

namespace telltale {
namespace {

// A pattern that stands for more than so many is a mistake, or an attack on our memory.
constexpr std::size_t kMaxAlternatives = 256, kMaxDirectories = 4096, kMaxDepth = 32;
// Beyond so many directories a walk ends; beyond so many it names no more that it may not enter.
constexpr std::size_t kMaxWalk = 65'536, kMaxDenied = 100;

// Sets errno when false: ENOTDIR if it is something else.
bool IsDirectory(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return false;
  errno = ENOTDIR;
  return S_ISDIR(info.st_mode);
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
  if (Unquote(part) == "..") return "contains ..";
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
      if (MatchComponent(part, path.substr(n, name_end - n))) {
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

// Walks the directories that a pattern leads to.
class Walk {
 public:
  Walk(std::vector<std::string_view> parts, GlobTrouble& trouble)
      : parts_(std::move(parts)), trouble_(trouble) {}

  void From(const std::string& base, std::size_t index, std::size_t depth = 0) {
    if (trouble_.left_out >= kMaxWalk) return;
    bool stars = parts_[index] == "**";
    if (stars && !visited_.emplace(base, index).second) return;
    if (index + 1 >= parts_.size()) {
      Find(base.empty() ? "/" : base);
    } else if (stars) {
      From(base, index + 1, depth);
    }
    if (stars) {
      if (depth < kMaxDepth) Below(base, index, "*", true, depth);
    } else if (index + 1 < parts_.size()) {
      if (parts_[index].find_first_of("*?[") == parts_[index].npos) {
        From(base + "/" + Unquote(parts_[index]), index + 1, depth);
      } else {
        Below(base, index, parts_[index], false, depth);
      }
    }
  }
  const std::set<std::string>& found() const { return found_; }

 private:
  void Find(const std::string& path) {
    if (!IsDirectory(path)) {
      if (errno == EACCES) Denied(path);
    } else if (found_.size() < kMaxDirectories) {
      found_.insert(path);
    } else if (!found_.contains(path)) {
      ++trouble_.left_out;
    }
  }

  void Denied(const std::string& path) {
    if (trouble_.denied.size() < kMaxDenied) trouble_.denied.push_back(path);
  }

  // `**` follows no link, or it would walk in circles.
  void Below(const std::string& base, std::size_t index, std::string_view part, bool stars,
             std::size_t depth) {
    std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(base.empty() ? "/" : base.c_str()), closedir);
    // A directory that can hold matches itself is counted by whoever lists it.
    if (!dir && errno == EACCES && !found_.contains(base)) Denied(base);
    while (const dirent* entry = dir ? readdir(dir.get()) : nullptr) {
      std::string_view name = entry->d_name;
      if (name == "." || name == ".." || !MatchComponent(part, name)) continue;
      bool link = entry->d_type == DT_LNK;
      if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN && (stars || !link)) continue;
      std::string path = base + "/" + std::string(name);
      if (entry->d_type != DT_DIR && !IsDirectory(path)) continue;
      From(path, stars ? index : index + 1, depth + 1);
    }
  }

  std::vector<std::string_view> parts_;
  GlobTrouble& trouble_;
  std::set<std::string> found_;
  std::set<std::pair<std::string, std::size_t>> visited_;
};

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

std::vector<std::string> GlobDirectories(std::string_view pattern, GlobTrouble* trouble) {
  std::set<std::string> out;
  GlobTrouble ignored;
  if (pattern.empty() || pattern[0] != '/') return {};
  for (const std::string& one : GlobAlternatives(std::string(pattern))) {
    Walk walk(Split(std::string_view(one).substr(1), '/'), trouble == nullptr ? ignored : *trouble);
    walk.From("", 0);
    out.insert(walk.found().begin(), walk.found().end());
  }
  return {out.begin(), out.end()};
}

}  // namespace telltale
