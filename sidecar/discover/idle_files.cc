// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/idle_files.h"

#include "sidecar/discover/path_parts.h"

namespace telltale {
namespace {

std::pair<std::uint64_t, std::uint64_t> InodeOf(const IdleFile& file) {
  return {file.id.device, file.id.inode};
}

}  // namespace

void IdleFiles::Forget(const IdleFile& file) {
  by_inode_.erase(InodeOf(file));
  ids_.erase(file.file_id);
  by_target_.erase(file.target);
  --count_;
  changed_ = true;
  if (file.file_id == IdleFile::kNotKnown) --ignored_;
}

void IdleFiles::Add(const std::string& path, const IdleFile& file) {
  Remove(path);
  if (const std::string before = PathOf(file.id); !before.empty()) Remove(before);
  directories_[DirectoryOf(path)].emplace(NameOf(path), file).first->second.left = false;
  if (!file.target.empty()) by_target_[file.target] = path;
  by_inode_[InodeOf(file)] = path;
  ++count_;
  changed_ = true;
  if (file.file_id == IdleFile::kNotKnown) {
    ++ignored_;
  } else {
    ids_.insert(file.file_id);
  }
}

void IdleFiles::Remove(const std::string& path) {
  auto directory = directories_.find(ParentOf(path));
  if (directory == directories_.end()) return;
  auto found = directory->second.find(NameOf(path));
  if (found == directory->second.end()) return;
  Forget(found->second);
  directory->second.erase(found);
  if (directory->second.empty()) directories_.erase(directory);
}

IdleFile* IdleFiles::FindWritable(const std::string& path) {
  return const_cast<IdleFile*>(std::as_const(*this).Find(path));
}

IdleFile* IdleFiles::FindOfEvent(std::string& path) {
  if (count_ == 0) return nullptr;
  if (IdleFile* file = FindWritable(path)) return file;
  auto link = by_target_.find(path);
  if (link == by_target_.end()) return nullptr;
  path = link->second;
  return FindWritable(path);
}

std::string IdleFiles::NoteWritten(const std::string& path) {
  std::string known = path;
  IdleFile* file = FindOfEvent(known);
  if (file == nullptr) return {};
  if (!file->left) file->written = true;
  return known;
}

void IdleFiles::NoteLeft(const std::string& path) {
  std::string known = path;
  if (IdleFile* file = FindOfEvent(known)) file->left = true;
}

void IdleFiles::NoteUnchanged(const std::string& path) {
  if (IdleFile* file = FindWritable(path)) file->written = false;
}

const std::vector<FileCounts>& IdleFiles::BySource(const SourceList& sources) const {
  if (!changed_ && counted_sources_ == sources.version()) return by_source_;
  by_source_.assign(sources.list().size(), {});
  for (const auto& [directory, names] : directories_) {
    for (const auto& [name, file] : names) {
      const std::size_t source = sources.Find(PathIn(directory, name));
      if (source == SourceList::kNone) continue;
      FileCounts& counts = by_source_[source];
      if (file.file_id == IdleFile::kNotKnown) {
        ++counts.unread[UnreadReason::kIgnoredOlder];
      } else {
        ++counts.idle;
      }
    }
  }
  changed_ = false;
  counted_sources_ = sources.version();
  return by_source_;
}

const IdleFile* IdleFiles::Find(const std::string& path) const {
  auto directory = directories_.find(ParentOf(path));
  if (directory == directories_.end()) return nullptr;
  auto found = directory->second.find(NameOf(path));
  return found == directory->second.end() ? nullptr : &found->second;
}

std::string IdleFiles::PathOf(const FileIdentity& id) const {
  auto found = by_inode_.find({id.device, id.inode});
  return found == by_inode_.end() ? std::string() : found->second;
}

bool IdleFiles::AnyIn(const std::string& directory) const {
  const auto found = directories_.find(directory);
  if (found != directories_.end() && !found->second.empty()) return true;
  const std::string prefix = directory + "/";
  const auto target = by_target_.lower_bound(prefix);
  return target != by_target_.end() && target->first.starts_with(prefix);
}

std::vector<std::string> IdleFiles::LinksIn(const std::string& directory) const {
  std::vector<std::string> out;
  auto entry = directories_.find(directory);
  if (entry == directories_.end()) return out;
  for (const auto& [name, file] : entry->second) {
    if (!file.target.empty()) out.push_back(PathIn(directory, name));
  }
  return out;
}

IdleFiles::Gone IdleFiles::Update(const std::string& directory, const Discovery::Names& names) {
  Gone gone;
  auto entry = directories_.find(directory);
  if (entry == directories_.end()) return gone;
  // A name that leads to another inode than before may belong to a younger file.
  std::vector<std::pair<std::string, IdleFile>> moved;
  for (const auto& [name, file] : entry->second) {
    if (!file.target.empty()) continue;
    auto there = names.find(name);
    if (there == names.end() || there->second != file.id.inode) moved.emplace_back(name, file);
  }
  if (moved.empty()) return gone;
  std::map<std::uint64_t, std::string> by_inode;
  for (const auto& [name, inode] : names) by_inode.emplace(inode, name);
  std::vector<std::pair<std::string, IdleFile>> renamed;
  for (auto& [name, file] : moved) {
    auto now = by_inode.find(file.id.inode);
    // The inode may be used again, by a younger file.
    if (now != by_inode.end()) {
      auto info = StatPath(PathIn(directory, now->second));
      if (!info || info->id != file.id) now = by_inode.end();
    }
    // A listing may give other inode numbers than stat does (overlayfs): the name is kept then.
    if (now == by_inode.end() && names.contains(name)) continue;
    Remove(PathIn(directory, name));
    if (now != by_inode.end()) {
      renamed.emplace_back(now->second, file);
    } else {
      gone.emplace_back(PathIn(directory, name), file);
    }
  }
  for (const auto& [name, file] : renamed) Add(PathIn(directory, name), file);
  return gone;
}

IdleFiles::Gone IdleFiles::RemoveDirectory(const std::string& directory) {
  Gone gone;
  auto entry = directories_.extract(directory);
  if (entry.empty()) return gone;
  for (const auto& [name, file] : entry.mapped()) {
    Forget(file);
    gone.emplace_back(PathIn(directory, name), file);
  }
  return gone;
}

void IdleFiles::RemoveIgnored() {
  std::vector<std::string> paths;
  for (const auto& [directory, files] : directories_) {
    for (const auto& [name, file] : files) {
      if (file.file_id == IdleFile::kNotKnown) paths.push_back(PathIn(directory, name));
    }
  }
  for (const std::string& path : paths) Remove(path);
}

}  // namespace telltale
