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

// `name` is `base` with a separator and nothing but a number, a date, "old" or "prev" in front of
// its extension, perhaps with .gz: app-2024-01-31.log, app.1.log.gz, app.old.log of app.log.
// Logback and Log4j name files so.
bool IsDatedBeside(std::string_view base, std::string_view name);

// `name` is a date, a separator and `base`, perhaps with .gz: 20240131-app.log.gz,
// 2024-01-31_app.log of app.log. A number in front is no date: 1-app.log is another application's,
// and 192.168.1.10-app.log another host's.
bool IsDatedBefore(std::string_view base, std::string_view name);

// The names of which `name` is dated before, longest first: 28-app.log and app.log of
// 2026-11-28-app.log.gz.
std::vector<std::string_view> BasesBehindDate(std::string_view name);

// Any of the three.
bool IsGenerationOf(std::string_view base, std::string_view name);

// True if the name of the log without its extension is a word of `name`: archive-app.gz of app.log.
bool Mentions(std::string_view name, std::string_view base);

// `base` without its extension: "app" of "app.log".
std::string_view StemOf(std::string_view base);

struct RotatedFile {
  std::string name;
  FileInfo info;
  bool appeared = false;  // it was not there at the last listing of this process
  // A source wants it by itself, under a name that may be another application's: it is a generation
  // only if its content says so.
  bool own = false;
};

// Oldest first. Dates with the year first say it themselves; of numbers the largest is the oldest,
// unless the modification times mostly ascend with them: this application counts up. Everything
// else is sorted by modification time.
void SortByAge(std::string_view base, std::vector<RotatedFile>& files);

}  // namespace telltale
