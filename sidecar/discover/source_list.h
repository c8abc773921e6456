// SPDX-License-Identifier: Apache-2.0
//
// The patterns of all sources: which source wants a path, and below which directories a link may
// lead. The first source in the list that wants a file gets it. Pure but for Covers, which resolves
// links. Owned by FileSet, on the worker's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sidecar/tail/log_source.h"

namespace telltale {

class SourceList {
 public:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  // Expands braces. A pattern that CheckGlob refuses is left out with an error in the log.
  void Set(std::vector<LogSource> sources);

  const std::vector<LogSource>& list() const { return list_; }
  // Another one after each Set.
  std::uint64_t version() const { return version_; }
  const LogSource& operator[](std::size_t index) const { return list_[index]; }

  // Index of the first source that wants the path; kNone if no source wants it.
  std::size_t Find(const std::string& path) const;
  // The sources with a pattern that may lead to or through the directory.
  std::vector<std::size_t> Reaching(std::string_view directory) const;
  bool Wants(const std::string& path) const { return Find(path) != kNone; }
  // True if any source excludes the path.
  bool Excluded(const std::string& path) const;

  // True if `real`, a path without links, lies below a directory that a pattern names.
  bool Covers(std::string_view real) const;

  // The names that patterns without wildcards want in the directory. They can be opened even if
  // the directory cannot be listed (mode --x).
  std::vector<std::string> PlainNames(const std::string& directory) const;
  // True if a pattern has wildcards for the names in the directory, so that it must be listed.
  bool HasWildcardsIn(const std::string& directory) const;

  // Sources whose every path in `paths` is taken by an earlier source: index, and one such path.
  std::map<std::size_t, std::string> Shadowed(const std::set<std::string>& paths) const;

 private:
  bool Takes(std::size_t index, const std::string& path) const;

  std::vector<LogSource> list_;
  std::uint64_t version_ = 0;
  // By the longest directory without wildcards of each pattern: a node has hundreds of sources, and
  // only a few of them can want a given path.
  std::map<std::string, std::vector<std::size_t>, std::less<>> by_root_;
};

}  // namespace telltale
