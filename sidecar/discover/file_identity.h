// SPDX-License-Identifier: Apache-2.0
//
// Tells which file this is. After a rotation the path is another one, and after a delete an inode
// is used again. So a file is known by device, inode and birth time, and by two hashes of its
// content: of the first bytes and of those just before the offset reached. The second one tells a
// file that was truncated and has grown past the offset again with the same first line. Called by
// FileSet and the journal. Thread-safe; functions on descriptors do file IO.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "sidecar/tail/file_bytes.h"

namespace telltale {

struct FileIdentity {
  std::uint64_t device = 0, inode = 0;
  std::int64_t birth = 0;  // nanoseconds; 0 where the file system does not know it

  bool operator==(const FileIdentity&) const = default;
};

struct FileInfo {
  FileIdentity id;
  std::uint64_t size = 0;
  std::int64_t modified = 0;  // nanoseconds
  std::uint64_t links = 0;
  std::uint64_t allocated = 0;  // bytes on disk
  bool regular = false;
};

Result<FileInfo> StatFile(int fd);
// Of the file that the path leads to; with `nofollow`, of a link itself.
Result<FileInfo> StatPath(const std::string& path, bool nofollow = false);

// What tells the content of a file, up to `offset`, from that of other files.
struct Checkpoint {
  static constexpr std::size_t kHeadBytes = 256, kTailBytes = 64;

  std::uint64_t offset = 0;
  std::uint64_t head = 0;  // of the first min(offset, kHeadBytes) bytes
  std::uint64_t tail = 0;  // of the min(offset, kTailBytes) bytes before offset

  bool operator==(const Checkpoint&) const = default;
};

// The checkpoint of the file now; fails when the file is shorter than `offset`.
Result<Checkpoint> MakeCheckpoint(const FileBytes& bytes, std::uint64_t offset);

// False when the file is shorter than the checkpoint or holds something else at its places; an
// error when it cannot be read now. Offset 0 matches any file.
Result<bool> CompareContent(const FileBytes& bytes, const Checkpoint& checkpoint);
// The same; false if the file cannot be read.
bool ContentMatches(const FileBytes& bytes, const Checkpoint& checkpoint);

}  // namespace telltale
