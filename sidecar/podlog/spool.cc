// SPDX-License-Identifier: Apache-2.0
#include "sidecar/podlog/spool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/base/files.h"
#include "common/base/rfc3339.h"
#include "common/base/strings.h"
#include "sidecar/tail/cri_line.h"

namespace telltale {
namespace {

// More than two seconds of any container's output, but for those that flood.
constexpr std::uint64_t kLook = 4 << 20;
constexpr std::uint64_t kBlock = 64 << 10;
constexpr std::int64_t kSecond = 1'000'000'000;

}  // namespace

Status Spool::Open(ResumePoint& point) {
  TELLTALE_TRY(MakeDirectories(path_.substr(0, path_.rfind('/'))));
  fd_ = UniqueFd(open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd_) return ErrnoError("opening " + path_, errno);
  return TakeUp(point);
}

Status Spool::TakeUp(ResumePoint& point) {
  struct stat info{};
  if (fstat(fd_.get(), &info) != 0) return ErrnoError("asking for the size of " + path_, errno);
  size_ = static_cast<std::uint64_t>(info.st_size);
  const std::uint64_t begin = size_ > kLook ? size_ - kLook : 0;
  std::string text(size_ - begin, '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t n =
        pread(fd_.get(), text.data() + have, text.size() - have, static_cast<off_t>(begin + have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoError("reading " + path_, errno);
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  text.resize(have);
  const std::size_t end = text.rfind('\n') == text.npos ? 0 : text.rfind('\n') + 1;
  if (begin + end < size_ && ftruncate(fd_.get(), static_cast<off_t>(begin + end)) == 0) {
    size_ = begin + end;
  }
  std::string_view rest = std::string_view(text).substr(0, end);
  for (std::string_view line : Split(rest, '\n')) {
    const auto cri = ParseCriLine(line);
    if (!cri) continue;
    point.Keep(cri->time, cri->content);
    Mark(cri->time, begin + static_cast<std::uint64_t>(line.data() - text.data()));
  }
  return {};
}

// A resumption asks for the lines from the second before the newest on; they must be there to be
// known again.
void Spool::Mark(std::int64_t time, std::uint64_t at) {
  const std::int64_t second = time / kSecond;
  if (newest_.second != 0 && second <= newest_.second) return;
  before_ = newest_.second == second - 1 ? newest_ : SecondBegin{second, at};
  newest_ = {second, at};
}

void Spool::Add(std::int64_t time, std::string_view text) {
  Mark(time, size_ + buffer_.size());
  buffer_.append(FormatRfc3339(time, 9)).append(" - F ").append(text).push_back('\n');
}

Status Spool::Flush() {
  std::size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t n =
        pwrite(fd_.get(), buffer_.data() + done, buffer_.size() - done, static_cast<off_t>(size_));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int why = errno;
      buffer_.erase(0, done);
      return ErrnoError("writing " + path_, why);
    }
    done += static_cast<std::size_t>(n);
    size_ += static_cast<std::uint64_t>(n);
  }
  buffer_.clear();
  if (buffer_.capacity() > kBlock) buffer_.shrink_to_fit();
  return {};
}

void Spool::Release(std::uint64_t acked) {
  const std::uint64_t needed = std::max(before_.at, size_ > kLook ? size_ - kLook : 0);
  const std::uint64_t end = std::min({acked, size_, needed}) / kBlock * kBlock;
  const std::uint64_t begin = std::max(released_, kHead);
  if (end <= begin) return;
  // Where the file system cannot do it the file keeps its room; the follower limits what is unread.
  if (fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(begin),
                static_cast<off_t>(end - begin)) == 0) {
    released_ = end;
  }
}

}  // namespace telltale
