// SPDX-License-Identifier: Apache-2.0
//
// The file of the journal: read whole, replaced in one piece, appended to. Used by Journal alone,
// on its thread. After an error the file must be replaced before anything is appended again:
// behind a record that is half there nothing would be read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/files.h"
#include "common/base/result.h"
#include "sidecar/journal/disk.h"

namespace telltale {

class JournalFile {
 public:
  JournalFile(std::string path, Disk& disk);

  const std::string& path() const { return path_; }
  // kNotFound without one.
  Result<std::string> Read(std::size_t limit) const;
  // Renames a file that cannot be read; returns its new name. Nothing that was set aside before is
  // overwritten, up to nine files.
  std::string SetAside() const;

  // Old or new is there at every moment, and the new one is on the disk afterwards. Opens it.
  Status Replace(std::string_view text);
  Status Append(std::string_view records);
  Status Sync();
  bool is_open() const { return static_cast<bool>(fd_); }
  void Close() { fd_ = UniqueFd(); }

 private:
  Status WriteAll(int fd, std::string_view bytes, const std::string& path) const;

  std::string path_, folder_;
  Disk& disk_;
  UniqueFd fd_;
};

}  // namespace telltale
