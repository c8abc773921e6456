// SPDX-License-Identifier: Apache-2.0
//
// Finds the generations of a log file that changed their names while no event told of it: which
// file holds the rest of one that was being read, even if it was copied or compressed since, and
// which files were begun and rotated away unseen. Pure but for the question about content. Called
// by Rotations.
//
// The rules, so that nothing is read twice and nothing old is read at all:
// - A file is a known generation by its identity, else by its content.
// - If the newest known file was empty at the last scan, the oldest copy made since then is taken
// to
//   be it.
// - Unseen are the files younger than the youngest known one, and those that were made and written
//   after the last scan. If no known one is left, only the latter.
// - Without any known generation no file is unseen.
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
  Checkpoint checkpoint;  // of the farthest place that was read, else the fingerprint
  bool open = false;      // in this process
  bool present = false;   // closed in this process, and its file is there
  bool finished = false;  // read to its end
};

struct GenerationSearch {
  std::string path;  // that is wanted
  // The rotations of `path` that there are, oldest first.
  std::vector<RotatedFile> files;
  // Of the whole directory, oldest first.
  std::vector<KnownGeneration> known;
  bool present_known = false;  // the file at `path` is one of them
  std::int64_t last_scan = 0;  // wall time of the last complete listing of the directory
};

struct GenerationsFound {
  std::vector<std::pair<std::size_t, std::size_t>> known;  // index of the file, index of the known
  std::vector<std::size_t> unseen;                         // indices of files, oldest first
};

// `matches` says whether the file of that index begins with what the checkpoint is of.
GenerationsFound FindGenerations(const GenerationSearch& search,
                                 FunctionRef<bool(std::size_t, const Checkpoint&)> matches);

}  // namespace telltale
