// SPDX-License-Identifier: Apache-2.0
//
// The directories that can hold wanted files: the patterns are walked, what they lead to is watched
// with inotify, and a directory is listed when something may have changed in it. A change of
// permissions changes no modification time and may send no event, so each directory is listed every
// ten seconds in any case. Owned by FileSet, on the worker's thread.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/function_ref.h"
#include "sidecar/discover/dir_watch.h"
#include "sidecar/discover/file_identity.h"
#include "sidecar/discover/source_list.h"
#include "sidecar/discover/unread_reason.h"

namespace telltale {

struct Directory {
  std::int64_t changed = -1;   // its modification time at the last listing
  std::int64_t last_scan = 0;  // wall time of the last complete listing; 0: not in this process
  bool list = true;            // an event says that names in it changed
  bool refresh = true;         // an event says that a file in it changed
  bool again = false;          // something could not be decided: the next sweep lists it
  bool watched = false;        // inotify tells of it
  std::uint32_t writes = 0;    // that events told of since the last look at its files
  bool busy = false;           // written to all the time: looked at by the clock, not by events
  SteadyTime look_at{};        // if busy
  SteadyTime written_at{};     // if busy: when a look found that something was written
  bool trusted = false;        // inotify told of everything since the last listing
  int restless = 0;            // listings in a row during which names changed
  SteadyTime relist_at{};      // listed then at the latest
  bool readable = true;        // at the last listing
  UnreadCounts unread{};       // wanted files in it that are not read, and it itself
  std::map<std::size_t, UnreadCounts> unread_by_source{};
  // What was written before this wall time is older than the first look: the last scan of an
  // earlier process for a directory that was there at the start, the birth of one that was made
  // since. 0: all of it.
  bool at_start = false;
  std::int64_t born = 0;
  std::int64_t SeenSince(std::int64_t last_life) const { return at_start ? last_life : born; }
  std::map<std::uint64_t, std::int64_t> done;  // copies of what was read: inode to birth
  // Of the last listing, sorted: which files are new without asking any clock.
  std::vector<std::uint64_t> inodes, name_hashes;

  // True if the file was not there at the last listing, nor the one that it is compressed from.
  bool Appeared(std::string_view name, std::uint64_t inode) const;
};

class Discovery {
 public:
  // The longest that a change may go unnoticed which neither an event nor a time tells of.
  static constexpr std::chrono::seconds kRelist{10};

  using Names = std::map<std::string, std::uint64_t>;  // in a directory, to inodes

  explicit Discovery(Clock& clock) : clock_(clock) {}

  void SetSources(std::vector<LogSource> sources);
  const SourceList& sources() const { return sources_; }

  // Walks the patterns and watches what they lead to. Returns the directories that are gone.
  // A large tree is walked every ten seconds, and when a directory appears.
  std::vector<std::string> FindDirectories();
  // A busy directory has no events of writes. What is written before the return may have none
  // either.
  void SetBusy(const std::string& path, Directory& directory, bool busy);
  // Nothing the events said is relied on any more.
  void DistrustAll();

  using Directories = std::map<std::string, Directory, std::less<>>;
  Directories& directories() { return directories_; }
  const Directories& directories() const { return directories_; }
  Directory* Find(std::string_view path);
  // Whether a sweep has to list it now.
  bool IsDue(const std::string& path, Directory& directory) const;
  // What is in a directory but for directories; empty if it cannot be listed.
  static Names PlainNamesIn(const std::string& path);
  // Whether files of the directory may be there that cannot be seen: it or one above is unreadable.
  bool MayHide(const std::string& directory) const;
  // The same, and whether a wanted file that is seen there may not be read.
  bool HidesLines(const std::string& directory) const;
  // Whether the file lies in one of the directories. Lists them all: for what is rare.
  bool Holds(const FileIdentity& id) const;
  // The same as PlainNamesIn. One that cannot be listed is counted as unread, and has the
  // names then that a pattern gives in full.
  Names NamesIn(const std::string& path);
  // Where the next listing begins to count; sets when it is listed again.
  void BeginListing(const std::string& path, Directory& directory);
  // Remembers what was listed, for Appeared.
  static void EndListing(const Names& names, Directory& directory);

  int fd() const { return watch_.fd(); }
  // All events that are there; false when the kernel dropped some.
  bool ReadEvents(FunctionRef<void(const DirEvent&, Directory&)> handle);

  // True if the directory was found and could be listed.
  bool Lists(const std::string& directory) const;
  // True if nothing in the directory waits to be decided.
  bool Settled(const std::string& directory) const;
  bool Settled() const;

  // Counts a wanted file that is not read, and warns once.
  void NoteUnread(UnreadReason reason, const std::string& path, std::string_view detail);
  void WarnUnread(UnreadReason reason, const std::string& path, std::string_view detail) {
    warnings_.Warn(reason, path, detail);
  }
  void NoteRead(const std::string& path) { warnings_.Forget(path); }
  UnreadCounts unread() const;
  // The same for each source. A directory counts for each source that looks for files there.
  std::vector<UnreadCounts> UnreadBySource() const;

 private:
  Clock& clock_;
  SourceList sources_;
  DirWatch watch_;
  Directories directories_;
  UnreadCounts walk_unread_;  // what the walk could not enter or left out
  std::map<std::size_t, UnreadCounts> walk_unread_by_source_;
  UnreadWarnings warnings_;
  SteadyTime next_walk_{};
  bool walked_ = false;  // with sources
};

}  // namespace telltale
