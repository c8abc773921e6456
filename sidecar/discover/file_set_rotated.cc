// SPDX-License-Identifier: Apache-2.0
//
// FileSet, fourth part: generations that were rotated, copied or compressed while nobody looked.
#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <memory>

#include "common/base/log.h"
#include "sidecar/discover/file_set.h"
#include "sidecar/discover/glob.h"

namespace telltale {
namespace {

// Younger files may still be written by who copies or compresses, which takes a while if what
// they hold so far is the start of something that is being read.
constexpr std::int64_t kBeingMade = 2'000'000'000, kBeingCopied = 60'000'000'000;

bool Within(std::int64_t age, std::int64_t limit) { return age >= 0 && age < limit; }

FileBytes OpenBytes(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW));
  auto form = FileBytes::FormOf(fd.get(), path);
  return FileBytes(std::move(fd), form);
}

bool SameStart(const FileBytes& a, const FileBytes& b, std::uint64_t size) {
  std::array<char, Checkpoint::kHeadBytes> left, right;
  std::size_t want = std::min<std::uint64_t>(size, left.size());
  auto n = a.ReadAt(left.data(), want, 0), m = b.ReadAt(right.data(), want, 0);
  return n && m && *n == want && *m == want &&
         std::equal(left.data(), left.data() + want, right.data());
}

bool BeginsWith(const FileBytes& whole, const FileBytes& part) {
  auto info = StatFile(part.fd());
  auto checkpoint = info ? MakeCheckpoint(part, info->size) : info.error();
  return checkpoint && checkpoint->offset > 0 && ContentMatches(whole, *checkpoint);
}

}  // namespace

FileSet::Names FileSet::NamesIn(const std::string& directory) {
  Names names;
  std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(directory.c_str()), closedir);
  while (const dirent* item = dir ? readdir(dir.get()) : nullptr) {
    if (item->d_type == DT_DIR || item->d_name == std::string_view(".") ||
        item->d_name == std::string_view("..")) {
      continue;
    }
    names.emplace(item->d_name, item->d_ino);
  }
  return names;
}

// A compressed file beside its plain one counts for nothing until that is gone.
std::vector<RotatedFile> FileSet::RotationsOf(const std::string& path, const Names& names,
                                              std::set<std::string>& held) const {
  std::vector<RotatedFile> files;
  std::string base(NameOf(path)), directory = DirectoryOf(path);
  for (auto it = names.lower_bound(base); it != names.end() && it->first.starts_with(base); ++it) {
    const std::string& name = it->first;
    if (!IsRotationOf(base, name)) continue;
    if (name.ends_with(".gz") && names.contains(name.substr(0, name.size() - 3))) {
      held.insert(name);
      continue;
    }
    auto info = StatPath(PathIn(directory, name), true);
    if (info && info->regular) files.push_back({name, *info});
  }
  SortByAge(base, files);
  return files;
}

// Whether a file that is wanted by itself, too, may be a copy of what was read under another name.
bool FileSet::HasNewRotation(const std::string& directory, const Names& wanted) {
  std::vector<KnownGeneration> known;
  for (const auto& [name, inode] : wanted) {
    if (IsDone(directory, name, inode) || FindAt(PathIn(directory, name)) != nullptr) continue;
    if (known.empty()) known = hooks_.known(directory);
    if (known.empty()) return false;
    for (const KnownGeneration& generation : known) {
      if (IsRotationOf(NameOf(generation.path), name)) return true;
    }
  }
  return false;
}

bool FileSet::IsDone(const std::string& directory, const std::string& name, std::uint64_t inode) {
  auto entry = directories_.find(directory);
  if (entry == directories_.end()) return false;
  auto found = entry->second.done.find(inode);
  if (found == entry->second.done.end()) return false;
  auto info = StatPath(PathIn(directory, name), true);
  if (info && info->id.birth == found->second) return true;
  entry->second.done.erase(found);  // the inode was used again
  return false;
}

