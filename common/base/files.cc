// SPDX-License-Identifier: Apache-2.0
#include "common/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace telltale {
namespace {

constexpr std::size_t kReadChunk = 64u << 10;

Code CodeOfErrno(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return Code::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::kPermission;
    case EEXIST:
      return Code::kConflict;
    case EINVAL:
    case EISDIR:
    case ENAMETOOLONG:
    case ELOOP:
      return Code::kInvalid;
    case EFBIG:
    case E2BIG:
    case EMSGSIZE:
      return Code::kTooLarge;
    case ETIMEDOUT:
      return Code::kTimeout;
    case ECANCELED:
      return Code::kCancelled;
    case EAGAIN:
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case ENOTCONN:
    case EMFILE:
    case ENFILE:
    case ENOSPC:
    case EDQUOT:
    case ENOMEM:
    case ENOBUFS:
      return Code::kUnavailable;
    default:
      return Code::kInternal;
  }
}

Status WriteAll(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return ErrnoError("writing " + path, errno);
    }
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// Makes the rename itself survive a power cut.
Status SyncFolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "."
                             : slash == 0               ? "/"
                                                        : path.substr(0, slash);
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return ErrnoError("opening " + folder, errno);
  // Some file systems cannot sync a folder and say EINVAL; they have nothing to lose then.
  if (::fsync(fd.get()) != 0 && errno != EINVAL) return ErrnoError("syncing " + folder, errno);
  return {};
}

}  // namespace

UniqueFd::~UniqueFd() {
  if (fd_ >= 0) ::close(fd_);
}

Error ErrnoError(std::string_view doing, int error_number) {
  return Fail(CodeOfErrno(error_number),
              std::string(doing) + ": " + std::generic_category().message(error_number));
}

Result<std::string> ReadFile(const std::string& path, std::size_t limit) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return ErrnoError("opening " + path, errno);
  std::string content;
  // Read to the end and not to st_size: files of procfs say they have 0 bytes.
  for (;;) {
    const std::size_t have = content.size();
    content.resize(have + kReadChunk);
    const ssize_t got = ::read(fd.get(), content.data() + have, kReadChunk);
    const int error_number = errno;
    content.resize(have + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got == 0) return content;
    if (got < 0 && error_number != EINTR) return ErrnoError("reading " + path, error_number);
    if (content.size() > limit) {
      return Fail(Code::kTooLarge, "reading " + path + ": it has more than the allowed " +
                                       std::to_string(limit) + " bytes");
    }
  }
}

Status MakeDirectories(const std::string& path) {
  int failed = 0;
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    if (mkdir(path.substr(0, slash).c_str(), 0700) != 0 && errno != EEXIST) failed = errno;
    if (slash == std::string::npos) break;
  }
  struct stat info{};
  if (stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return {};
  return ErrnoError("making the directory " + path, failed != 0 ? failed : ENOTDIR);
}

Status WriteFileAtomic(const std::string& path, std::string_view content) {
  // The thread's id keeps writers apart, and being small and reused it keeps the names few when a
  // process is killed between the open and the rename again and again.
  const std::string temporary = path + "." + std::to_string(::gettid()) + ".tmp";
  {
    const UniqueFd fd(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) return ErrnoError("creating " + temporary, errno);
    Status written = WriteAll(fd.get(), content, temporary);
    if (written.ok() && ::fsync(fd.get()) != 0) {
      written = ErrnoError("syncing " + temporary, errno);
    }
    if (!written.ok()) {
      ::unlink(temporary.c_str());
      return written;
    }
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error_number = errno;
    ::unlink(temporary.c_str());
    return ErrnoError("renaming " + temporary + " to " + path, error_number);
  }
  return SyncFolderOf(path);
}

}  // namespace telltale
