// SPDX-License-Identifier: Apache-2.0
//
// FileSet, second part: how files are found and opened.
#include <dirent.h>
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
#include "sidecar/tail/file_set.h"
#include "sidecar/tail/glob.h"

namespace telltale {
namespace {

constexpr int kListRounds = 4;

std::string DirectoryOf(const std::string& path) {
  std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string PathIn(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (path.back() != '/') path += '/';
  return path.append(name);
}

}  // namespace

void FileSet::TakeMoves() {
  Moves moves;
  if (!watch_.Read([&](const DirEvent& event) { NoteEvent(event, moves); })) dropped_ = true;
  while (leaving_.size() > 64) leaving_.erase(leaving_.begin());  // moved out of our sight
  OpenMoved(moves);
}

void FileSet::HandleEvents() {
  TakeMoves();
  if (std::exchange(dropped_, false)) {
    LogWarn("the kernel dropped inotify events: looking at all files", {});
    for (auto& [path, directory] : directories_) directory.list = true;
    Look();
    return;
  }
  // While one is listed it may change again; a directory that never rests is left to the sweep.
  for (int round = 0; round < kListRounds; ++round) {
    for (auto& [path, directory] : directories_) {
      if (directory.list) ListDirectory(path);
    }
  }
  std::vector<TailedFile*> changed;
  for (auto& [slot, file] : files_) {
    auto directory = directories_.find(file->directory);
    if (directory != directories_.end() && directory->second.refresh) changed.push_back(file.get());
  }
  for (TailedFile* file : changed) Refresh(*file);
  for (auto& [path, directory] : directories_) directory.refresh = false;
}

// Follows names through several renames, so that a generation which was rotated twice before
// anybody looked is still opened, by the name it has now.
void FileSet::NoteEvent(const DirEvent& event, Moves& moves) {
  auto directory = directories_.find(std::string(event.directory));
  if (directory == directories_.end()) return;
  directory->second.refresh = true;
  if (event.kind == DirEvent::Kind::kChanged) return;
  directory->second.list = true;
  if (event.name.empty()) return;
  std::string path = PathIn(event.directory, event.name);
  if (event.kind == DirEvent::Kind::kMovedTo) {
    auto left = leaving_.extract(event.cookie);
    if (left.empty()) {
      moves.erase(path);
    } else {
      moves[path] = std::move(left.mapped());
    }
    return;
  }
  auto moved = moves.extract(path);
  if (event.kind != DirEvent::Kind::kMovedFrom) return;
  if (!moved.empty()) {
    leaving_[event.cookie] = std::move(moved.mapped());
  } else if (SourceOf(path) >= 0) {
    leaving_[event.cookie] = {path, moves_seen_++};
  }
}

void FileSet::OpenMoved(const Moves& moves) {
  std::vector<Moves::const_iterator> by_age;
  for (auto it = moves.begin(); it != moves.end(); ++it) by_age.push_back(it);
  std::sort(by_age.begin(), by_age.end(),
            [](const auto& a, const auto& b) { return a->second.order < b->second.order; });
  for (const auto& move : by_age) {
    if (FindAt(move->first) == nullptr) Open(move->first, move->second.from, false);
  }
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
    for (auto& [slot, file] : files_) {
      if (file->directory == it->first) file->rotated = true;
    }
    watch_.Unwatch(it->first);
    it = directories_.erase(it);
  }
  for (const std::string& path : present) {
    watch_.Watch(path);  // before it is listed, so that nothing falls between
    directories_.try_emplace(path);
  }
}

void FileSet::ListDirectory(const std::string& path) {
  auto entry = directories_.find(path);
  if (entry != directories_.end()) entry->second.list = false;
  std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(path.c_str()), closedir);
  if (!dir) {
    if (errno != ENOENT) WarnOnce(path, std::strerror(errno));
    return;
  }
  std::set<const TailedFile*> seen;
  while (const dirent* item = readdir(dir.get())) {
    std::string_view name = item->d_name;
    if (name == "." || name == ".." || item->d_type == DT_DIR) continue;
    std::string full = PathIn(path, name);
    if (SourceOf(full) >= 0) {
      if (FindAt(full) == nullptr) Open(full, full, false);
      if (const TailedFile* file = FindAt(full)) seen.insert(file);
    } else if (hooks_.known(path, item->d_ino) && FindAt(full) == nullptr) {
      Open(full, full, true);
    }
  }
  for (auto& [slot, file] : files_) {
    if (file->directory == path) file->rotated = !seen.contains(file.get());
  }
}

TailedFile* FileSet::FindAt(const std::string& path) const {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return nullptr;
  auto found = by_inode_.find({info.st_dev, info.st_ino});
  return found == by_inode_.end() ? nullptr : Find(found->second);
}

// `shipped` is the path under which its lines go out, which is an earlier one of a rotated file.
void FileSet::Open(const std::string& path, const std::string& shipped, bool only_known) {
  // O_NONBLOCK: a FIFO must not hold us up; O_NOCTTY: nor a terminal adopt us.
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) {
    if (errno != ENOENT) WarnOnce(path, std::strerror(errno));
    return;
  }
  auto info = StatFile(fd.get());
  if (!info || !info->regular) return;
  // What was renamed before this file was opened is older, and comes first in the stream.
  if (path == shipped && !only_known) TakeMoves();
  if (by_inode_.contains({info->id.device, info->id.inode})) return;
  if (!Allowed(fd.get())) {
    WarnOnce(path, "it is a link that leads out of the directories that are configured");
    return;
  }
  if (files_.size() >= kMaxFiles) {
    WarnOnce("", "too many log files are open: narrow the include patterns");
    return;
  }
  auto file = std::make_unique<TailedFile>();
  file->path = shipped;
  file->directory = DirectoryOf(path);
  file->bytes = FileBytes(std::move(fd));
  file->info = *info;
  file->grown = clock_.Steady();
  if (!hooks_.recall(*file)) {
    if (only_known) return;
    hooks_.begun(*file);
  }
  int source = SourceOf(file->path);
  if (source < 0) source = SourceOf(path);
  if (source < 0) {
    hooks_.closed(*file, false);
    return;
  }
  file->source = static_cast<std::size_t>(source);
  file->searched = file->mark.offset;
  file->rotated = only_known || path != shipped;
  file->sightings.Note(info->size, clock_.WallNanos(), clock_.Steady());
  LogInfo("reading a log file", {{"path", path}, {"offset", file->mark.offset}});
  by_inode_[{info->id.device, info->id.inode}] = file->slot;
  files_[file->slot] = std::move(file);
}

// The place that was really opened is under a directory that some source names.
bool FileSet::Allowed(int fd) const {
  std::array<char, PATH_MAX> real, root;
  std::string link = "/proc/self/fd/" + std::to_string(fd);
  ssize_t n = readlink(link.c_str(), real.data(), real.size());
  if (n <= 0) return false;
  std::string_view target(real.data(), static_cast<std::size_t>(n));
  for (const LogSource& source : sources_) {
    for (const std::string& pattern : source.include) {
      if (realpath(GlobRoot(pattern).c_str(), root.data()) == nullptr) continue;
      std::string prefix = root.data();
      if (prefix.back() != '/') prefix += '/';
      if (target.starts_with(prefix)) return true;
    }
  }
  return false;
}

void FileSet::WarnOnce(const std::string& path, std::string_view why) {
  if (warned_.size() < 1000 && warned_.insert(path).second) {
    LogWarn("cannot read", {{"path", path}, {"error", why}});
  }
}

}  // namespace telltale
