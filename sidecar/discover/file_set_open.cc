// SPDX-License-Identifier: Apache-2.0
//
// How FileSet lists directories and opens what is in them.
#include <algorithm>
#include <utility>

#include "common/base/log.h"
#include "sidecar/discover/file_opener.h"
#include "sidecar/discover/file_set.h"
#include "sidecar/discover/path_parts.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxFirstPaths = 10'000;
// So many listings in a row may be overtaken by renames before one is taken as it is.
constexpr int kMaxRestless = 4;
// An open file that is read to its end makes room for another one after so long without a change.
constexpr std::chrono::seconds kMakeRoomAfter{10};

}  // namespace

void FileSet::ListDirectory(const std::string& path, bool slow, bool known_only) {
  Directory* directory = discovery_.Find(path);
  if (directory == nullptr) return;
  discovery_.BeginListing(path, *directory);
  const std::int64_t now = clock_.WallNanos();
  const Discovery::Names names = discovery_.NamesIn(path);
  Discovery::Names wanted;
  for (const auto& [name, inode] : names) {
    if (Wants(PathIn(path, name))) wanted.emplace(name, inode);
  }
  // Of an unreadable directory nothing is known to be gone.
  if (directory->readable) {
    for (const auto& [gone, idle] : idle_.Update(path, names)) ForgetIdle(gone, idle);
  }
  RefreshIn(path);
  CheckIdleLinksIn(path);
  if (slow) CheckIdleIn(names, path);
  const auto idle = [&](const std::string& name, std::uint64_t inode) {
    return IsIdle(PathIn(path, name), inode);
  };
  Rotations::Held held;
  const auto open = [this](const FoundGeneration& found) { OpenFound(found); };
  if (!directory->trusted || rotations_.HasNew(path, wanted, idle)) {
    rotations_.Find(path, names, held, open);
  }
  std::vector<std::string> fresh;
  for (const auto& [name, inode] : wanted) {
    const bool settled = idle(name, inode) || rotations_.IsDone(path, name, inode);
    if (!settled && !held.contains(name) && open_.FindAt(PathIn(path, name)) == nullptr) {
      fresh.push_back(name);
    }
  }
  first_.Find(path, names, fresh, held, open);
  if (RenamedMeanwhile(*directory)) directory->again = true;
  if (!directory->again) {  // else something is left for the next time
    directory->last_scan = now;
    Discovery::EndListing(names, *directory);
  }
  directory->trusted = directory->watched && !directory->again;
  std::set<const TailedFile*> current;
  for (const auto& [name, inode] : wanted) {
    const std::string full = PathIn(path, name);
    if (first_paths_ && first_paths_->size() < kMaxFirstPaths) first_paths_->insert(full);
    if (idle(name, inode)) continue;
    TailedFile* file = open_.FindAt(full);
    if (file == nullptr && !held.contains(name) && !rotations_.IsDone(path, name, inode)) {
      Open(full, full, known_only);
      file = open_.FindAt(full);
    }
    if (file == nullptr) continue;
    file->found_at = full;
    current.insert(file);
  }
  for (TailedFile* file : open_.In(path)) {
    if (!directory->readable && !current.contains(file)) continue;
    const bool before = std::exchange(file->rotated, !current.contains(file));
    if (!before && file->rotated) SearchAgain(*file);
  }
}

// Whether names changed while a directory was listed whose events are not relied on yet. A file
// that went from one rotated name to the next meanwhile was looked for under the name that it had,
// and no event tells of it again. A directory that never rests is taken as it is after a few
// listings.
bool FileSet::RenamedMeanwhile(Directory& directory) {
  if (directory.trusted) return false;
  TakeEvents();
  if (!directory.list || ++directory.restless > kMaxRestless) directory.restless = 0;
  return directory.restless > 0;
}

// Also of those that were rotated: a writer may go on with them after long.
void FileSet::CheckIdleIn(const Discovery::Names& names, const std::string& directory) {
  if (idle_.size() == 0) return;
  for (const auto& [name, inode] : names) CheckIdle(PathIn(directory, name));
}

// Before younger files are opened: of a link that was turned or removed the old file comes first.
void FileSet::CheckIdleLinksIn(const std::string& directory) {
  for (const std::string& path : idle_.LinksIn(directory)) {
    auto info = StatPath(path);
    if (!info || info->id != idle_.Find(path)->id) LeaveIdleTarget(path);
  }
}

// The link does not lead to the idle file any more. If the file changed it is read on, else it is
// idle under its own path, where there is somebody to look at it.
void FileSet::LeaveIdleTarget(const std::string& path) {
  IdleFile idle = *idle_.Find(path);
  idle_.Remove(path);
  const std::string target = std::exchange(idle.target, {});
  auto info = StatPath(target, true);
  const bool there = info && info->id == idle.id;
  if (there && idle.file_id != IdleFile::kNotKnown && !idle.Unchanged(*info)) {
    Open(target, path, true);
  } else if (there && discovery_.Find(ParentOf(target)) != nullptr) {
    idle_.Add(target, idle);
  } else {
    ForgetIdle(path, idle);
  }
}

void FileSet::OpenFound(const FoundGeneration& found) {
  if (found.kind != FoundGeneration::Kind::kResume) {
    Open(found.path, found.shipped, found.kind == FoundGeneration::Kind::kKnown);
    return;
  }
  auto file = Prepare(found.path, found.shipped);
  if (file && history_.Resume(*file, found.file_id)) Adopt(std::move(file), found.path, true);
}

