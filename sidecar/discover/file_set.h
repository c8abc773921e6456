// SPDX-License-Identifier: Apache-2.0
//
// The files that the sources want, each generation open for as long as something of it may be
// unread. Finds them by directory events and by a sweep that needs no event; follows renames,
// notices truncation, reads on after a delete. Owned by the pipeline's worker, on its thread.
//
// Its parts: Discovery finds directories and lists them, Renames follows events, Rotations searches
// for generations that no event told of, MovedGenerations for those in another directory,
// FirstGenerations for those of a file that was never seen, Copies for what copytruncate left,
// OpenFiles and IdleFiles hold what is known to be there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "sidecar/discover/copies.h"
#include "sidecar/discover/discovery.h"
#include "sidecar/discover/file_counts.h"
#include "sidecar/discover/file_history.h"
#include "sidecar/discover/first_generations.h"
#include "sidecar/discover/idle_files.h"
#include "sidecar/discover/moved_generations.h"
#include "sidecar/discover/open_files.h"
#include "sidecar/discover/renames.h"
#include "sidecar/discover/rotations.h"
#include "sidecar/discover/tailed_file.h"
#include "sidecar/tail/log_source.h"

namespace telltale {

class FileSet {
 public:
  // A current file is closed, until it changes, when it has not changed for so long.
  static constexpr std::chrono::nanoseconds kIdleAfter = std::chrono::minutes(10);

  FileSet(Clock& clock, FileHistory& history, LogFileLimits limits = {});

  // Keeps open files that are still wanted. Call Sweep after it.
  void SetSources(std::vector<LogSource> sources);
  void SetLimits(const LogFileLimits& limits);
  const LogSource& source(const TailedFile& file) const {
    return discovery_.sources()[file.source];
  }
  bool Wants(const std::string& path) const { return discovery_.sources().Wants(path); }
  // The source that wants the path; SourceList::kNone if none does.
  std::size_t SourceOf(const std::string& path) const { return discovery_.sources().Find(path); }

  // For poll(2), then HandleEvents; -1 without inotify.
  int fd() const { return discovery_.fd(); }
  void HandleEvents();
  // Handles events, and then looks at everything without relying on them.
  void Sweep();

  // When HandleEvents has to be called even if there are no events.
  std::optional<SteadyTime> NextLook() const;

  // Compares what was read with what the file holds now; a file that was truncated starts again.
  // Returns false then. Called before each read.
  bool CheckContent(TailedFile& file);

  // The file cannot be read and will not be; the reference is invalid afterwards.
  void GiveUp(const TailedFile& file);

  // By file id: older generations first.
  const OpenFiles::ById& files() const { return open_.by_id(); }
  TailedFile* Find(std::uint64_t file_id) const { return open_.Find(file_id); }
  FileCounts counts() const;
  // The same for each source, in the order of SetSources. Files that no source owns are in none.
  std::vector<FileCounts> CountsBySource() const;
  // Whether the directory of `path` was found and could be listed.
  bool Lists(const std::string& path) const;
  // Whether the file may be there and cannot be opened now: it or a folder above it is unreadable,
  // or there is no room.
  bool MayBeUnreadable(const std::string& path, const FileIdentity& id) const;
  // Whether all files beside `path` are open that are to be. False while one is being compressed or
  // copied or has no room: what is not found may be in there.
  bool Settled(const std::string& path) const;
  // Whether there may be lines of the path's directory that may not be read now.
  bool HidesLines(const std::string& path) const;
  bool Settled() const { return discovery_.Settled(); }  // of all directories
  // True if the generation is open, or idle: its file is there.
  bool Knows(std::uint64_t file_id) const { return open_.Find(file_id) || idle_.Has(file_id); }

 private:
  void Look();
  void WarnOfShadowed();

  // Events.
  void TakeEvents();
  void NoteEvent(const DirEvent& event, Directory& directory);
  void OpenRenamed();
  bool IsCopyOfRead(const RenamedFile& file);
  void OpenChangedIdle();
  void RefreshChanged();
  void SeeIfBusy(const std::string& path, Directory& directory, SteadyTime began);

  // Finding and opening.
  void ListDirectory(const std::string& path, bool slow, bool known_only);
  bool RenamedMeanwhile(Directory& directory);
  void CheckIdleIn(const Discovery::Names& names, const std::string& directory);
  void CheckIdleLinksIn(const std::string& directory);
  bool IsIdle(const std::string& path, std::uint64_t inode) const;
  void CheckIdle(const std::string& path);
  void ForgetIdle(const std::string& path, const IdleFile& idle);
  void WakeIdle(const FileIdentity& id);
  void LeaveIdleTarget(const std::string& path);
  void OpenFound(const FoundGeneration& found);
  void Open(const std::string& path, const std::string& shipped, bool only_known,
            std::uint64_t start = 0);
  bool Ignore(const std::string& path, const TailedFile& file);
  std::unique_ptr<TailedFile> Prepare(const std::string& path, const std::string& shipped);
  void Adopt(std::unique_ptr<TailedFile> file, const std::string& path, bool rotated);
  bool MakeRoom();

  // Watching what is open.
  void Refresh(TailedFile& file);
  void RefreshIn(const std::string& directory);
  void SearchAgain(TailedFile& file) const;
  void NoteFingerprint(TailedFile& file);
  void Restart(TailedFile& file);
  bool ContinueInCopy(TailedFile& file);
  void OpenCopiesBehind(const TailedFile& file, const std::string& after);
  void ContinueIn(TailedFile& file, Copy copy);
  bool RegrewAlike(TailedFile& file);
  bool DropIfForeign(TailedFile& file);

  // Closing.
  bool MayRest(const TailedFile& file) const;
  void CloseFinished();
  void LetGoDeleted();
  void Close(std::uint64_t file_id, CloseReason reason, bool keep_known);
  bool KeepAsIdle(const TailedFile& file, CloseReason reason);

  Clock& clock_;
  FileHistory& history_;
  Discovery discovery_;
  OpenFiles open_;
  IdleFiles idle_;
  Renames renames_;
  Rotations rotations_;
  MovedGenerations moved_;
  FirstGenerations first_;
  Copies copies_;
  std::size_t max_open_ = 0;
  std::uint64_t max_deleted_bytes_ = 0;
  std::set<std::string> changed_idle_;  // paths of idle files that events told of
  // Idle files that changed and are not open again yet, to their ids.
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> woken_;
  bool dropped_ = false;  // the kernel had no room for all events
  // Wanted paths found since SetSources, to tell sources that get no file.
  std::optional<std::set<std::string>> first_paths_;
  std::set<std::string> shadowed_;  // patterns that were warned of
};

}  // namespace telltale
