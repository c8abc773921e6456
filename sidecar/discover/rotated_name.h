// SPDX-License-Identifier: Apache-2.0
//
// Which names a rotation gives to a log file, and which of them is older. The rules are narrow: a
// file that is taken for a generation and is none would be shipped under a wrong name. Pure,
// thread-safe; called by FileSet.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sidecar/discover/file_identity.h"

namespace telltale {

// `name` is `base`, a separator and nothing but a number, a date or "old", perhaps with .gz:
// app.log.1, app.log-20240131.gz, 0.log.20240131-010203, app.log.old; also app.log.gz.
bool IsRotationOf(std::string_view base, std::string_view name);

struct RotatedFile {
  std::string name;
  FileInfo info;
};

// Oldest first. Dates say it themselves; of numbers the largest is the oldest, unless the times of
// their last changes say that this application counts up.
void SortByAge(std::string_view base, std::vector<RotatedFile>& files);

}  // namespace telltale
