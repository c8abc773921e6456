// SPDX-License-Identifier: Apache-2.0
//
// The rotated files beside a log file, and how their contents are compared. No state; does file IO.
// Called by Rotations and Copies.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "sidecar/discover/discovery.h"
#include "sidecar/discover/rotated_name.h"
#include "sidecar/tail/file_bytes.h"

namespace telltale {

// The rotations of `path` among the names of its directory, oldest first. A compressed file counts
// only when its plain one is gone: until then its name goes into `held`.
std::vector<RotatedFile> RotationsOf(const std::string& path, const Discovery::Names& names,
                                     const SourceList& sources, std::set<std::string>& held);

// Follows no link. Reading from a file that cannot be opened is an error.
FileBytes OpenBytes(const std::string& path);
// True if both have `size` bytes, at most those of Checkpoint::head, and the same ones.
bool SameStart(const FileBytes& a, const FileBytes& b, std::uint64_t size);
// True if `part` is not empty and `whole` begins with it, as far as a checkpoint tells.
bool BeginsWith(const FileBytes& whole, const FileBytes& part);

}  // namespace telltale
