// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/file_identity.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/base/files.h"
#include "common/base/strings.h"

namespace telltale {
namespace {

Result<std::uint64_t> HashRange(const FileBytes& bytes, std::uint64_t offset, std::size_t length) {
  std::array<char, Checkpoint::kHeadBytes> buffer;
  std::size_t have = 0;
  while (have < length) {
    auto n = bytes.ReadAt(buffer.data() + have, length - have, offset + have);
    if (!n) return n.error();
    if (*n == 0) return Fail(Code::kInvalid, "the file is shorter than what was read of it");
    have += *n;
  }
  return Hash64({buffer.data(), length});
}

Result<FileInfo> Statx(int fd, const char* path, int flags) {
  struct statx info{};
  if (statx(fd, path, flags, STATX_BASIC_STATS | STATX_BTIME, &info) != 0) {
    return ErrnoError("statx", errno);
  }
  FileInfo out;
  out.id.device = makedev(info.stx_dev_major, info.stx_dev_minor);
  out.id.inode = info.stx_ino;
  if ((info.stx_mask & STATX_BTIME) != 0) {
    out.id.birth = info.stx_btime.tv_sec * 1'000'000'000 + info.stx_btime.tv_nsec;
  }
  out.size = info.stx_size;
  out.modified = info.stx_mtime.tv_sec * 1'000'000'000 + info.stx_mtime.tv_nsec;
  out.links = info.stx_nlink;
  out.allocated = info.stx_blocks * 512;
  out.regular = S_ISREG(info.stx_mode);
  return out;
}

}  // namespace

Result<FileInfo> StatFile(int fd) { return Statx(fd, "", AT_EMPTY_PATH); }

Result<FileInfo> StatPath(const std::string& path, bool nofollow) {
  return Statx(AT_FDCWD, path.c_str(), nofollow ? AT_SYMLINK_NOFOLLOW : 0);
}

Result<Checkpoint> MakeCheckpoint(const FileBytes& bytes, std::uint64_t offset) {
  Checkpoint checkpoint;
  checkpoint.offset = offset;
  auto head = HashRange(bytes, 0, std::min<std::uint64_t>(offset, Checkpoint::kHeadBytes));
  if (!head) return head.error();
  auto length = std::min<std::uint64_t>(offset, Checkpoint::kTailBytes);
  auto tail = HashRange(bytes, offset - length, length);
  if (!tail) return tail.error();
  checkpoint.head = *head;
  checkpoint.tail = *tail;
  return checkpoint;
}

Result<bool> CompareContent(const FileBytes& bytes, const Checkpoint& checkpoint) {
  if (checkpoint.offset == 0) return true;
  auto now = MakeCheckpoint(bytes, checkpoint.offset);
  if (now) return *now == checkpoint;
  if (now.error().code == Code::kInvalid) return false;  // it is shorter
  return now.error();
}

bool ContentMatches(const FileBytes& bytes, const Checkpoint& checkpoint) {
  auto same = CompareContent(bytes, checkpoint);
  return same.ok() && *same;
}

}  // namespace telltale
