// SPDX-License-Identifier: Apache-2.0
//
// The rotated files beside a log file, and how their contents are compared. No state; does file IO.
// Called by Rotations, MovedGenerations, FirstGenerations and Copies.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sidecar/discover/discovery.h"
#include "sidecar/discover/generation_search.h"
#include "sidecar/discover/rotated_name.h"
#include "sidecar/tail/file_bytes.h"

namespace telltale {

// The names of a directory, prepared for the search of rotations of several files in it.
class NamesByBase {
 public:
  // `bases`: the names of log files that have generations there. References `names`.
  NamesByBase(const Discovery::Names& names, std::set<std::string> bases);

  const Discovery::Names& names() const { return names_; }
  bool IsBase(std::string_view name) const { return bases_.contains(name); }
  // Those that are a date in front of `base`, and not of a longer base.
  const std::vector<std::string>& DatedBefore(const std::string& base) const;

 private:
  const Discovery::Names& names_;
  std::set<std::string, std::less<>> bases_;
  std::map<std::string, std::vector<std::string>, std::less<>> dated_before_;
};

// The names of the known paths.
std::set<std::string> BasesOf(const std::vector<KnownGeneration>& known);

// The rotations of `path` among the names of its directory, oldest first. A compressed file counts
// only when its plain one is gone: until then its name goes into `held`.
std::vector<RotatedFile> RotationsOf(const std::string& path, const NamesByBase& names,
                                     const SourceList& sources, std::set<std::string>& held);

// A compressed file that was changed less than two seconds ago may still be written.
bool IsBeingCompressed(const RotatedFile& file, std::int64_t now);

// Follows no link. Reading from a file that cannot be opened is an error.
FileBytes OpenBytes(const std::string& path);
// True if both have `size` bytes, at most those of Checkpoint::head, and the same ones.
bool SameStart(const FileBytes& a, const FileBytes& b, std::uint64_t size);
// True if `part` is not empty and `whole` begins with it, as far as a checkpoint tells.
bool BeginsWith(const FileBytes& whole, const FileBytes& part);

}  // namespace telltale
