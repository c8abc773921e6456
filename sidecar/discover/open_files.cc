// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/open_files.h"

#include <sys/stat.h>

namespace telltale {

std::vector<TailedFile*> OpenFiles::All() const {
  std::vector<TailedFile*> out;
  for (const auto& [file_id, file] : files_) out.push_back(file.get());
  return out;
}

std::vector<TailedFile*> OpenFiles::In(const std::string& directory) const {
  std::vector<TailedFile*> out;
  for (const auto& [file_id, file] : files_) {
    if (file->directory == directory) out.push_back(file.get());
  }
  return out;
}

TailedFile* OpenFiles::Find(std::uint64_t file_id) const {
  auto found = files_.find(file_id);
  return found == files_.end() ? nullptr : found->second.get();
}

TailedFile* OpenFiles::FindAt(const std::string& path) const {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return nullptr;
  auto found = by_inode_.find({info.st_dev, info.st_ino});
  return found == by_inode_.end() ? nullptr : Find(found->second);
}

void OpenFiles::Add(std::unique_ptr<TailedFile> file) {
  by_inode_[{file->info.id.device, file->info.id.inode}] = file->file_id;
  files_[file->file_id] = std::move(file);
}

std::unique_ptr<TailedFile> OpenFiles::Take(std::uint64_t file_id) {
  auto node = files_.extract(file_id);
  if (node.empty()) return nullptr;
  const FileIdentity& id = node.mapped()->info.id;
  auto inode = by_inode_.find({id.device, id.inode});
  if (inode != by_inode_.end() && inode->second == file_id) by_inode_.erase(inode);
  return std::move(node.mapped());
}

}  // namespace telltale
