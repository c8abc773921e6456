// SPDX-License-Identifier: Apache-2.0
//
// What FileSet does with a file that was truncated: it goes on in the copy that was made before,
// and the file is a new generation.

#include <utility>

#include "common/base/log.h"
#include "sidecar/discover/file_set.h"
#include "sidecar/discover/path_parts.h"

namespace telltale {

// Of the first few bytes nothing can be told: "[2026-11" begins each generation. Only a new copy
// beside the file says that these are others. Where no event told of one, a long beginning that
// agrees is believed, so that a file without events is not compared with its copies at each change.
bool FileSet::RegrewAlike(TailedFile& file) {
  const Directory* directory = discovery_.Find(file.directory);
  if (directory == nullptr || directory->trusted || file.known().offset == 0) return false;
  if (!directory->watched && file.known().offset >= Checkpoint::kHeadBytes) return false;
  auto copy = copies_.FindOfRegrown(file);
  if (copy) ContinueIn(file, std::move(*copy));
  return copy.has_value();
}

void FileSet::Restart(TailedFile& file) {
  if (ContinueInCopy(file)) return;
  const std::uint64_t unread = file.unread() ? file.info.size - file.checkpoint.offset : 0;
  LogInfo("a log file was truncated and is read from its start",
          {{"path", file.path}, {"offset", file.checkpoint.offset}, {"unread_bytes", unread}});
  auto owned = open_.Take(file.file_id);
  if (auto info = StatFile(file.bytes.fd())) file.info = *info;
  file.checkpoint = file.sent = file.fingerprint = file.first_fingerprint = Checkpoint{};
  file.searched = 0;
  file.partial = file.held = file.rewritten = false;
  file.memory.clear();
  file.outstanding = 0;
  file.arrival_times.Clear();
  file.grown = clock_.Steady();
  file.arrival_times.Note(file.info.size, clock_.WallNanos(), clock_.Steady());
  history_.Truncated(file, unread);
  open_.Add(std::move(owned));
  NoteFingerprint(file);
}

// A file that is copied and then truncated goes on in its copy, if there is one: what was not read
// of it is there. The truncated file is a new generation.
bool FileSet::ContinueInCopy(TailedFile& file) {
  auto copy = copies_.Find(file);
  if (copy) ContinueIn(file, std::move(*copy));
  return copy.has_value();
}

// It may have been copied and truncated more than once since it was looked at. Called before the
// file gets its new id: the copies are older.
void FileSet::OpenCopiesBehind(const TailedFile& file, const std::string& after) {
  if (file.rotated) return;
  for (const std::string& copy : copies_.UnseenBehind(file.path, after)) {
    if (open_.by_id().size() >= max_open_) return;  // no other file is closed meanwhile
    LogInfo("a log file was copied and truncated again before it was looked at",
            {{"path", file.path}, {"copy", copy}});
    Open(copy, file.path, false);
  }
}

void FileSet::ContinueIn(TailedFile& file, Copy copy) {
  const std::uint64_t missing =
      file.info.size > copy.info.size ? file.info.size - copy.info.size : 0;
  LogInfo("a log file was copied and truncated: reading on in the copy",
          {{"path", file.path}, {"copy", copy.path}, {"offset", file.checkpoint.offset}});
  auto owned = open_.Take(file.file_id);
  // The old generation moves into an object of its own; `file` stays that of the path.
  auto rest = std::make_unique<TailedFile>(std::move(file));
  file = TailedFile{};
  file.path = rest->path;
  file.found_at = std::exchange(rest->found_at, copy.path);
  file.directory = rest->directory;
  file.source = rest->source;
  file.bytes = std::exchange(rest->bytes, std::move(copy.bytes));
  if (auto now = StatFile(file.bytes.fd())) file.info = *now;
  rest->rotated = true;
  rest->info = copy.info;
  rest->searched = std::min(rest->searched, copy.info.size);
  rest->arrival_times.Note(copy.info.size, clock_.WallNanos(), clock_.Steady());
  file.grown = rest->grown = clock_.Steady();
  file.arrival_times.Note(file.info.size, clock_.WallNanos(), clock_.Steady());
  history_.Moved(*rest, missing);
  NoteFingerprint(*rest);
  open_.Add(std::move(rest));
  OpenCopiesBehind(file, copy.path);
  history_.Begin(file);
  open_.Add(std::move(owned));
  NoteFingerprint(file);
}

}  // namespace telltale
