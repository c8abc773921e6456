// SPDX-License-Identifier: Apache-2.0
//
// The generations that are open, by file id and by inode. Owned by FileSet, on the worker's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sidecar/discover/tailed_file.h"

namespace telltale {

class OpenFiles {
 public:
  using ById = std::map<std::uint64_t, std::unique_ptr<TailedFile>>;

  // File ids ascend with age: older generations come first.
  const ById& by_id() const { return files_; }
  std::size_t size() const { return files_.size(); }
  // For loops that open and close files.
  std::vector<TailedFile*> All() const;
  std::vector<TailedFile*> In(const std::string& directory) const;

  TailedFile* Find(std::uint64_t file_id) const;
  // The file that the path leads to, through links.
  TailedFile* FindAt(const std::string& path) const;
  bool Has(const FileIdentity& id) const { return by_inode_.contains({id.device, id.inode}); }

  void Add(std::unique_ptr<TailedFile> file);
  // Removes it; null if there is none.
  std::unique_ptr<TailedFile> Take(std::uint64_t file_id);

 private:
  ById files_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> by_inode_;  // to file id
};

}  // namespace telltale
