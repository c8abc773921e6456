// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/file_set.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "common/base/log.h"
#include "sidecar/discover/path_parts.h"

namespace telltale {
namespace {

constexpr int kListRounds = 4;
constexpr std::size_t kMaxShadowed = 1'000;

// Descriptors that pushes, pages, the journal and the configuration need at the same time.
constexpr std::size_t kOtherDescriptors = 40, kFewestFiles = 4;

// Three quarters of what the process may open, but for the descriptors of everything else.
std::size_t FilesAllowed() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 512;
  const auto all = static_cast<std::size_t>(std::min<rlim_t>(limit.rlim_cur, 1 << 20));
  const std::size_t others = std::max(all / 4, kOtherDescriptors);
  return std::max(all - std::min(all, others), kFewestFiles);
}

void Count(const TailedFile& file, FileCounts& counts) {
  const bool deleted = file.info.links == 0;
  ++(deleted ? counts.deleted : file.rotated ? counts.rotated : counts.current);
  if (deleted) counts.deleted_bytes += file.info.allocated;
}

}  // namespace

FileSet::FileSet(Clock& clock, FileHistory& history, LogFileLimits limits)
    : clock_(clock),
      history_(history),
      discovery_(clock),
      rotations_(clock, history, open_, discovery_),
      moved_(history, open_, discovery_),
      first_(clock, history, open_, discovery_),
      copies_(history, open_, discovery_) {
  SetLimits(limits);
}

void FileSet::SetLimits(const LogFileLimits& limits) {
  const std::size_t allowed = FilesAllowed();
  max_open_ = limits.open_files > 0 ? std::min(limits.open_files, allowed) : allowed;
  max_deleted_bytes_ = limits.deleted_bytes;
}

void FileSet::SetSources(std::vector<LogSource> sources) {
  discovery_.SetSources(std::move(sources));
  for (TailedFile* file : open_.All()) {
    const std::size_t source = discovery_.sources().Find(file->path);
    if (source == SourceList::kNone) {
      Close(file->file_id, CloseReason::kUnwanted, false);
    } else {
      file->source = source;
    }
  }
  idle_.RemoveIgnored();
  first_paths_.emplace();
}

bool FileSet::Settled(const std::string& path) const {
  return discovery_.Settled(DirectoryOf(path));
}

bool FileSet::HidesLines(const std::string& path) const {
  return discovery_.HidesLines(DirectoryOf(path));
}

bool FileSet::Lists(const std::string& path) const { return discovery_.Lists(DirectoryOf(path)); }

std::vector<FileCounts> FileSet::CountsBySource() const {
  std::vector<FileCounts> counts = idle_.BySource(discovery_.sources());
  const std::vector<UnreadCounts> unread = discovery_.UnreadBySource();
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i].unread += unread[i];
  for (const auto& [file_id, file] : open_.by_id()) Count(*file, counts[file->source]);
  return counts;
}

bool FileSet::MayBeUnreadable(const std::string& path, const FileIdentity& id) const {
  const IdleFile* idle = idle_.Find(idle_.PathOf(id));
  if (open_.Has(id) || (idle != nullptr && idle->id == id)) return false;
  return discovery_.MayHide(DirectoryOf(path)) || discovery_.Holds(id);
}

FileCounts FileSet::counts() const {
  FileCounts counts;
  for (const auto& [file_id, file] : open_.by_id()) Count(*file, counts);
  counts.idle = idle_.size() - idle_.ignored();
  counts.unread = discovery_.unread();
  counts.unread[UnreadReason::kIgnoredOlder] += idle_.ignored();
  return counts;
}

void FileSet::Sweep() {
  HandleEvents();  // only they tell where an unread generation went
  Look();
}

