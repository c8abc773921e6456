// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/rotated_files.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sidecar/discover/path_parts.h"

namespace telltale {
namespace {

constexpr std::int64_t kBeingMade = 2'000'000'000;

}  // namespace

FileBytes OpenBytes(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW));
  auto form = FileBytes::FormOf(fd.get(), path);
  return FileBytes(std::move(fd), form);
}

bool SameStart(const FileBytes& a, const FileBytes& b, std::uint64_t size) {
  std::array<char, Checkpoint::kHeadBytes> left, right;
  const std::size_t want = std::min<std::uint64_t>(size, left.size());
  auto n = a.ReadAt(left.data(), want, 0), m = b.ReadAt(right.data(), want, 0);
  return n && m && *n == want && *m == want &&
         std::equal(left.data(), left.data() + want, right.data());
}

bool BeginsWith(const FileBytes& whole, const FileBytes& part) {
  auto info = StatFile(part.fd());
  auto checkpoint = info ? MakeCheckpoint(part, info->size) : info.error();
  return checkpoint && checkpoint->offset > 0 && ContentMatches(whole, *checkpoint);
}

NamesByBase::NamesByBase(const Discovery::Names& names, std::set<std::string> bases)
    : names_(names) {
  for (const std::string& base : bases) bases_.insert(base);
  for (const auto& [name, inode] : names) {
    for (const std::string_view base : BasesBehindDate(name)) {
      if (!IsBase(base)) continue;
      dated_before_[std::string(base)].push_back(name);
      break;
    }
  }
}

const std::vector<std::string>& NamesByBase::DatedBefore(const std::string& base) const {
  static const std::vector<std::string> kNone;
  const auto found = dated_before_.find(base);
  return found == dated_before_.end() ? kNone : found->second;
}

std::set<std::string> BasesOf(const std::vector<KnownGeneration>& known) {
  std::set<std::string> bases;
  for (const KnownGeneration& generation : known) bases.emplace(NameOf(generation.path));
  return bases;
}

bool IsBeingCompressed(const RotatedFile& file, std::int64_t now) {
  const std::int64_t age = now - file.info.modified;
  return file.name.ends_with(".gz") && age >= 0 && age < kBeingMade;
}

std::vector<RotatedFile> RotationsOf(const std::string& path, const NamesByBase& by_base,
                                     const SourceList& sources, std::set<std::string>& held) {
  std::vector<RotatedFile> files;
  const Discovery::Names& names = by_base.names();
  const std::string base(NameOf(path)), directory = DirectoryOf(path);
  auto add = [&](const std::string& name, bool own) {
    if (name.ends_with(".gz") && names.contains(name.substr(0, name.size() - 3))) {
      held.insert(name);
      return;
    }
    auto info = StatPath(PathIn(directory, name), true);
    if (info && info->regular) files.push_back({.name = name, .info = *info, .own = own});
  };
  // A plain file with such a name that a source wants by itself is another log.
  auto add_unless_other = [&](const std::string& name) {
    const bool compressed = name.ends_with(".gz");
    if (compressed && by_base.IsBase(name.substr(0, name.size() - 3))) return;
    const bool own = sources.Wants(PathIn(directory, name));
    if (!own || compressed) add(name, own);
  };
  for (auto it = names.lower_bound(base); it != names.end() && it->first.starts_with(base); ++it) {
    if (IsRotationOf(base, it->first)) add(it->first, false);
  }
  const std::string_view stem = StemOf(base);
  for (auto it = names.lower_bound(std::string(stem));
       it != names.end() && it->first.starts_with(stem); ++it) {
    if (IsDatedBeside(base, it->first)) add_unless_other(it->first);
  }
  for (const std::string& name : by_base.DatedBefore(base)) add_unless_other(name);
  SortByAge(base, files);
  return files;
}

}  // namespace telltale
