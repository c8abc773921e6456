// SPDX-License-Identifier: Apache-2.0
//
// Follows files through renames by the cookies of inotify, also through several renames before
// anybody looks: each file that left a wanted path is known by its present path. Pure state; owned
// by FileSet, on the worker's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sidecar/discover/dir_watch.h"

namespace telltale {

struct RenamedFile {
  std::string from;  // the wanted path that it had first
  std::string path;  // where it is now
};

class Renames {
 public:
  // What an event says about the file under its path.
  enum class Effect {
    kNone,
    // A renamed file is not under this path any more and was not renamed on: it was deleted or
    // replaced, and what it held may be in a compressed file.
    kLost,
  };

  // `path` is that of the event; `wanted` says whether a source wants it.
  Effect Note(const DirEvent& event, const std::string& path, bool wanted);

  // The files that were renamed since the last call, in the order of their first rename: the first
  // is the oldest generation.
  std::vector<RenamedFile> Take();

 private:
  struct Move {
    std::string from;
    std::size_t order = 0;  // ascends with the first rename
  };

  std::map<std::string, Move> moved_;      // by present path
  std::map<std::uint32_t, Move> leaving_;  // by cookie: moved from, not yet moved to
  std::size_t count_ = 0;
};

}  // namespace telltale