void FileSet::FindRotated(const std::string& directory, const Names& names,
                          std::set<std::string>& held) {
  std::vector<KnownGeneration> known = hooks_.known(directory);
  std::set<std::string> paths;
  for (const KnownGeneration& generation : known) {
    if (Wants(generation.path)) paths.insert(generation.path);
  }
  for (const std::string& path : paths) FindRotatedOf(path, names, known, held);
  // Under whatever name, if it is not wanted by itself and no older one is waited for.
  for (const auto& [name, inode] : names) {
    bool unfinished = std::any_of(known.begin(), known.end(), [&, inode = inode](const auto& k) {
      return k.id.inode == inode && !k.open && !k.finished && Wants(k.path) &&
             !held.contains(std::string(NameOf(k.path)));
    });
    std::string full = PathIn(directory, name);
    if (unfinished && !Wants(full) && FindAt(full) == nullptr) Open(full, full, true);
  }
}

void FileSet::FindRotatedOf(const std::string& path, const Names& names,
                            std::vector<KnownGeneration>& known, std::set<std::string>& held) {
  std::string directory = DirectoryOf(path);
  Directory& entry = directories_.at(directory);
  GenerationSearch search;
  search.path = path;
  search.files = RotationsOf(path, names, held);
  search.known = known;
  search.alive = entry.looked != 0 ? entry.looked : hooks_.alive();
  std::int64_t now = clock_.WallNanos();
  for (const RotatedFile& file : search.files) {
    if (!file.name.ends_with(".gz") || !Within(now - file.info.modified, kBeingMade)) continue;
    held.insert({file.name, std::string(NameOf(path))});
    entry.again = true;
    return;
  }
  if (auto present = StatPath(path); present && present->regular) {
    search.present_known = FindAt(path) != nullptr;
    for (KnownGeneration& generation : search.known) {
      if (generation.id.inode != present->id.inode || generation.id.birth != present->id.birth ||
          !ContentMatches(OpenBytes(path), generation.checkpoint)) {
        continue;
      }
      search.present_known = true;
      generation.open = generation.open || generation.checkpoint.offset > 0;
    }
  }
  std::vector<std::unique_ptr<FileBytes>> opened(search.files.size());
  auto found = FindGenerations(search, [&](std::size_t i, const Checkpoint& checkpoint) {
    if (!opened[i]) {
      opened[i] = std::make_unique<FileBytes>(OpenBytes(PathIn(directory, search.files[i].name)));
    }
    bool matches = ContentMatches(*opened[i], checkpoint);
    if (opened.size() > 64) opened[i].reset();  // descriptors are few
    return matches;
  });
  std::vector<bool> settled(search.files.size());
  for (auto [i, k] : found.known) {
    settled[i] = true;
    const RotatedFile& file = search.files[i];
    const KnownGeneration& generation = search.known[k];
    if (by_inode_.contains({file.info.id.device, file.info.id.inode})) continue;
    bool more = file.info.size > generation.checkpoint.offset && !file.name.ends_with(".gz");
    std::string full = PathIn(directory, file.name);
    // A copy of what is still in its place is of no use.
    bool copied = generation.checkpoint.offset == 0 && BeginsWith(OpenBytes(path), OpenBytes(full));
    if (!generation.open && !copied && (!generation.finished || more)) {
      Resume(full, generation.file_id);
      known[k].open = true;
    } else {
      entry.done[file.info.id.inode] = file.info.id.birth;
    }
  }
  for (std::size_t i : found.unseen) {
    settled[i] = true;
    std::string full = PathIn(directory, search.files[i].name);
    if (Excluded(full)) continue;
    LogInfo("a log file was begun and rotated away unseen", {{"path", path}, {"now", full}});
    Open(full, path, false);
  }
  for (std::size_t i = 0; i < settled.size(); ++i) {
    const RotatedFile& file = search.files[i];
    if (!settled[i] && BeingCopied(PathIn(directory, file.name), file, search)) {
      held.insert(file.name);
      entry.again = true;
    }
  }
}

