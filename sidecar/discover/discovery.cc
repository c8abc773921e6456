// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/discovery.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <utility>

#include "common/base/strings.h"
#include "sidecar/discover/glob.h"
#include "sidecar/discover/path_parts.h"

namespace telltale {
namespace {

// A directory changed twice within the grain of its time stamp looks unchanged: list it again.
constexpr std::int64_t kDirectoryGrain = 2'000'000'000;
// A walk that found more directories than this is not repeated each second.
constexpr std::size_t kCheapWalk = 256;
// A directory that is found in its first minute is new; an older one is new to us, because a
// pattern names it now.
constexpr std::int64_t kNewDirectory = 60'000'000'000;

// When the directory was made, if that was lately; 0 otherwise.
std::int64_t BornLately(const std::string& path, std::int64_t now) {
  auto info = StatPath(path);
  if (!info || info->id.birth == 0) return 0;
  const std::int64_t age = now - info->id.birth;
  return age >= 0 && age < kNewDirectory ? info->id.birth : 0;
}

}  // namespace

void Discovery::SetSources(std::vector<LogSource> sources) {
  sources_.Set(std::move(sources));
  next_walk_ = SteadyTime{};
  DistrustAll();
  walk_unread_by_source_.clear();
  for (auto& [path, directory] : directories_) {
    directory.done.clear();
    directory.unread_by_source.clear();
  }
}

void Discovery::DistrustAll() {
  for (auto& [path, directory] : directories_) {
    directory.list = true;
    directory.trusted = false;
  }
}

Directory* Discovery::Find(std::string_view path) {
  auto found = directories_.find(path);
  return found == directories_.end() ? nullptr : &found->second;
}

std::vector<std::string> Discovery::FindDirectories() {
  std::vector<std::string> gone;
  if (clock_.Steady() < next_walk_) return gone;
  std::set<std::string> present;
  walk_unread_ = {};
  walk_unread_by_source_.clear();
  const auto note = [this](std::size_t source, UnreadReason reason, std::uint64_t count) {
    walk_unread_[reason] += count;
    walk_unread_by_source_[source][reason] += count;
  };
  for (std::size_t source = 0; source < sources_.list().size(); ++source) {
    for (const std::string& pattern : sources_[source].include) {
      GlobTrouble trouble;
      for (std::string& path : GlobDirectories(pattern, &trouble)) present.insert(std::move(path));
      for (const std::string& path : trouble.denied) {
        note(source, UnreadReason::kPermission, 1);
        warnings_.Warn(UnreadReason::kPermission, path, std::strerror(EACCES));
      }
      if (trouble.left_out == 0) continue;
      note(source, UnreadReason::kDirectoryLimit, trouble.left_out);
      warnings_.Warn(UnreadReason::kDirectoryLimit, pattern, std::to_string(trouble.left_out));
    }
  }
  if (present.size() > kCheapWalk) next_walk_ = clock_.Steady() + kRelist;
  std::erase_if(directories_, [&](const auto& directory) {
    if (present.contains(directory.first)) return false;
    watch_.Unwatch(directory.first);
    gone.push_back(directory.first);
    return true;
  });
  for (const std::string& path : present) {
    const auto [found, made] = directories_.try_emplace(path);
    Directory& directory = found->second;
    if (made && !walked_) directory.at_start = true;
    if (made && walked_) directory.born = BornLately(path, clock_.WallNanos());
    // Before it is listed, so that nothing falls between.
    const bool watched = watch_.Watch(path, !directory.busy);
    directory.trusted = directory.trusted && watched;
    // It may be readable now.
    if (watched && !directory.watched) directory.list = true;
    directory.watched = watched;
  }
  walked_ = walked_ || !sources_.list().empty();
  return gone;
}

void Discovery::SetBusy(const std::string& path, Directory& directory, bool busy) {
  directory.busy = busy;
  directory.writes = 0;
  watch_.Watch(path, !busy);
}

bool Discovery::IsDue(const std::string& path, Directory& directory) const {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return false;
  const std::int64_t changed = info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec;
  const bool recent = clock_.WallNanos() - changed < kDirectoryGrain;
  const bool due = directory.list || directory.again || recent || changed != directory.changed ||
                   clock_.Steady() >= directory.relist_at;
  if (due) directory.changed = changed;
  return due;
}

void Discovery::BeginListing(const std::string& path, Directory& directory) {
  directory.list = directory.again = false;
  directory.unread = {};
  directory.unread_by_source.clear();
  // However often it is listed meanwhile: only then idle files are looked at. Not all directories
  // in the same second.
  if (clock_.Steady() < directory.relist_at) return;
  const auto jitter = std::chrono::milliseconds(std::hash<std::string>{}(path) % 2'000);
  directory.relist_at = clock_.Steady() + kRelist - jitter;
}

Discovery::Names Discovery::PlainNamesIn(const std::string& path) {
  Names names;
  std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(path.c_str()), closedir);
  while (const dirent* item = dir ? readdir(dir.get()) : nullptr) {
    const std::string_view name = item->d_name;
    if (item->d_type != DT_DIR && name != "." && name != "..") names.emplace(name, item->d_ino);
  }
  return names;
}

bool Discovery::MayHide(const std::string& directory) const {
  auto found = directories_.find(directory);
  if (found != directories_.end()) return !found->second.readable;
  struct stat info;
  return stat(directory.c_str(), &info) != 0 && errno == EACCES;
}

bool Discovery::Holds(const FileIdentity& id) const {
  for (const auto& [path, directory] : directories_) {
    for (const auto& [name, inode] : PlainNamesIn(path)) {
      if (inode != id.inode) continue;
      auto info = StatPath(PathIn(path, name));
      if (info && info->id == id) return true;
    }
  }
  return false;
}

Discovery::Names Discovery::NamesIn(const std::string& path) {
  const bool readable = faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0;
  const int error = errno;
  if (Directory* directory = Find(path)) directory->readable = readable;
  if (readable) return PlainNamesIn(path);
  Names names;
  if (error == ENOENT) return names;
  const bool denied = error == EACCES || error == EPERM;
  // A directory that may be entered is enough for files that patterns name in full.
  const bool enough = denied && !sources_.HasWildcardsIn(path) &&
                      faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0;
  if (enough) {
    NoteRead(path);
  } else {
    NoteUnread(denied ? UnreadReason::kPermission : UnreadReason::kError, path,
               std::strerror(error));
  }
  for (std::string& name : sources_.PlainNames(path)) {
    struct stat info;
    if (stat(PathIn(path, name).c_str(), &info) != 0 || S_ISDIR(info.st_mode)) continue;
    names.emplace(std::move(name), info.st_ino);
  }
  return names;
}

bool Directory::Appeared(std::string_view name, std::uint64_t inode) const {
  if (last_scan == 0 || std::binary_search(inodes.begin(), inodes.end(), inode)) return false;
  if (!name.ends_with(".gz")) return true;
  const std::uint64_t plain = Hash64(name.substr(0, name.size() - 3));
  return !std::binary_search(name_hashes.begin(), name_hashes.end(), plain);
}

void Discovery::EndListing(const Names& names, Directory& directory) {
  directory.inodes.clear();
  directory.name_hashes.clear();
  for (const auto& [name, inode] : names) {
    directory.inodes.push_back(inode);
    directory.name_hashes.push_back(Hash64(name));
  }
  std::sort(directory.inodes.begin(), directory.inodes.end());
  std::sort(directory.name_hashes.begin(), directory.name_hashes.end());
}

bool Discovery::ReadEvents(FunctionRef<void(const DirEvent&, Directory&)> handle) {
  return watch_.Read([&](const DirEvent& event) {
    Directory* directory = Find(event.directory);
    if (directory == nullptr) return;
    if (event.of_directory) next_walk_ = SteadyTime{};
    handle(event, *directory);
  });
}

bool Discovery::Lists(const std::string& directory) const {
  auto found = directories_.find(directory);
  return found != directories_.end() && found->second.readable && found->second.last_scan != 0;
}

bool Discovery::HidesLines(const std::string& directory) const {
  auto found = directories_.find(directory);
  return MayHide(directory) ||
         (found != directories_.end() && found->second.unread.of_permission());
}

bool Discovery::Settled(const std::string& directory) const {
  auto found = directories_.find(directory);
  return found == directories_.end() || !(found->second.again || found->second.list);
}

bool Discovery::Settled() const {
  return std::none_of(directories_.begin(), directories_.end(),
                      [](const auto& directory) { return directory.second.again; });
}

void Discovery::NoteUnread(UnreadReason reason, const std::string& path, std::string_view detail) {
  // A directory counts as itself, a file where it lies.
  Directory* directory = Find(path);
  std::vector<std::size_t> sources;
  if (directory != nullptr) {
    sources = sources_.Reaching(path);
  } else {
    directory = Find(ParentOf(path));
    sources = {sources_.Find(path)};
  }
  if (directory != nullptr) {
    ++directory->unread[reason];
    for (const std::size_t source : sources) ++directory->unread_by_source[source][reason];
  }
  warnings_.Warn(reason, path, detail);
}

std::vector<UnreadCounts> Discovery::UnreadBySource() const {
  std::vector<UnreadCounts> all(sources_.list().size());
  const auto add = [&](const std::map<std::size_t, UnreadCounts>& some) {
    for (const auto& [source, counts] : some) {
      if (source < all.size()) all[source] += counts;  // not if no source wants the path
    }
  };
  add(walk_unread_by_source_);
  for (const auto& [path, directory] : directories_) add(directory.unread_by_source);
  return all;
}

UnreadCounts Discovery::unread() const {
  UnreadCounts all = walk_unread_;
  for (const auto& [path, directory] : directories_) all += directory.unread;
  return all;
}

}  // namespace telltale
