// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/rotated_files.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sidecar/discover/path_parts.h"

namespace telltale {

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

std::vector<RotatedFile> RotationsOf(const std::string& path, const Discovery::Names& names,
                                     const SourceList& sources, std::set<std::string>& held) {
  std::vector<RotatedFile> files;
  const std::string base(NameOf(path)), directory = DirectoryOf(path);
  auto add = [&](const std::string& name) {
    if (name.ends_with(".gz") && names.contains(name.substr(0, name.size() - 3))) {
      held.insert(name);
      return;
    }
    auto info = StatPath(PathIn(directory, name), true);
    if (info && info->regular) files.push_back({name, *info});
  };
  for (auto it = names.lower_bound(base); it != names.end() && it->first.starts_with(base); ++it) {
    if (IsRotationOf(base, it->first)) add(it->first);
  }
  // A name such as app-20260131.log is a generation of app.log only if no source wants it by
  // itself.
  const std::string_view stem = StemOf(base);
  for (auto it = names.lower_bound(std::string(stem));
       it != names.end() && it->first.starts_with(stem); ++it) {
    if (IsDatedBeside(base, it->first) && !sources.Wants(PathIn(directory, it->first)))
      add(it->first);
  }
  SortByAge(base, files);
  return files;
}

}  // namespace telltale
