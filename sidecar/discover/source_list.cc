// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/source_list.h"

#include <limits.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "common/base/log.h"
#include "sidecar/discover/glob.h"
#include "sidecar/discover/path_parts.h"

namespace telltale {
namespace {

bool HasWildcard(std::string_view name) { return name.find_first_of("*?[\\") != name.npos; }

bool MatchesAny(const std::vector<std::string>& patterns, const std::string& path) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return GlobMatch(pattern, path); });
}

std::vector<std::string> Expand(const std::vector<std::string>& patterns) {
  std::vector<std::string> out;
  for (const std::string& pattern : patterns) {
    if (auto good = CheckGlob(pattern); !good.ok()) {
      LogError("a pattern of log files is left out", {{"error", good.error().message}});
      continue;
    }
    for (std::string& one : GlobAlternatives(pattern)) out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

void SourceList::Set(std::vector<LogSource> sources) {
  list_ = std::move(sources);
  ++version_;
  by_root_.clear();
  for (std::size_t i = 0; i < list_.size(); ++i) {
    list_[i].include = Expand(list_[i].include);
    list_[i].exclude = Expand(list_[i].exclude);
    for (const std::string& pattern : list_[i].include) by_root_[GlobRoot(pattern)].push_back(i);
    for (const std::string& directory : list_[i].link_targets) by_root_[directory];  // for Covers
  }
}

bool SourceList::Takes(std::size_t index, const std::string& path) const {
  const LogSource& source = list_[index];
  return MatchesAny(source.include, path) && !MatchesAny(source.exclude, path);
}

std::size_t SourceList::Find(const std::string& path) const {
  std::size_t first = kNone;
  for (std::string_view root = path; root.size() > 1;) {
    root = ParentOf(root);
    auto there = by_root_.find(root);
    if (there == by_root_.end()) continue;
    for (std::size_t i : there->second) {
      if (i < first && Takes(i, path)) first = i;
    }
  }
  return first;
}

std::vector<std::size_t> SourceList::Reaching(std::string_view directory) const {
  std::set<std::size_t> reaching;
  for (std::string_view root = directory; root.size() > 1; root = ParentOf(root)) {
    const auto there = by_root_.find(root);
    if (there != by_root_.end()) reaching.insert(there->second.begin(), there->second.end());
  }
  return {reaching.begin(), reaching.end()};
}

bool SourceList::Excluded(const std::string& path) const {
  return std::any_of(list_.begin(), list_.end(),
                     [&](const LogSource& source) { return MatchesAny(source.exclude, path); });
}

// Mostly the real path lies below the root as it is written, which is no link.
bool SourceList::Covers(std::string_view real) const {
  for (std::string_view above = real; above.size() > 1;) {
    above = ParentOf(above);
    if (by_root_.contains(above)) return true;
  }
  std::array<char, PATH_MAX> buffer;
  return std::any_of(by_root_.begin(), by_root_.end(), [&](const auto& named) {
    if (realpath(named.first.c_str(), buffer.data()) == nullptr) return false;
    std::string prefix = buffer.data();
    if (prefix.back() != '/') prefix += '/';
    return real.starts_with(prefix);
  });
}

std::vector<std::string> SourceList::PlainNames(const std::string& directory) const {
  std::vector<std::string> out;
  for (const LogSource& source : list_) {
    for (const std::string& pattern : source.include) {
      const std::string name(NameOf(pattern));
      if (HasWildcard(name)) continue;
      if (GlobMatch(pattern, PathIn(directory, name))) out.push_back(name);
    }
  }
  return out;
}

bool SourceList::HasWildcardsIn(const std::string& directory) const {
  return std::ranges::any_of(list_, [&](const LogSource& source) {
    return std::ranges::any_of(source.include, [&](const std::string& pattern) {
      if (pattern.find("**") != pattern.npos) return true;
      return HasWildcard(NameOf(pattern)) && GlobMatch(DirectoryOf(pattern), directory);
    });
  });
}

std::map<std::size_t, std::string> SourceList::Shadowed(const std::set<std::string>& paths) const {
  std::map<std::size_t, std::string> shadowed;
  std::set<std::size_t> useful;
  for (const std::string& path : paths) {
    const std::size_t first = Find(path);
    useful.insert(first);
    for (std::size_t i = first; i < list_.size(); ++i) {
      if (i != first && !useful.contains(i) && Takes(i, path)) shadowed.emplace(i, path);
    }
  }
  std::erase_if(shadowed, [&](const auto& entry) { return useful.contains(entry.first); });
  return shadowed;
}

}  // namespace telltale
