// SPDX-License-Identifier: Apache-2.0
//
// The files that the sources want, each generation open for as long as something of it may be
// unread. Finds them by directory events and by a sweep that needs no event; follows renames,
// notices truncation, reads on after a delete. Owned by the pipeline's worker, on its thread.
//
// A symbolic link is followed only to places under a root that a source names: what an
// application puts into its log directory must not make the sidecar ship files of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "sidecar/tail/dir_watch.h"
#include "sidecar/tail/log_source.h"
#include "sidecar/tail/tailed_file.h"

namespace telltale {

class FileSet {
 public:
  static constexpr std::size_t kMaxFiles = 1024;

  // What the owner, who keeps the journal, is asked and told.
  struct Hooks {
    // A file was opened. If it is known from before: fills in slot, path, mark and last_time.
    std::function<bool(TailedFile&)> recall;
    // It is not known, and will be read from its start: fills in slot.
    std::function<void(TailedFile&)> begun;
    // The file was truncated; `unread` bytes that were seen are gone. A new generation begins:
    // fills in slot.
    std::function<void(TailedFile&, std::uint64_t unread)> truncated;
    // It is dropped: read to its end and rotated away, or no longer wanted.
    std::function<void(const TailedFile&, bool finished)> closed;
    // True when a wanted file of that inode in that directory was being read when the program
    // ended.
    std::function<bool(const std::string& directory, std::uint64_t inode)> known;
  };

  FileSet(Clock& clock, Hooks hooks);

  // Keeps open files that are still wanted. Call Sweep after it.
  void SetSources(std::vector<LogSource> sources);
  const LogSource& source(const TailedFile& file) const { return sources_[file.source]; }
  bool Wants(const std::string& path) const { return SourceOf(path) >= 0; }

  // For poll(2), then HandleEvents; -1 without inotify.
  int fd() const { return watch_.fd(); }
  void HandleEvents();
  // Handles events, and then looks at everything without relying on them.
  void Sweep();

  // Compares what was read with what the file holds now; a file that was truncated starts again.
  // Returns false then. Called before each read.
  bool CheckContent(TailedFile& file);

  // In the order of their slots: older generations first.
  const std::map<std::uint64_t, std::unique_ptr<TailedFile>>& files() const { return files_; }
  TailedFile* Find(std::uint64_t slot) const;

 private:
  struct Directory {
    std::int64_t changed = -1;  // its modification time when last listed
    bool list = true, refresh = true;
  };
  struct Move {
    std::string from;       // the wanted path it had first
    std::size_t order = 0;  // the smaller, the older the generation
  };
  using Moves = std::map<std::string, Move>;  // by present path

  void Look();
  void FindDirectories();
  // Reads the events that are there, and opens the files that were renamed.
  void TakeMoves();
  void NoteEvent(const DirEvent& event, Moves& moves);
  void OpenMoved(const Moves& moves);
  void ListDirectory(const std::string& path);
  TailedFile* FindAt(const std::string& path) const;
  void Open(const std::string& path, const std::string& shipped, bool only_known);
  void Refresh(TailedFile& file);
  void Restart(TailedFile& file);
  void CloseFinished();
  void Close(std::uint64_t slot, bool finished);
  int SourceOf(const std::string& path) const;
  bool Allowed(int fd) const;
  void WarnOnce(const std::string& path, std::string_view why);

  Clock& clock_;
  Hooks hooks_;
  DirWatch watch_;
  std::vector<LogSource> sources_;
  std::map<std::string, Directory> directories_;
  std::map<std::uint64_t, std::unique_ptr<TailedFile>> files_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> by_inode_;  // to slot
  std::map<std::uint32_t, Move> leaving_;  // by cookie: moved from, not yet to
  std::size_t moves_seen_ = 0;
  bool dropped_ = false;          // the kernel had no room for all events
  std::set<std::string> warned_;  // paths
};

}  // namespace telltale
