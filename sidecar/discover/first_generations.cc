// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/first_generations.h"

#include <algorithm>

#include "common/base/log.h"
#include "sidecar/discover/path_parts.h"
#include "sidecar/discover/rotated_files.h"

namespace telltale {
namespace {

// Whether the file may be what is missing of another one.
bool IsAmong(const std::vector<KnownGeneration>& missing, const std::string& path,
             const RotatedFile& file) {
  return std::any_of(missing.begin(), missing.end(), [&](const KnownGeneration& k) {
    if (k.id.inode == file.info.id.inode && k.id.birth == file.info.id.birth) return true;
    return k.checkpoint.offset > 0 && ContentMatches(OpenBytes(path), k.checkpoint);
  });
}

}  // namespace

void FirstGenerations::Find(const std::string& directory, const Discovery::Names& names,
                            const std::vector<std::string>& fresh, Rotations::Held& held,
                            Rotations::Open open) {
  Directory* entry = discovery_.Find(directory);
  if (fresh.empty() || entry == nullptr) return;
  // Before the very first look nothing is unseen.
  if (entry->last_scan == 0 && entry->SeenSince(history_.last_scan()) == 0) return;
  const std::vector<KnownGeneration> known = history_.Known(directory);
  std::set<std::string> bases;
  for (const KnownGeneration& k : known) bases.emplace(NameOf(k.path));
  std::vector<std::string> unknown;
  for (const std::string& name : fresh) {
    if (bases.insert(name).second) unknown.push_back(name);
  }
  if (unknown.empty()) return;
  const NamesByBase by_base(names, std::move(bases));
  const std::vector<KnownGeneration> missing = history_.Missing();
  for (const std::string& name : unknown) {
    const std::string path = PathIn(directory, name);
    const FileBytes present = OpenBytes(path);
    for (const RotatedFile& file : RotationsOf(path, by_base, discovery_.sources(), held)) {
      const std::string full = PathIn(directory, file.name);
      if (file.own || file.info.size == 0 || !WrittenSince(*entry, file)) continue;
      if (open_.Has(file.info.id) || discovery_.sources().Excluded(full)) continue;
      // A pattern that takes it by itself opens it under its own name.
      if (discovery_.sources().Wants(full) || IsAmong(missing, full, file)) continue;
      if (IsBeingCompressed(file, clock_.WallNanos())) {
        held.insert({file.name, name});
        entry->again = true;
        break;  // and with it all that is younger
      }
      // The copy is made, and the file is not truncated yet.
      if (BeginsWith(present, OpenBytes(full))) continue;
      LogInfo("a log file was begun and rotated away before it was first seen",
              {{"path", path}, {"now", full}});
      open({.kind = FoundGeneration::Kind::kUnseen, .path = full, .shipped = path});
    }
  }
}

bool FirstGenerations::WrittenSince(const Directory& directory, const RotatedFile& file) const {
  if (directory.last_scan != 0) return directory.Appeared(file.name, file.info.id.inode);
  const std::int64_t since = directory.SeenSince(history_.last_scan());
  return file.info.modified > since && (file.info.id.birth == 0 || file.info.id.birth > since);
}

}  // namespace telltale
