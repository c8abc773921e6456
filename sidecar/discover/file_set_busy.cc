// SPDX-License-Identifier: Apache-2.0
//
// How FileSet follows directories whose files are written to all the time. Each write is an event
// that the kernel copies and we read: fifty files that get 200 lines a second each cost more in
// events than in everything else. In such a directory we do without the events of writes and look
// at the files ten times a second. Its other events (new names, renames, deletes) stay on.

#include <algorithm>
#include <utility>

#include "sidecar/discover/file_set.h"

namespace telltale {
namespace {

// Between two looks at the events of a directory, which are fifty milliseconds apart.
constexpr std::uint32_t kManyWrites = 16;
// A busy directory may have so many open files for each of these writes, so that a look at each
// costs less than the events did.
constexpr std::size_t kFilesPerWrite = 10;
constexpr std::chrono::milliseconds kLookEvery{100};
constexpr std::chrono::seconds kRest{1};

}  // namespace

std::optional<SteadyTime> FileSet::NextLook() const {
  std::optional<SteadyTime> next;
  for (const auto& [path, directory] : discovery_.directories()) {
    if (directory.busy && (!next || directory.look_at < *next)) next = directory.look_at;
  }
  return next;
}

void FileSet::RefreshChanged() {
  const SteadyTime now = clock_.Steady();
  for (auto& [path, directory] : discovery_.directories()) {
    if (directory.busy && now >= directory.look_at) directory.refresh = true;
  }
  std::vector<TailedFile*> changed;
  for (auto& [file_id, file] : open_.by_id()) {
    const Directory* directory = discovery_.Find(file->directory);
    if (directory != nullptr && directory->refresh) changed.push_back(file.get());
  }
  for (TailedFile* file : changed) Refresh(*file);
  for (auto& [path, directory] : discovery_.directories()) {
    if (std::exchange(directory.refresh, false)) SeeIfBusy(path, directory, now);
  }
}

// The files of the directory were looked at, from `began` on. A closed file is known by its events
// only, so there must be none.
void FileSet::SeeIfBusy(const std::string& path, Directory& directory, SteadyTime began) {
  const std::uint32_t writes = std::exchange(directory.writes, 0);
  if (!directory.busy && writes < kManyWrites) return;
  const std::vector<TailedFile*> files = open_.In(path);
  if (!directory.busy) {
    if (files.size() > kFilesPerWrite * writes || idle_.AnyIn(path)) return;
    discovery_.SetBusy(path, directory, true);
    directory.written_at = began;
  }
  directory.look_at = began + kLookEvery;
  const bool written = std::any_of(files.begin(), files.end(),
                                   [&](const TailedFile* file) { return file->grown >= began; });
  if (written) directory.written_at = began;
  if (began - directory.written_at < kRest && !idle_.AnyIn(path)) return;
  discovery_.SetBusy(path, directory, false);
  RefreshIn(path);  // what was written before the events are back
}

}  // namespace telltale
