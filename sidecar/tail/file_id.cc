// SPDX-License-Identifier: Apache-2.0
#include "sidecar/tail/file_id.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/base/files.h"
#include "common/base/strings.h"

namespace telltale {
namespace {

Result<std::uint64_t> HashRange(int fd, std::uint64_t offset, std::size_t length) {
  std::array<char, ContentMark::kHeadBytes> bytes;
  std::size_t have = 0;
  while (have < length) {
    ssize_t n = pread(fd, bytes.data() + have, length - have, static_cast<off_t>(offset + have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoError("reading", errno);
    if (n == 0) return Fail(Code::kInvalid, "the file is shorter than what was read of it");
    have += static_cast<std::size_t>(n);
  }
  return Hash64({bytes.data(), length});
}

}  // namespace

Result<FileInfo> StatFile(int fd) {
  struct statx info{};
  if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &info) != 0) {
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
  out.regular = S_ISREG(info.stx_mode);
  return out;
}

Result<ContentMark> MarkContent(int fd, std::uint64_t offset) {
  ContentMark mark;
  mark.offset = offset;
  auto head = HashRange(fd, 0, std::min<std::uint64_t>(offset, ContentMark::kHeadBytes));
  if (!head) return head.error();
  auto length = std::min<std::uint64_t>(offset, ContentMark::kTailBytes);
  auto tail = HashRange(fd, offset - length, length);
  if (!tail) return tail.error();
  mark.head = *head;
  mark.tail = *tail;
  return mark;
}

bool ContentMatches(int fd, const ContentMark& mark) {
  if (mark.offset == 0) return true;
  auto now = MarkContent(fd, mark.offset);
  return now.ok() && *now == mark;
}

}  // namespace telltale