void FileSet::Look() {
  for (const std::string& directory : discovery_.FindDirectories()) {
    if (discovery_.MayHide(directory)) continue;  // it is there, but cannot be found now
    for (TailedFile* file : open_.In(directory)) file->rotated = true;
    for (const auto& [path, idle] : idle_.RemoveDirectory(directory)) ForgetIdle(path, idle);
  }
  struct Due {
    std::string path;
    bool slow;
  };
  std::vector<Due> due;
  bool untrusted = false;
  for (auto& [path, directory] : discovery_.directories()) {
    const bool slow = clock_.Steady() >= directory.relist_at;
    if (!discovery_.IsDue(path, directory)) continue;
    untrusted = untrusted || !directory.trusted;
    due.push_back({path, slow});
  }
  // A file that was rotated into another directory while nobody looked is known before files that
  // look new are opened: it may be among them, as a copy.
  if (untrusted && !history_.Missing().empty()) {
    for (const Due& one : due) ListDirectory(one.path, one.slow, true);
    moved_.Find([this](const FoundGeneration& found) { OpenFound(found); });
  }
  for (const Due& one : due) ListDirectory(one.path, one.slow, false);
  WarnOfShadowed();
  for (TailedFile* file : open_.All()) Refresh(*file);
  CloseFinished();
}

// Warns of a source that gets no file, because earlier sources take all that it matches.
void FileSet::WarnOfShadowed() {
  if (!first_paths_) return;
  for (const auto& [index, path] : discovery_.sources().Shadowed(*first_paths_)) {
    const LogSource& source = discovery_.sources()[index];
    const std::string& pattern = source.include.front();
    if (shadowed_.size() >= kMaxShadowed || !shadowed_.insert(pattern).second) continue;
    LogWarn(
        "an entry of logs has no effect: earlier entries take all files that it matches, and a "
        "file belongs to the first entry that matches it; put the narrower entry first",
        {{"include", pattern}, {"entry", index + 1}, {"file", path}});
  }
  first_paths_.reset();
}

void FileSet::TakeEvents() {
  const bool complete = discovery_.ReadEvents(
      [&](const DirEvent& event, Directory& directory) { NoteEvent(event, directory); });
  if (!complete) dropped_ = true;
  OpenRenamed();
}

void FileSet::HandleEvents() {
  TakeEvents();
  if (std::exchange(dropped_, false)) {
    LogWarn("the kernel dropped inotify events: looking at all files",
            {{"remedy", "raise sysctl fs.inotify.max_queued_events"}});
    discovery_.DistrustAll();
    Look();
    return;
  }
  OpenChangedIdle();
  // While one is listed it may change again; a directory that never rests is left to the sweep.
  for (int round = 0; round < kListRounds; ++round) {
    for (auto& [path, directory] : discovery_.directories()) {
      if (directory.list) ListDirectory(path, false, false);
    }
  }
  RefreshChanged();
}

void FileSet::NoteEvent(const DirEvent& event, Directory& directory) {
  directory.refresh = true;
  if (event.kind == DirEvent::Kind::kAttributes) {
    // Modes and owners: of the directory, or of a file that could not be opened.
    if (event.name.empty() || directory.unread.of_permission()) directory.list = true;
    return;
  }
  const std::string path = PathIn(event.directory, event.name);
  if (event.kind == DirEvent::Kind::kChanged) {
    ++directory.writes;
    if (std::string idle = idle_.NoteWritten(path); !idle.empty()) {
      changed_idle_.insert(std::move(idle));
    }
    return;
  }
  directory.list = true;
  if (event.name.empty()) return;
  idle_.NoteLeft(path);
  const bool lost = renames_.Note(event, path, Wants(path)) == Renames::Effect::kLost;
  const bool copy = event.kind == DirEvent::Kind::kAppeared && rotations_.MayBeCopy(event);
  if (lost || copy) directory.trusted = false;
}

