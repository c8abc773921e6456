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
#include "sidecar/discover/dir_watch.h"
#include "sidecar/discover/generation_search.h"
#include "sidecar/discover/tailed_file.h"
#include "sidecar/tail/log_source.h"

namespace telltale {

class FileSet {
 public:
  // What the owner, who keeps the journal, is asked and told.
  struct Hooks {
    // A file was opened. If it is known from before: fills in file_id, path, checkpoint and
    // last_time.
    std::function<bool(TailedFile&)> recall;
    // It is not known, and will be read from its start: fills in file_id.
    std::function<void(TailedFile&)> begun;
    // The file was truncated; `unread` bytes that were seen are gone. A new generation begins:
    // fills in file_id.
    std::function<void(TailedFile&, std::uint64_t unread)> truncated;
    // More of a file of which nothing was read was seen, up to file.seen.
    std::function<void(const TailedFile&)> seen;
    // It is dropped: read to its end and rotated away, or no longer wanted.
    std::function<void(const TailedFile&, bool finished)> closed;
    // The generations of wanted paths in a directory that are remembered, oldest first.
    std::function<std::vector<KnownGeneration>(const std::string& directory)> known;
    // The file holds the rest of a known generation, which is not open: fills in as recall does.
    std::function<bool(TailedFile&, std::uint64_t file_id)> resume;
    // An open generation goes on in a copy of it that was made before it was truncated; `missing`
    // bytes that were seen are not in the copy.
    std::function<void(const TailedFile&, std::uint64_t missing)> moved;
    // Wall time up to which the last process is known to have lived.
    std::function<std::int64_t()> alive;
  };

  // Each open file holds a descriptor. What is wanted beyond `max_files` waits until another one is
  // done with; 0: three quarters of what the process may open.
  FileSet(Clock& clock, Hooks hooks, std::size_t max_files = 0);

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

  // It cannot be read and will not be; the reference is invalid afterwards.
  void GiveUp(const TailedFile& file);

  // In the order of their file_ids: older generations first.
  const std::map<std::uint64_t, std::unique_ptr<TailedFile>>& files() const { return files_; }
  TailedFile* Find(std::uint64_t file_id) const;
  // Files that are wanted and were not opened when last looked for, because too many are.
  std::size_t waiting() const { return waiting_.size(); }
  // Whether all files beside `path` are open that are to be. False while one is being compressed or
  // copied or has no room: what is not found may be in there.
  bool Settled(const std::string& path) const;
  bool Settled() const;  // of all directories

 private:
  struct Directory {
    std::int64_t changed = -1;  // its modification time when last listed
    std::int64_t looked = 0;    // wall time when last listed; 0: not in this process
    bool list = true, refresh = true;
    bool again = false;    // to be listed by the next sweep, whatever its time says
    bool watched = false;  // events tell of it
    bool trusted = false;  // they told of everything since it was last listed
    std::map<std::uint64_t, std::int64_t> done;  // copies of what was read: inode to birth
  };
  struct Move {
    std::string from;       // the wanted path it had first
    std::size_t order = 0;  // the smaller, the older the generation
  };
  using Names = std::map<std::string, std::uint64_t>;  // in a directory, to inodes
  using Moves = std::map<std::string, Move>;           // by present path

  void Look();
  void FindDirectories();
  // Reads the events that are there, and opens the files that were renamed.
  void TakeMoves();
  void NoteEvent(const DirEvent& event, Moves& moves);
  bool MayBeCopy(const DirEvent& event) const;
  bool IsForLater(const std::string& path, const std::string& from) const;
  void OpenMoved(const Moves& moves);
  void ListDirectory(const std::string& path);
  // Files that were rotated while nobody looked; those in `held` are not to be opened now.
  void FindRotated(const std::string& directory, const Names& names, std::set<std::string>& held);
  void FindRotatedOf(const std::string& path, const Names& names,
                     std::vector<KnownGeneration>& known, std::set<std::string>& held);
  std::vector<RotatedFile> RotationsOf(const std::string& path, const Names& names,
                                       std::set<std::string>& held) const;
  bool BeingCopied(const std::string& path, const RotatedFile& file,
                   const GenerationSearch& search) const;
  bool HasNewRotation(const std::string& directory, const Names& wanted);
  bool IsDone(const std::string& directory, const std::string& name, std::uint64_t inode);
  static Names NamesIn(const std::string& directory);
  // Looks for a copy of a file that was truncated, and goes on in it.
  bool ContinueInCopy(TailedFile& file);
  bool IsCopy(const TailedFile& file, const FileBytes& bytes, const FileInfo& info) const;
  TailedFile* FindAt(const std::string& path) const;
  void Open(const std::string& path, const std::string& shipped, bool only_known);
  void Resume(const std::string& path, std::uint64_t file_id);
  std::unique_ptr<TailedFile> Prepare(const std::string& path, const std::string& shipped);
  void Adopt(std::unique_ptr<TailedFile> file, const std::string& path, bool rotated);
  bool HasRoom(const std::string& path);
  void Wait(const std::string& path, std::string_view why);
  static std::string_view ParentOf(std::string_view path);
  static std::string DirectoryOf(const std::string& path) { return std::string(ParentOf(path)); }
  static std::string_view NameOf(std::string_view path);
  static std::string PathIn(std::string_view directory, std::string_view name);
  void Refresh(TailedFile& file);
  void RefreshIn(const std::string& directory);
  void NoteSeen(TailedFile& file);
  void Restart(TailedFile& file);
  void CloseFinished();
  void Close(std::uint64_t file_id, bool finished);
  int SourceOf(const std::string& path) const;
  bool Excluded(const std::string& path) const;
  bool Allowed(int fd) const;
  void WarnOnce(const std::string& path, std::string_view why);

  Clock& clock_;
  Hooks hooks_;
  DirWatch watch_;
  std::vector<LogSource> sources_;
  // By the directory that a pattern of theirs names: a node has hundreds of sources, and few of
  // them can want a file.
  std::map<std::string, std::vector<std::size_t>, std::less<>> by_root_;
  std::map<std::string, Directory> directories_;
  std::map<std::uint64_t, std::unique_ptr<TailedFile>> files_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> by_inode_;  // to file_id
  std::map<std::uint32_t, Move> leaving_;  // by cookie: moved from, not yet to
  std::size_t moves_seen_ = 0;
  const std::size_t max_files_;
  std::set<std::string> waiting_;  // paths for which there was no room
  bool dropped_ = false;           // the kernel had no room for all events
  std::set<std::string> warned_;   // paths
};

}  // namespace telltale
