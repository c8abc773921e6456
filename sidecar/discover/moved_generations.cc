// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/moved_generations.h"

#include <algorithm>
#include <set>

#include "common/base/log.h"
#include "sidecar/discover/path_parts.h"
#include "sidecar/discover/rotated_files.h"

namespace telltale {

void MovedGenerations::Find(Rotations::Open open) {
  std::vector<KnownGeneration> missing = history_.Missing();
  std::erase_if(missing, [&](const auto& k) { return !discovery_.sources().Wants(k.path); });
  if (missing.empty()) return;
  std::vector<std::string> directories;
  for (const auto& [path, directory] : discovery_.directories()) directories.push_back(path);
  for (const std::string& directory : directories) FindIn(directory, missing, open);
}

void MovedGenerations::FindIn(const std::string& directory,
                              const std::vector<KnownGeneration>& missing, Rotations::Open open) {
  const Discovery::Names names = Discovery::PlainNamesIn(directory);
  std::set<std::string> found;  // paths of which a generation lies here
  for (const KnownGeneration& k : missing) {
    if (DirectoryOf(k.path) == directory || open_.Find(k.file_id) != nullptr) continue;
    for (const auto& [name, inode] : names) {
      const std::string full = PathIn(directory, name);
      const bool same = inode == k.id.inode;
      const bool maybe_copy = k.checkpoint.offset > 0 && IsGenerationOf(NameOf(k.path), name);
      if ((!same && !maybe_copy) || open_.FindAt(full) != nullptr) continue;
      const FileBytes bytes = OpenBytes(full);
      auto info = StatFile(bytes.fd());
      if (!info || !info->regular) continue;
      if (same && info->id.birth != k.id.birth) continue;
      if (!ContentMatches(bytes, k.checkpoint)) continue;
      open({.kind = FoundGeneration::Kind::kResume,
            .path = full,
            .shipped = full,
            .file_id = k.file_id});
      found.insert(k.path);
      break;
    }
  }
  for (const std::string& path : found) FindYounger(directory, path, names, open);
}

// Only where a known generation of the path was found, and no file of the directory has the same
// name: its rotations would be other ones.
void MovedGenerations::FindYounger(const std::string& directory, const std::string& path,
                                   const Discovery::Names& names, Rotations::Open open) {
  const std::string here = PathIn(directory, std::string(NameOf(path)));
  if (names.contains(std::string(NameOf(path)))) return;
  const std::vector<KnownGeneration> others = history_.Known(directory);
  if (std::any_of(others.begin(), others.end(), [&](const auto& k) { return k.path == here; })) {
    return;
  }
  std::set<std::string> held;
  GenerationSearch search;
  search.path = path;
  search.known = history_.Known(DirectoryOf(path));
  search.files = RotationsOf(here, NamesByBase(names, {std::string(NameOf(path))}),
                             discovery_.sources(), held);
  search.last_scan = history_.last_scan();
  const auto matches = [&](std::size_t i, const Checkpoint& checkpoint) {
    return ContentMatches(OpenBytes(PathIn(directory, search.files[i].name)), checkpoint);
  };
  for (const std::size_t i : FindGenerations(search, matches).unseen) {
    const std::string full = PathIn(directory, search.files[i].name);
    if (discovery_.sources().Excluded(full) || open_.Has(search.files[i].info.id)) continue;
    LogInfo("a log file was begun and rotated away unseen", {{"path", path}, {"now", full}});
    open({.kind = FoundGeneration::Kind::kUnseen, .path = full, .shipped = path});
  }
}

}  // namespace telltale