// Of a file that is wanted by itself: whether it will be the copy of an open generation.
bool FileSet::BeingCopied(const std::string& path, const RotatedFile& file,
                          const GenerationSearch& search) const {
  if (!Wants(path) || by_inode_.contains({file.info.id.device, file.info.id.inode})) return false;
  std::int64_t born = file.info.id.birth != 0 ? file.info.id.birth : file.info.modified;
  std::int64_t age = clock_.WallNanos() - born;
  if (Within(age, kBeingMade)) return true;
  if (!Within(age, kBeingCopied)) return false;
  return std::any_of(search.known.begin(), search.known.end(), [&](const KnownGeneration& known) {
    const TailedFile* open = known.path == search.path ? Find(known.file_id) : nullptr;
    return open != nullptr && file.info.size < open->known().offset &&
           SameStart(open->bytes, OpenBytes(path), file.info.size);
  });
}

void FileSet::Resume(const std::string& path, std::uint64_t file_id) {
  auto file = Prepare(path, path);
  if (file && hooks_.resume(*file, file_id)) Adopt(std::move(file), path, true);
}

// Files may begin alike, so where not all that was seen is there, only a copy counts that was made
// since the file was found.
bool FileSet::IsCopy(const TailedFile& file, const FileBytes& bytes, const FileInfo& info) const {
  if (file.known().offset > 0 && ContentMatches(bytes, file.known())) return true;
  if (file.checkpoint.offset > 0 || bytes.compressed() || info.size == 0) return false;
  if (info.id.birth < file.arrival_times.WallAt(0)) return false;
  // A file that was renamed has younger ones beside it that are no copies of it.
  auto present = StatPath(file.path);
  if (!present || present->id != file.info.id) return false;
  // It grew, and was seen to, between the copy and the truncation.
  if (file.seen.offset > 0) return ContentMatches(bytes, file.first_seen);
  // It was empty when it was seen.
  auto known = hooks_.known(file.directory);
  return std::none_of(known.begin(), known.end(), [&](const KnownGeneration& other) {
    return other.checkpoint.offset > 0 && ContentMatches(bytes, other.checkpoint);
  });
}

// A file that is copied and then truncated goes on in its copy, if there is one: what was not read
// of it is there. The truncated file is a new generation.
bool FileSet::ContinueInCopy(TailedFile& file) {
  std::set<std::string> held;
  auto copies = RotationsOf(file.path, NamesIn(file.directory), held);
  for (auto copy = copies.rbegin(); copy != copies.rend(); ++copy) {
    if (by_inode_.contains({copy->info.id.device, copy->info.id.inode})) continue;
    std::string full = PathIn(file.directory, copy->name);
    FileBytes bytes = OpenBytes(full);
    auto info = StatFile(bytes.fd());
    if (!info || !IsCopy(file, bytes, *info)) continue;
    if (bytes.compressed()) info->size = bytes.UncompressedSize();
    std::uint64_t missing = file.info.size > info->size ? file.info.size - info->size : 0;
    LogInfo("a log file was copied and truncated: reading on in the copy",
            {{"path", file.path}, {"copy", full}, {"offset", file.checkpoint.offset}});
    auto rest = std::make_unique<TailedFile>(std::move(file));
    rest->rotated = true;
    file = TailedFile{};
    file.file_id = rest->file_id;
    file.path = rest->path;
    file.directory = rest->directory;
    file.source = rest->source;
    file.bytes = std::exchange(rest->bytes, std::move(bytes));
    if (auto now = StatFile(file.bytes.fd())) file.info = *now;
    rest->info = *info;
    rest->searched = std::min(rest->searched, info->size);
    rest->arrival_times.Note(info->size, clock_.WallNanos(), clock_.Steady());
    file.grown = rest->grown = clock_.Steady();
    file.arrival_times.Note(file.info.size, clock_.WallNanos(), clock_.Steady());
    hooks_.moved(*rest, missing);
    NoteSeen(*rest);
    by_inode_[{info->id.device, info->id.inode}] = rest->file_id;
    auto node = files_.extract(rest->file_id);
    hooks_.begun(file);
    NoteSeen(file);
    node.key() = file.file_id;
    by_inode_[{file.info.id.device, file.info.id.inode}] = file.file_id;
    files_.insert(std::move(node));
    files_[rest->file_id] = std::move(rest);
    return true;
  }
  return false;
}

}  // namespace telltale