void FileSet::OpenRenamed() {
  for (const RenamedFile& file : renames_.Take()) {
    if (open_.FindAt(file.path) != nullptr || rotations_.IsForLater(file.path, file.from)) continue;
    if (IsCopyOfRead(file)) continue;
    if (const IdleFile* idle = idle_.Find(file.from)) {
      const IdleFile known = *idle;
      auto info = StatPath(file.path);
      if (info && info->id == known.id) {
        idle_.Remove(file.from);
        if (known.Unchanged(*info)) {
          idle_.Add(file.path, known);
          idle_.NoteUnchanged(file.path);
          continue;
        }
      }
    }
    RefreshIn(DirectoryOf(file.from));
    Open(file.path, file.from, false);
    Directory* directory = discovery_.Find(DirectoryOf(file.from));
    if (directory == nullptr || open_.FindAt(file.path) != nullptr) continue;
    directory->trusted = false;  // it is gone from there, too
  }
}

// A file with the name of a rotation is mostly the copy of one that was read, and goes on to the
// next name when the log is rotated again. Of a compressed one the listing decides that.
bool FileSet::IsCopyOfRead(const RenamedFile& file) {
  const std::string folder = DirectoryOf(file.path);
  Directory* directory = discovery_.Find(folder);
  auto info = StatPath(file.path, true);
  if (directory == nullptr || !info) return false;
  if (rotations_.IsDone(folder, std::string(NameOf(file.path)), info->id.inode)) return true;
  if (!file.path.ends_with(".gz") || !Wants(file.path)) return false;
  directory->list = true;
  directory->trusted = false;
  return true;
}

void FileSet::OpenChangedIdle() {
  for (const std::string& path : std::exchange(changed_idle_, {})) CheckIdle(path);
}

// Opens the file again if it changed.
void FileSet::CheckIdle(const std::string& path) {
  const IdleFile* found = idle_.Find(path);
  if (found == nullptr) return;
  const IdleFile idle = *found;
  auto info = StatPath(path);
  if (info && idle.Unchanged(*info)) return idle_.NoteUnchanged(path);
  if (!info && errno == EACCES) return;  // its folder is unreadable
  const bool same = info && info->id == idle.id;
  if (!same && !idle.target.empty()) {
    LeaveIdleTarget(path);
    if (Directory* directory = discovery_.Find(ParentOf(path))) directory->list = true;
    return;
  }
  idle_.Remove(path);
  const bool ignored = idle.file_id == IdleFile::kNotKnown;
  if (!same) ForgetIdle(path, idle);
  if (!info) return;
  if (ignored || !Wants(path)) {
    Open(path, path, !Wants(path), same && info->size >= idle.size ? idle.size : 0);
    return;
  }
  // It may have been copied and truncated: the listing opens it behind its copy.
  if (!ignored) woken_[{idle.id.device, idle.id.inode}] = idle.file_id;
  if (Directory* directory = discovery_.Find(ParentOf(path))) {
    directory->list = true;
    directory->trusted = false;
  }
}

// No path leads to it any more. If it was written to before anybody could look, that is lost,
// unless it only lies elsewhere.
void FileSet::ForgetIdle(const std::string& path, const IdleFile& idle) {
  if (idle.file_id != IdleFile::kNotKnown) history_.Gone(idle.file_id);
  if (idle.written && !discovery_.Holds(idle.id)) history_.VanishedUnread(path);
}

bool FileSet::IsIdle(const std::string& path, std::uint64_t inode) const {
  const IdleFile* idle = idle_.Find(path);
  if (idle == nullptr) return false;
  if (idle->target.empty() && idle->id.inode == inode) return true;
  auto info = StatPath(path);
  return info && idle->Unchanged(*info);
}

bool FileSet::CheckContent(TailedFile& file) {
  if (file.bytes.compressed()) return true;
  auto same = CompareContent(file.bytes, file.known());
  if (!same || *same) return true;  // the next read meets the error
  Restart(file);
  return false;
}

void FileSet::GiveUp(const TailedFile& file) { Close(file.file_id, CloseReason::kFinished, false); }

}  // namespace telltale
