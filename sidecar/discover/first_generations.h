// SPDX-License-Identifier: Apache-2.0
//
// Finds what was written to a log file before anybody saw it: the file is new, and beside it lie
// generations that were begun and rotated away, or copied and truncated, since the last look at the
// directory. What is older is left alone. Owned by FileSet, on the worker's thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "sidecar/discover/rotations.h"

namespace telltale {

class FirstGenerations {
 public:
  FirstGenerations(Clock& clock, const FileHistory& history, const OpenFiles& open,
                   Discovery& discovery)
      : clock_(clock), history_(history), open_(open), discovery_(discovery) {}

  // `fresh`: names of wanted files of the directory that are neither open nor idle. Called before
  // they are opened. Where something cannot be decided yet, names are held and directory.again set.
  void Find(const std::string& directory, const Discovery::Names& names,
            const std::vector<std::string>& fresh, Rotations::Held& held, Rotations::Open open);

 private:
  bool WrittenSince(const Directory& directory, const RotatedFile& file) const;

  Clock& clock_;
  const FileHistory& history_;
  const OpenFiles& open_;
  Discovery& discovery_;
};

}  // namespace telltale
