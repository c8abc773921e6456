// SPDX-License-Identifier: Apache-2.0
#include "sidecar/journal/file_presence.h"

#include <dirent.h>

#include <cerrno>
#include <memory>
#include <utility>

namespace telltale {
namespace {

// Device numbers change with a reboot, so they count only where the file system has no birth times.
bool IsSame(const FileIdentity& id, const std::string& path) {
  auto info = StatPath(path);
  if (!info || info->id.inode != id.inode || info->id.birth != id.birth) return false;
  return id.birth != 0 || info->id.device == id.device;
}

}  // namespace

bool FilePresence::Exists(const FileIdentity& id, const std::string& path) {
  if (IsSame(id, path)) return true;
  const std::string directory = path.substr(0, path.rfind('/') + 1);
  const Listing& listing = List(directory);
  if (!listing.readable) return true;
  auto found = listing.names.find(id.inode);
  if (found == listing.names.end()) return false;
  for (const std::string& name : found->second) {
    if (IsSame(id, directory + name)) return true;
  }
  return false;
}

const FilePresence::Listing& FilePresence::List(const std::string& directory) {
  auto [entry, made] = listings_.try_emplace(directory);
  Listing& listing = entry->second;
  if (!made) return listing;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(directory.c_str()), closedir);
  if (!stream) {
    listing.readable = errno == ENOENT || errno == ENOTDIR;  // gone: nothing is in it
    return listing;
  }
  while (const dirent* name = readdir(stream.get())) {
    listing.names[name->d_ino].emplace_back(name->d_name);
  }
  return listing;
}

}  // namespace telltale
