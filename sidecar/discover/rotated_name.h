// SPDX-License-Identifier: Apache-2.0
//
// Which names a rotation gives to a log file, and which of them is older. The rules are narrow: a
// file that is wrongly taken for a generation would be shipped under a wrong name. Pure,
// thread-safe; called by Rotations.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sidecar/discover/file_identity.h"

namespace telltale {

// `name` is `base`, a separator and nothing but a number, a date, "old" or "prev", perhaps with
// .gz: app.log.1, app.log-20240131.gz, 0.log.20240131-010203, app.log.31-Jan-2024,
// app.log.2024-W05, app.log.old; also app.log.gz.
bool IsRotationOf(std::string_view base, std::string_view name);

// `name` is `base` with a separator and nothing but a number or a date in front of its extension,
// perhaps with .gz: app-2024-01-31.log, app.1.log.gz of app.log. Logback and Log4j name files so.
bool IsDatedBeside(std::string_view base, std::string_view name);

// Either of the two.
bool IsGenerationOf(std::string_view base, std::string_view name);

// `base` without its extension: "app" of "app.log".
std::string_view StemOf(std::string_view base);

struct RotatedFile {
  std::string name;
  FileInfo info;
  bool appeared = false;  // it was not there at the last listing of this process
};

// Oldest first. Dates with the year first say it themselves; of numbers the largest is the oldest,
// unless the modification times mostly ascend with them: this application counts up. Everything
// else is sorted by modification time.
void SortByAge(std::string_view base, std::vector<RotatedFile>& files);

}  // namespace telltale
