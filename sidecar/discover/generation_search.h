// SPDX-License-Identifier: Apache-2.0
//
// What became of the generations of a log file while nobody looked: which file holds the rest of
// one that was being read, whatever it is called and even if it was copied or compressed since,
// and which files were begun and rotated away unseen. Pure but for the question about content.
// Called by FileSet.
//
// The rules, so that nothing is read twice and nothing old is dragged in: a file is a known
// generation by its identity, else by its content. Of the last one that was empty when it was last
// looked at, the oldest copy is it that was made since. Unseen ones are those behind the youngest
// known one in the order of their names; when no known one is left, those that were made after it
// and changed after the program last lived. Without any known generation there is nothing to find.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/base/function_ref.h"
#include "sidecar/discover/file_identity.h"
#include "sidecar/discover/rotated_name.h"

namespace telltale {

// A generation that the journal or this process remembers.
struct KnownGeneration {
  std::uint64_t file_id = 0;
  std::string path;  // under which it is shipped
  FileIdentity id;
  Checkpoint checkpoint;  // of the farthest place that was read, else seen
  bool open = false;      // in this process
  bool finished = false;  // read to its end
};

struct GenerationSearch {
  std::string path;  // that is wanted
  // What rotations of `path` there are, oldest first.
  std::vector<RotatedFile> files;
  // Of the whole directory, oldest first.
  std::vector<KnownGeneration> known;
  bool present_known = false;  // what `path` leads to is one of them
  std::int64_t alive = 0;      // wall time when the directory was last known
};

struct GenerationsFound {
  std::vector<std::pair<std::size_t, std::size_t>> known;  // index of the file, index of the known
  std::vector<std::size_t> unseen;                         // indices of files, oldest first
};

// `matches` says whether the file of that index begins with what the checkpoint is of.
GenerationsFound FindGenerations(const GenerationSearch& search,
                                 FunctionRef<bool(std::size_t, const Checkpoint&)> matches);

}  // namespace telltale
