// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/rotations.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "common/base/log.h"
#include "sidecar/discover/path_parts.h"
#include "sidecar/discover/rotated_files.h"

namespace telltale {
namespace {

// A younger file may still be written by the program that copies or compresses. That takes longer
// if what it holds so far is the start of something that is being read.
constexpr std::int64_t kBeingMade = 2'000'000'000, kBeingCopied = 60'000'000'000;

bool Within(std::int64_t age, std::int64_t limit) { return age >= 0 && age < limit; }

}  // namespace

bool Rotations::HasNew(const std::string& directory, const Names& wanted,
                       FunctionRef<bool(const std::string&, std::uint64_t)> settled) {
  std::vector<KnownGeneration> known;
  for (const auto& [name, inode] : wanted) {
    if (settled(name, inode) || IsDone(directory, name, inode)) continue;
    if (open_.FindAt(PathIn(directory, name)) != nullptr) continue;
    if (known.empty()) known = history_.Known(directory);
    if (known.empty()) return false;
    for (const KnownGeneration& generation : known) {
      const std::string_view base = NameOf(generation.path);
      if (IsRotationOf(base, name)) return true;
      if (name.ends_with(".gz") && base != name && Mentions(name, base)) return true;
    }
  }
  return false;
}

bool Rotations::IsDone(const std::string& directory, const std::string& name, std::uint64_t inode) {
  Directory* entry = discovery_.Find(directory);
  if (entry == nullptr) return false;
  auto found = entry->done.find(inode);
  if (found == entry->done.end()) return false;
  auto info = StatPath(PathIn(directory, name), true);
  if (info && info->id.birth == found->second) return true;
  entry->done.erase(found);  // the inode was used again
  return false;
}

bool Rotations::MayBeCopy(const DirEvent& event) const {
  if (event.name.ends_with(".gz")) return false;
  const auto& files = open_.by_id();
  return std::any_of(files.begin(), files.end(), [&](const auto& entry) {
    const TailedFile& file = *entry.second;
    return file.directory == event.directory && IsGenerationOf(NameOf(file.path), event.name);
  });
}

bool Rotations::IsForLater(const std::string& path, const std::string& from) const {
  const std::string directory = DirectoryOf(path);
  const Directory* entry = discovery_.Find(directory);
  if (entry == nullptr || entry->trusted || DirectoryOf(from) != directory ||
      open_.FindAt(from) != nullptr) {
    return false;
  }
  const bool other = discovery_.sources().Wants(path) && !IsRotationOf(NameOf(from), NameOf(path));
  if (other || !IsGenerationOf(NameOf(from), NameOf(path))) return false;
  auto known = history_.Known(directory);
  return std::any_of(known.begin(), known.end(), [&](const auto& k) { return k.path == from; });
}

void Rotations::Find(const std::string& directory, const Names& names, Held& held, Open open) {
  std::vector<KnownGeneration> known = history_.Known(directory);
  std::set<std::string> paths;
  for (const KnownGeneration& generation : known) {
    if (discovery_.sources().Wants(generation.path)) paths.insert(generation.path);
  }
  const NamesByBase by_base(names, BasesOf(known));
  for (const std::string& path : paths) FindOf(path, by_base, known, held, open);
  FindUnderAnyName(directory, names, known, held, open);
  FindContentUnderAnyName(directory, names, known, held, open);
}

// Those that are wanted by themselves are opened by the listing. None is opened while an older
// generation of its path is waited for.
void Rotations::FindUnderAnyName(const std::string& directory, const Names& names,
                                 const std::vector<KnownGeneration>& known, const Held& held,
                                 Open open) {
  std::set<std::uint64_t> inodes;
  for (const KnownGeneration& k : known) {
    if (!k.open && !k.present && discovery_.sources().Wants(k.path) &&
        !held.contains(std::string(NameOf(k.path)))) {
      inodes.insert(k.id.inode);
    }
  }
  if (inodes.empty()) return;
  for (const auto& [name, inode] : names) {
    if (!inodes.contains(inode)) continue;
    std::string full = PathIn(directory, name);
    if (discovery_.sources().Wants(full) || open_.FindAt(full) != nullptr) continue;
    open({.kind = FoundGeneration::Kind::kKnown, .path = full, .shipped = full});
  }
}

// Files that were compressed or copied under names that no rule knows, as archive-app.log.gz: only
// their content tells. The name must have that of the log in it, and enough must have been read.
void Rotations::FindContentUnderAnyName(const std::string& directory, const Names& names,
                                        const std::vector<KnownGeneration>& known, Held& held,
                                        Open open) {
  const std::set<std::string> bases = BasesOf(known);
  std::set<std::uint64_t> inodes;
  std::vector<std::string> wanted, others;  // of the others only what is lost is of interest
  for (const auto& [name, inode] : names) {
    inodes.insert(inode);
    const std::string full = PathIn(directory, name);
    if (bases.contains(name) || open_.FindAt(full) || IsDone(directory, name, inode)) continue;
    if (!discovery_.sources().Wants(full)) {
      others.push_back(name);
    } else if (name.ends_with(".gz")) {
      wanted.push_back(name);
    }
  }
  if (wanted.empty() && others.empty()) return;
  for (const KnownGeneration& k : known) {
    const std::string base(NameOf(k.path));
    if (k.checkpoint.offset < Checkpoint::kTailBytes || held.contains(base)) continue;
    if (!discovery_.sources().Wants(k.path)) continue;
    const bool closed = !k.open && !k.present && !k.finished && !open_.Find(k.file_id);
    const bool lost = closed && !(inodes.contains(k.id.inode) && IsInPlace(directory, names, k));
    const bool found = FindContent(directory, k, wanted, lost, held, open);
    if (lost && !found) FindContent(directory, k, others, true, held, open);
  }
}

// Opens the file that holds the generation if that is `lost`, else notes that it was read.
bool Rotations::FindContent(const std::string& directory, const KnownGeneration& generation,
                            const std::vector<std::string>& names, bool lost, Held& held,
                            Open open) {
  Directory& entry = *discovery_.Find(directory);
  const std::string base(NameOf(generation.path));
  for (const std::string& name : names) {
    if (!Mentions(name, base) || IsGenerationOf(base, name)) continue;
    const std::string full = PathIn(directory, name);
    const FileBytes bytes = OpenBytes(full);
    auto info = StatFile(bytes.fd());
    if (!info || !info->regular || open_.Has(info->id)) continue;
    if (IsBeingCompressed({.name = name, .info = *info}, clock_.WallNanos())) {
      held.insert({name, base});
      entry.again = true;
      return true;
    }
    if (!ContentMatches(bytes, generation.checkpoint)) continue;
    if (!lost) {
      entry.done[info->id.inode] = info->id.birth;
      continue;
    }
    open({.kind = FoundGeneration::Kind::kResume,
          .path = full,
          .shipped = full,
          .file_id = generation.file_id});
    return true;
  }
  return false;
}

// Whether the file lies in the directory as it was, under whatever name.
bool Rotations::IsInPlace(const std::string& directory, const Names& names,
                          const KnownGeneration& generation) {
  return std::any_of(names.begin(), names.end(), [&](const auto& entry) {
    return entry.second == generation.id.inode &&
           ContentMatches(OpenBytes(PathIn(directory, entry.first)), generation.checkpoint);
  });
}

// Whether what lies under the path itself is a known generation, and which one if it is not open.
std::optional<std::size_t> Rotations::LookAtPresent(GenerationSearch& search) const {
  std::optional<std::size_t> closed;
  auto present = StatPath(search.path);
  if (!present || !present->regular) return closed;
  search.present_known = open_.FindAt(search.path) != nullptr;
  for (std::size_t k = 0; k < search.known.size(); ++k) {
    KnownGeneration& generation = search.known[k];
    if (generation.id.inode != present->id.inode || generation.id.birth != present->id.birth ||
        !ContentMatches(OpenBytes(search.path), generation.checkpoint)) {
      continue;
    }
    search.present_known = true;
    if (!generation.open && generation.path == search.path) closed = k;
    generation.open = generation.open || generation.checkpoint.offset > 0;
  }
  return closed;
}

// While we were down a known file was copied and truncated, and has grown again with the same first
// bytes: the copy that was made meanwhile holds more than what was read, and something else than
// the file has there now.
bool Rotations::LeftInCopy(const GenerationSearch& search, const KnownGeneration& present,
                           const RotatedFile& file) const {
  const std::int64_t made = std::min(file.info.id.birth, file.info.modified);
  if (file.name.ends_with(".gz") || search.last_scan == 0) return false;
  if (made <= search.last_scan - kBeingMade) return false;
  return file.info.size > present.checkpoint.offset &&
         !BeginsWith(OpenBytes(search.path),
                     OpenBytes(PathIn(DirectoryOf(search.path), file.name)));
}

void Rotations::FindOf(const std::string& path, const NamesByBase& names,
                       std::vector<KnownGeneration>& known, Held& held, Open open) {
  const std::string directory = DirectoryOf(path);
  Directory& entry = *discovery_.Find(directory);
  GenerationSearch search;
  search.path = path;
  search.files = RotationsOf(path, names, discovery_.sources(), held);
  if (search.files.empty()) return;
  search.known = known;
  for (RotatedFile& file : search.files) {
    file.appeared = entry.Appeared(file.name, file.info.id.inode);
  }
  search.last_scan = entry.last_scan != 0 ? entry.last_scan : history_.last_scan();
  for (const RotatedFile& file : search.files) {
    if (!IsBeingCompressed(file, clock_.WallNanos())) continue;
    held.insert({file.name, std::string(NameOf(path))});
    entry.again = true;
    return;
  }
  const std::optional<std::size_t> present = LookAtPresent(search);
  std::vector<std::unique_ptr<FileBytes>> opened(search.files.size());
  const auto matches = [&](std::size_t i, const Checkpoint& checkpoint) {
    if (!opened[i]) {
      opened[i] = std::make_unique<FileBytes>(OpenBytes(PathIn(directory, search.files[i].name)));
    }
    const bool same = ContentMatches(*opened[i], checkpoint);
    if (opened.size() > 64) opened[i].reset();  // descriptors are few
    return same;
  };
  auto found = FindGenerations(search, matches);
  const auto left = [&](std::size_t i, std::size_t k) {
    return k == present && LeftInCopy(search, search.known[k], search.files[i]);
  };
  // Of a file that was copied and truncated, the copies that were made after that are unseen.
  if (std::ranges::any_of(found.known, [&](const auto& pair) {
        return search.known[pair.second].checkpoint.offset > 0 && left(pair.first, pair.second);
      })) {
    search.present_known = false;
    found = FindGenerations(search, matches);
  }
  std::vector<bool> settled(search.files.size());
  for (auto [i, k] : found.known) {
    settled[i] = true;
    const RotatedFile& file = search.files[i];
    const KnownGeneration& generation = search.known[k];
    if (open_.Has(file.info.id)) continue;
    const bool more = file.info.size > generation.checkpoint.offset && !file.name.ends_with(".gz");
    std::string full = PathIn(directory, file.name);
    // A copy of what is still in its place is of no use.
    const bool copied =
        generation.checkpoint.offset == 0 && BeginsWith(OpenBytes(path), OpenBytes(full));
    if ((!copied && left(i, k)) ||
        (!generation.open && !copied && (!generation.finished || more))) {
      open({.kind = FoundGeneration::Kind::kResume,
            .path = full,
            .shipped = full,
            .file_id = generation.file_id});
      known[k].open = true;
    } else {
      entry.done[file.info.id.inode] = file.info.id.birth;
    }
  }
  for (std::size_t i : found.unseen) {
    settled[i] = true;
    std::string full = PathIn(directory, search.files[i].name);
    if (discovery_.sources().Excluded(full)) continue;
    LogInfo("a log file was begun and rotated away unseen", {{"path", path}, {"now", full}});
    open({.kind = FoundGeneration::Kind::kUnseen, .path = full, .shipped = path});
  }
  for (std::size_t i = 0; i < settled.size(); ++i) {
    const RotatedFile& file = search.files[i];
    if (settled[i] || !BeingCopied(PathIn(directory, file.name), file, search)) continue;
    held.insert(file.name);
    entry.again = true;
  }
}

// Of a file that is wanted by itself: whether it will be the copy of an open generation.
bool Rotations::BeingCopied(const std::string& path, const RotatedFile& file,
                            const GenerationSearch& search) const {
  if (!discovery_.sources().Wants(path) || open_.Has(file.info.id)) return false;
  const std::int64_t born = file.info.id.birth != 0 ? file.info.id.birth : file.info.modified;
  const std::int64_t age = clock_.WallNanos() - born;
  if (Within(age, kBeingMade)) return true;
  if (!Within(age, kBeingCopied)) return false;
  return std::any_of(search.known.begin(), search.known.end(), [&](const KnownGeneration& known) {
    const TailedFile* open = known.path == search.path ? open_.Find(known.file_id) : nullptr;
    return open != nullptr && file.info.size < open->known().offset &&
           SameStart(open->bytes, OpenBytes(path), file.info.size);
  });
}

}  // namespace telltale
