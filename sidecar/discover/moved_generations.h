// SPDX-License-Identifier: Apache-2.0
//
// Finds generations of a log file that were moved into another watched directory while nobody
// looked, as logrotate's olddir does: those that were being read, and younger ones that were begun
// and rotated away there unseen. Owned by FileSet, on the worker's thread.
#pragma once

#include <string>
#include <vector>

#include "sidecar/discover/rotations.h"

namespace telltale {

class MovedGenerations {
 public:
  MovedGenerations(const FileHistory& history, const OpenFiles& open, Discovery& discovery)
      : history_(history), open_(open), discovery_(discovery) {}

  // Called when all directories were listed.
  void Find(Rotations::Open open);

 private:
  void FindIn(const std::string& directory, const std::vector<KnownGeneration>& missing,
              Rotations::Open open);
  void FindYounger(const std::string& directory, const std::string& path,
                   const Discovery::Names& names, Rotations::Open open);

  const FileHistory& history_;
  const OpenFiles& open_;
  Discovery& discovery_;
};

}  // namespace telltale
