// SPDX-License-Identifier: Apache-2.0
//
// Files that are read to their end and closed: current ones that have not changed for long, and
// rotated ones that still have a name. They hold no descriptor and are opened again when an event
// names them or a listing finds them changed. Owned by FileSet, on the worker's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sidecar/discover/discovery.h"
#include "sidecar/discover/file_counts.h"
#include "sidecar/discover/file_identity.h"
#include "sidecar/discover/source_list.h"

namespace telltale {

struct IdleFile {
  static constexpr std::uint64_t kNotKnown = 0;

  std::uint64_t file_id = kNotKnown;  // kNotKnown: ignored because it is older than ignoreOlder
  FileIdentity id;
  std::uint64_t size = 0;
  std::int64_t modified = 0;
  std::string target;    // where the file lies if its path is a link, else empty
  bool written = false;  // an event says that it was written to since it was closed
  bool left = false;     // an event says that its path leads elsewhere: later ones are not about it

  bool Unchanged(const FileInfo& info) const {
    return id == info.id && size == info.size && modified == info.modified;
  }
};

class IdleFiles {
 public:
  void Add(const std::string& path, const IdleFile& file);
  // Removes the file at the path, if there is one.
  void Remove(const std::string& path);

  // An event says that the file at the path was written to. Returns the path under which it is
  // known: that of the link to it, if it was found through one. Empty if it is none of these.
  std::string NoteWritten(const std::string& path);
  // An event says that the path is gone, or leads to another file.
  void NoteLeft(const std::string& path);
  // The file is as it was when it was closed.
  void NoteUnchanged(const std::string& path);

  // Null if no idle file lies at the path.
  const IdleFile* Find(const std::string& path) const;
  // The path of the idle file with this inode; empty if there is none. Its identity may be another:
  // the inode is used again then.
  std::string PathOf(const FileIdentity& id) const;
  bool Has(std::uint64_t file_id) const { return ids_.contains(file_id); }
  std::size_t size() const { return count_; }
  // The idle and the ignored files of each source. Costs nothing unless there was a change.
  const std::vector<FileCounts>& BySource(const SourceList& sources) const;
  std::size_t ignored() const { return ignored_; }

  // True if a file lies in the directory, also one that is known by a link.
  bool AnyIn(const std::string& directory) const;
  // The paths of the directory that are links, or were when their files became idle.
  std::vector<std::string> LinksIn(const std::string& directory) const;

  // Follows renames within the directory and forgets the files that are not in `names` any more.
  // Returns these, by path. Links are left as they are.
  using Gone = std::vector<std::pair<std::string, IdleFile>>;
  Gone Update(const std::string& directory, const Discovery::Names& names);
  // Forgets all files of a directory that is gone. Returns them.
  Gone RemoveDirectory(const std::string& directory);
  // Forgets the ignored files, which other sources may want to be read.
  void RemoveIgnored();

 private:
  using ByName = std::map<std::string, IdleFile, std::less<>>;

  IdleFile* FindWritable(const std::string& path);
  // By its own path, or by that of the link to it; the path is set to where it is known.
  IdleFile* FindOfEvent(std::string& path);
  void Forget(const IdleFile& file);

  std::map<std::string, ByName, std::less<>> directories_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> by_inode_;  // to path
  std::map<std::string, std::string> by_target_;  // to the path of the link
  std::set<std::uint64_t> ids_;                   // but for kNotKnown
  std::size_t count_ = 0, ignored_ = 0;
  // Cached: thousands of idle files must not be looked at each second.
  mutable std::vector<FileCounts> by_source_;
  mutable std::uint64_t counted_sources_ = 0;  // SourceList::version() of by_source_
  mutable bool changed_ = true;                // since by_source_ was counted
};

}  // namespace telltale
