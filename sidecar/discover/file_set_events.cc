// SPDX-License-Identifier: Apache-2.0
//
// FileSet, second part: what the kernel tells of directories, and files that are renamed.
#include <algorithm>
#include <tuple>
#include <utility>

#include "common/base/log.h"
#include "sidecar/discover/file_set.h"
#include "sidecar/discover/rotated_name.h"

namespace telltale {
namespace {

constexpr int kListRounds = 4;

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
    for (auto& [path, directory] : directories_) {
      directory.list = true;
      directory.trusted = false;
    }
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
  for (auto& [file_id, file] : files_) {
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
  if (event.kind != DirEvent::Kind::kMovedFrom) {
    // It was renamed and is gone, so what it held may be in a compressed file; or here is a copy,
    // perhaps of a file that nobody has seen.
    if (!moved.empty() || (event.kind == DirEvent::Kind::kAppeared && MayBeCopy(event))) {
      directory->second.trusted = false;
    }
    return;
  }
  if (!moved.empty()) {
    leaving_[event.cookie] = std::move(moved.mapped());
  } else if (SourceOf(path) >= 0) {
    leaving_[event.cookie] = {path, moves_seen_++};
  }
}

bool FileSet::MayBeCopy(const DirEvent& event) const {
  if (event.name.ends_with(".gz")) return false;
  return std::any_of(files_.begin(), files_.end(), [&](const auto& entry) {
    const TailedFile& file = *entry.second;
    return file.directory == event.directory && IsRotationOf(NameOf(file.path), event.name);
  });
}

// Whether FindRotated will come across it, in its turn: an older one may wait to be found.
bool FileSet::IsForLater(const std::string& path, const std::string& from) const {
  const std::string directory = DirectoryOf(path);
  auto entry = directories_.find(directory);
  if (entry == directories_.end() || entry->second.trusted || DirectoryOf(from) != directory ||
      !IsRotationOf(NameOf(from), NameOf(path)) || FindAt(from) != nullptr) {
    return false;
  }
  auto known = hooks_.known(directory);
  return std::any_of(known.begin(), known.end(), [&](const auto& k) { return k.path == from; });
}

void FileSet::OpenMoved(const Moves& moves) {
  std::vector<Moves::const_iterator> by_age;
  for (auto it = moves.begin(); it != moves.end(); ++it) by_age.push_back(it);
  std::sort(by_age.begin(), by_age.end(),
            [](const auto& a, const auto& b) { return a->second.order < b->second.order; });
  for (const auto& move : by_age) {
    const auto& [path, from] = std::tie(move->first, move->second.from);
    if (FindAt(path) != nullptr || IsForLater(path, from)) continue;
    RefreshIn(DirectoryOf(from));
    Open(path, from, false);
    auto directory = directories_.find(DirectoryOf(from));
    if (directory == directories_.end() || FindAt(path) != nullptr) continue;
    directory->second.trusted = false;  // it is gone from there, too
  }
}

// Before younger files are opened: one that was truncated begins a new generation, and these are
// numbered by age.
void FileSet::RefreshIn(const std::string& directory) {
  std::vector<TailedFile*> files;
  for (auto& [file_id, file] : files_) {
    if (file->directory == directory) files.push_back(file.get());
  }
  for (TailedFile* file : files) Refresh(*file);
}

}  // namespace telltale
