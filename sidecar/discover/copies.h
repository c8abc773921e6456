// SPDX-License-Identifier: Apache-2.0
//
// Finds the copy of an open file that was made before the file was truncated, as logrotate's
// copytruncate does: what was not read of the file is there. Owned by FileSet, on the worker's
// thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/function_ref.h"
#include "sidecar/discover/discovery.h"
#include "sidecar/discover/file_history.h"
#include "sidecar/discover/open_files.h"
#include "sidecar/discover/tailed_file.h"

namespace telltale {

struct Copy {
  std::string path;
  FileBytes bytes;
  FileInfo info;
};

class Copies {
 public:
  Copies(const FileHistory& history, const OpenFiles& open, Discovery& discovery)
      : history_(history), open_(open), discovery_(discovery) {}

  // The copy of a file that was truncated.
  std::optional<Copy> Find(const TailedFile& file) const;
  // The copy of a file that still begins with what was seen of it, and is longer: one that appeared
  // since the last listing and holds something else behind that. The file was truncated and has
  // grown again with the same first bytes.
  std::optional<Copy> FindOfRegrown(const TailedFile& file) const;
  // The copies of `path` that are younger than the copy `after`, oldest first: the file was copied
  // and truncated more than once since the last listing. Files that were there before, that are
  // open, compressed or a copy of what the file holds now do not count.
  std::vector<std::string> UnseenBehind(const std::string& path, const std::string& after) const;

 private:
  bool IsCopy(const TailedFile& file, const Copy& copy) const;
  bool IsCopyOfRegrown(const TailedFile& file, const Copy& copy) const;
  bool Appeared(const TailedFile& file, const Copy& copy) const;
  std::optional<Copy> Find(const TailedFile& file, FunctionRef<bool(const Copy&)> is_copy) const;
  std::optional<Copy> FindAmong(const Discovery::Names& names, const TailedFile& file,
                                FunctionRef<bool(const Copy&)> is_copy) const;

  const FileHistory& history_;
  const OpenFiles& open_;
  Discovery& discovery_;
};

}  // namespace telltale
