// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/copies.h"

#include <algorithm>
#include <set>
#include <utility>

#include "sidecar/discover/path_parts.h"
#include "sidecar/discover/rotated_files.h"

namespace telltale {
namespace {

constexpr int kMostRounds = 4;

}  // namespace

bool Copies::Appeared(const TailedFile& file, const Copy& copy) const {
  const Directory* directory = discovery_.Find(file.directory);
  return directory != nullptr && directory->Appeared(NameOf(copy.path), copy.info.id.inode);
}

// Files may begin alike, so where not all that was seen is there, only a copy counts that was made
// since the file was found. Its time of birth says so, or after the clock was set back the listing.
bool Copies::IsCopy(const TailedFile& file, const Copy& copy) const {
  if (file.known().offset > 0 && ContentMatches(copy.bytes, file.known())) return true;
  if (file.checkpoint.offset > 0 || copy.bytes.compressed() || copy.info.size == 0) return false;
  if (copy.info.id.birth < file.arrival_times.WallAt(0) && !Appeared(file, copy)) return false;
  // A file that was renamed has younger ones beside it that are no copies of it.
  auto present = StatPath(file.path);
  if (!present || present->id != file.info.id) return false;
  // It grew, and was seen to, between the copy and the truncation.
  if (file.fingerprint.offset > 0) return ContentMatches(copy.bytes, file.first_fingerprint);
  // It was empty when it was seen. While it holds what the copy does, it is not truncated yet.
  if (BeginsWith(file.bytes, copy.bytes)) return false;
  auto known = history_.Known(file.directory);
  return std::none_of(known.begin(), known.end(), [&](const KnownGeneration& other) {
    return other.checkpoint.offset > 0 && ContentMatches(copy.bytes, other.checkpoint);
  });
}

bool Copies::IsCopyOfRegrown(const TailedFile& file, const Copy& copy) const {
  if (copy.bytes.compressed() || copy.info.size <= file.known().offset) return false;
  if (!Appeared(file, copy) || !ContentMatches(copy.bytes, file.known())) return false;
  auto present = StatPath(file.path);
  return present && present->id == file.info.id && !BeginsWith(file.bytes, copy.bytes);
}

std::optional<Copy> Copies::Find(const TailedFile& file) const {
  return Find(file, [&](const Copy& copy) { return IsCopy(file, copy); });
}

std::optional<Copy> Copies::FindOfRegrown(const TailedFile& file) const {
  return Find(file, [&](const Copy& copy) { return IsCopyOfRegrown(file, copy); });
}

std::vector<std::string> Copies::UnseenBehind(const std::string& path,
                                              const std::string& after) const {
  std::vector<std::string> out;
  const std::string folder = DirectoryOf(path);
  const Directory* directory = discovery_.Find(folder);
  if (directory == nullptr) return out;
  std::set<std::string> held;
  const FileBytes present = OpenBytes(path);
  bool behind = false;
  const auto names = Discovery::PlainNamesIn(folder);
  const NamesByBase by_base(names, BasesOf(history_.Known(folder)));
  for (const RotatedFile& file : RotationsOf(path, by_base, discovery_.sources(), held)) {
    const std::string full = PathIn(folder, file.name);
    if (!std::exchange(behind, behind || full == after)) continue;
    if (file.name.ends_with(".gz") || file.info.size == 0 || open_.Has(file.info.id)) continue;
    if (!directory->Appeared(file.name, file.info.id.inode)) continue;
    if (directory->done.contains(file.info.id.inode)) continue;
    const SourceList& sources = discovery_.sources();
    if (sources.Wants(full) || sources.Excluded(full)) continue;
    if (!BeginsWith(present, OpenBytes(full))) out.push_back(full);
  }
  return out;
}

// Where names changed while it was looked for, it may have gone on to the next name: the log was
// rotated again.
std::optional<Copy> Copies::Find(const TailedFile& file,
                                 FunctionRef<bool(const Copy&)> is_copy) const {
  std::optional<Copy> copy;
  Discovery::Names before, names = Discovery::PlainNamesIn(file.directory);
  for (int round = 0; round < kMostRounds && !copy && before != names; ++round) {
    copy = FindAmong(names, file, is_copy);
    before = std::exchange(names, Discovery::PlainNamesIn(file.directory));
  }
  return copy;
}

// The youngest one.
std::optional<Copy> Copies::FindAmong(const Discovery::Names& names, const TailedFile& file,
                                      FunctionRef<bool(const Copy&)> is_copy) const {
  std::set<std::string> held;
  const NamesByBase by_base(names, BasesOf(history_.Known(file.directory)));
  auto copies = RotationsOf(file.path, by_base, discovery_.sources(), held);
  for (auto copy = copies.rbegin(); copy != copies.rend(); ++copy) {
    if (open_.Has(copy->info.id)) continue;
    if (copy->own && file.known().offset < Checkpoint::kTailBytes) continue;
    Copy out{PathIn(file.directory, copy->name), {}, {}};
    out.bytes = OpenBytes(out.path);
    auto info = StatFile(out.bytes.fd());
    if (!info) continue;
    out.info = *info;
    if (!is_copy(out)) continue;
    if (out.bytes.compressed()) out.info.size = out.bytes.UncompressedSize();
    return out;
  }
  return std::nullopt;
}

}  // namespace telltale
