// SPDX-License-Identifier: Apache-2.0
//
// FileSet, third part: how files are found and opened.
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "common/base/log.h"
#include "sidecar/discover/file_set.h"
#include "sidecar/discover/glob.h"

namespace telltale {
std::string_view FileSet::ParentOf(std::string_view path) {
  return path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
}

std::string_view FileSet::NameOf(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string FileSet::PathIn(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (path.back() != '/') path += '/';
  return path.append(name);
}

void FileSet::FindDirectories() {
  std::set<std::string> present;
  for (const LogSource& source : sources_) {
    for (const std::string& pattern : source.include) {
      for (std::string& path : GlobDirectories(pattern)) present.insert(std::move(path));
    }
  }
  for (auto it = directories_.begin(); it != directories_.end();) {
    if (present.contains(it->first)) {
      ++it;
      continue;
    }
    for (auto& [file_id, file] : files_) {
      if (file->directory == it->first) file->rotated = true;
    }
    watch_.Unwatch(it->first);
    it = directories_.erase(it);
  }
  for (const std::string& path : present) {
    bool watched = watch_.Watch(path);  // before it is listed, so that nothing falls between
    Directory& directory = directories_.try_emplace(path).first->second;
    directory.trusted = directory.trusted && watched;
    directory.watched = watched;
  }
}

void FileSet::ListDirectory(const std::string& path) {
  auto entry = directories_.find(path);
  if (entry == directories_.end()) return;
  Directory& directory = entry->second;
  directory.list = directory.again = false;
  std::int64_t now = clock_.WallNanos();
  std::erase_if(waiting_, [&](const std::string& name) { return DirectoryOf(name) == path; });
  if (access(path.c_str(), R_OK) != 0 && errno != ENOENT) WarnOnce(path, std::strerror(errno));
  Names names = NamesIn(path), wanted;
  for (const auto& [name, inode] : names) {
    if (SourceOf(PathIn(path, name)) >= 0) wanted.emplace(name, inode);
  }
  RefreshIn(path);
  std::set<std::string> held;
  if (!directory.trusted || HasNewRotation(path, wanted)) FindRotated(path, names, held);
  if (!directory.again) directory.looked = now;  // else something is left for the next time
  directory.trusted = directory.watched && !directory.again;
  std::set<const TailedFile*> seen;
  for (const auto& [name, inode] : wanted) {
    std::string full = PathIn(path, name);
    bool skip = held.contains(name) || IsDone(path, name, inode);
    if (FindAt(full) == nullptr && !skip) Open(full, full, false);
    if (const TailedFile* file = FindAt(full)) seen.insert(file);
  }
  for (auto& [file_id, file] : files_) {
    if (file->directory == path) file->rotated = !seen.contains(file.get());
  }
}

TailedFile* FileSet::FindAt(const std::string& path) const {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return nullptr;
  auto found = by_inode_.find({info.st_dev, info.st_ino});
  return found == by_inode_.end() ? nullptr : Find(found->second);
}

// Nothing when it cannot be read, is no file, is open, or there is no room. `shipped` is the path
// under which its lines go out, which is an earlier one of a rotated file.
std::unique_ptr<TailedFile> FileSet::Prepare(const std::string& path, const std::string& shipped) {
  if (!HasRoom(path)) return nullptr;
  // O_NONBLOCK: a FIFO must not hold us up; O_NOCTTY: nor a terminal adopt us.
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) {
    if (errno == EMFILE || errno == ENFILE) {
      Wait(path, std::strerror(errno));
    } else if (errno != ENOENT) {
      WarnOnce(path, std::strerror(errno));
    }
    return nullptr;
  }
  auto info = StatFile(fd.get());
  if (!info || !info->regular) return nullptr;
  if (by_inode_.contains({info->id.device, info->id.inode})) return nullptr;
  if (!Allowed(fd.get())) {
    WarnOnce(path, "it is a link that leads out of the directories that are configured");
    return nullptr;
  }
  auto file = std::make_unique<TailedFile>();
  file->path = shipped;
  file->directory = DirectoryOf(path);
  auto form = FileBytes::FormOf(fd.get(), path);
  file->bytes = FileBytes(std::move(fd), form);
  file->info = *info;
  if (file->bytes.compressed()) file->info.size = file->bytes.UncompressedSize();
  file->grown = clock_.Steady();
  return file;
}

void FileSet::Open(const std::string& path, const std::string& shipped, bool only_known) {
  auto file = Prepare(path, shipped);
  if (!file) return;
  // What was renamed before this file was opened is older, and comes first in the stream.
  if (path == shipped && !only_known) {
    TakeMoves();
    if (by_inode_.contains({file->info.id.device, file->info.id.inode})) return;
    auto directory = directories_.find(file->directory);
    bool lost = directory != directories_.end() && !directory->second.trusted;
    if (lost && directory->second.list) return;  // the next listing finds the older ones first
  }
  if (!hooks_.recall(*file)) {
    if (only_known) return;
    hooks_.begun(*file);
  }
  Adopt(std::move(file), path, only_known || path != shipped);
}

void FileSet::Adopt(std::unique_ptr<TailedFile> file, const std::string& path, bool rotated) {
  int source = SourceOf(file->path);
  if (source < 0) source = SourceOf(path);
  if (source < 0) {
    hooks_.closed(*file, false);
    return;
  }
  file->source = static_cast<std::size_t>(source);
  file->searched = file->checkpoint.offset;
  file->rotated = rotated;
  file->arrival_times.Note(file->info.size, clock_.WallNanos(), clock_.Steady());
  LogInfo("reading a log file", {{"path", path}, {"offset", file->checkpoint.offset}});
  by_inode_[{file->info.id.device, file->info.id.inode}] = file->file_id;
  NoteSeen(*file);
  files_[file->file_id] = std::move(file);
}

bool FileSet::HasRoom(const std::string& path) {
  if (files_.size() < max_files_) return true;
  Wait(path, "too many are open");
  return false;
}

// There was no room for it: it is looked for again with every sweep, and if it is rotated away
// before, among the rotated ones.
void FileSet::Wait(const std::string& path, std::string_view why) {
  if (waiting_.empty()) {
    LogWarn(
        "a log file waits to be opened: it is read when others are done with, or lost if it "
        "is deleted before; narrow the include patterns",
        {{"path", path}, {"error", why}, {"open", files_.size()}});
  }
  waiting_.insert(path);
  auto directory = directories_.find(DirectoryOf(path));
  if (directory == directories_.end()) return;
  directory->second.again = true;
  directory->second.trusted = false;
}

// The place that was really opened is under a directory that some source names; mostly under that
// of the source itself, which is no link.
bool FileSet::Allowed(int fd) const {
  std::array<char, PATH_MAX> real, root;
  std::string link = "/proc/self/fd/" + std::to_string(fd);
  ssize_t n = readlink(link.c_str(), real.data(), real.size());
  if (n <= 0 || real[0] != '/') return false;
  const std::string_view target(real.data(), static_cast<std::size_t>(n));
  for (std::string_view above = target; above.size() > 1;) {
    above = ParentOf(above);
    if (by_root_.contains(above)) return true;
  }
  return std::any_of(by_root_.begin(), by_root_.end(), [&](const auto& named) {
    if (realpath(named.first.c_str(), root.data()) == nullptr) return false;
    std::string prefix = root.data();
    if (prefix.back() != '/') prefix += '/';
    return target.starts_with(prefix);
  });
}

void FileSet::WarnOnce(const std::string& path, std::string_view why) {
  if (warned_.size() < 1000 && warned_.insert(path).second) {
    LogWarn("cannot read", {{"path", path}, {"error", why}});
  }
}

}  // namespace telltale