void FileSet::Open(const std::string& path, const std::string& shipped, bool only_known,
                   std::uint64_t start) {
  auto file = Prepare(path, shipped);
  if (!file) return;
  // What was renamed before this file was opened is older, and comes first in the stream.
  if (path == shipped && !only_known) {
    TakeEvents();
    if (open_.Has(file->info.id)) return;
    const Directory* directory = discovery_.Find(file->directory);
    const bool lost = directory != nullptr && !directory->trusted;
    if (lost && directory->list) return;  // the next listing finds the older ones first
  }
  if (!history_.Recall(*file)) {
    if (only_known || Ignore(path, *file)) return;
    if (start > 0) {
      if (auto checkpoint = MakeCheckpoint(file->bytes, start)) file->checkpoint = *checkpoint;
    }
    // What was read of it while it was open is not in it any more: it was truncated.
    const auto woken = woken_.find({file->info.id.device, file->info.id.inode});
    if (woken != woken_.end()) history_.Gone(woken->second);
    history_.Begin(*file);
  }
  Adopt(std::move(file), path, only_known || path != shipped);
}

// A file that was never read and has not changed for longer than its source says. When it changes,
// what is new in it is read.
bool FileSet::Ignore(const std::string& path, const TailedFile& file) {
  const std::size_t source = discovery_.sources().Find(path);
  if (source == SourceList::kNone || file.bytes.compressed()) return false;
  const std::chrono::nanoseconds limit = discovery_.sources()[source].ignore_older;
  if (limit.count() <= 0 || clock_.WallNanos() - file.info.modified <= limit.count()) return false;
  idle_.Add(path, {.file_id = IdleFile::kNotKnown,
                   .id = file.info.id,
                   .size = file.info.size,
                   .modified = file.info.modified,
                   .target = TargetOf(path, file.bytes.fd())});
  discovery_.WarnUnread(UnreadReason::kIgnoredOlder, path, "");
  return true;
}

// Null if it cannot be read, is no file, is open, or there is no room. `shipped` is the path under
// which its lines go out: an earlier one of a rotated file.
std::unique_ptr<TailedFile> FileSet::Prepare(const std::string& path, const std::string& shipped) {
  OpenResult result;
  if (open_.size() >= max_open_ && !MakeRoom()) {
    result.unread = UnreadReason::kLimit;
    result.detail = "the limit of open files is reached: " + std::to_string(max_open_);
  } else {
    result = OpenWanted(path, discovery_.sources());
  }
  if (result.unread) {
    discovery_.NoteUnread(*result.unread, path, result.detail);
    Directory* directory = discovery_.Find(ParentOf(path));
    if (*result.unread == UnreadReason::kLimit && directory != nullptr) {
      // It is looked for with every sweep; if it is rotated before, among the rotated ones.
      directory->again = true;
      directory->trusted = false;
    }
    return nullptr;
  }
  if (!result.file || open_.Has(result.file->info.id)) return nullptr;
  discovery_.NoteRead(path);
  result.file->path = shipped;
  result.file->found_at = path;
  result.file->directory = DirectoryOf(path);
  result.file->grown = clock_.Steady();
  return std::move(result.file);
}

// The file that has not changed for longest is closed.
bool FileSet::MakeRoom() {
  const TailedFile* best = nullptr;
  for (const auto& [file_id, file] : open_.by_id()) {
    if (!MayRest(*file) || clock_.Steady() - file->grown < kMakeRoomAfter) continue;
    if (best == nullptr || file->grown < best->grown) best = file.get();
  }
  if (best == nullptr) return false;
  Close(best->file_id, best->rotated ? CloseReason::kFinished : CloseReason::kIdle, true);
  return true;
}

// The file is opened. An idle one that had the same inode is it, or is gone.
void FileSet::WakeIdle(const FileIdentity& id) {
  const std::string path = idle_.PathOf(id);
  if (path.empty()) return;
  const IdleFile idle = *idle_.Find(path);
  idle_.Remove(path);
  if (idle.id != id) ForgetIdle(path, idle);
}

void FileSet::Adopt(std::unique_ptr<TailedFile> file, const std::string& path, bool rotated) {
  std::size_t source = discovery_.sources().Find(file->path);
  if (source == SourceList::kNone) source = discovery_.sources().Find(path);
  if (source == SourceList::kNone) {
    history_.Closed(*file, CloseReason::kUnwanted);
    return;
  }
  WakeIdle(file->info.id);
  woken_.erase({file->info.id.device, file->info.id.inode});
  file->source = source;
  file->searched = file->checkpoint.offset;
  file->rotated = rotated;
  file->arrival_times.Note(file->info.size, clock_.WallNanos(), clock_.Steady());
  const std::uint64_t file_id = file->file_id;
  TailedFile& opened = *file;
  open_.Add(std::move(file));
  // Of thousands of old files that were read by an earlier process none stays open.
  const bool old = clock_.WallNanos() - opened.info.modified >= kIdleAfter.count();
  if (old && opened.checkpoint.offset > 0 && MayRest(opened) && !rotated) {
    Close(file_id, CloseReason::kIdle, true);
    return;
  }
  LogInfo("reading a log file", {{"path", path}, {"offset", opened.checkpoint.offset}});
  NoteFingerprint(opened);
}

}  // namespace telltale
