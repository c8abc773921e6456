// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/logs/file_times.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <map>
#include <utility>

namespace telltale::faults {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

// What a file system says of inode and birth, to the birth that is to be said.
std::map<std::pair<std::uint64_t, std::int64_t>, std::int64_t>& Births() {
  static std::map<std::pair<std::uint64_t, std::int64_t>, std::int64_t> births;
  return births;
}

std::int64_t Nanos(const statx_timestamp& time) { return time.tv_sec * kSecond + time.tv_nsec; }

long Ask(int fd, const char* path, int flags, unsigned mask, struct statx* out) {
  return ::syscall(SYS_statx, fd, path, flags, mask, out);
}

timespec Spec(std::int64_t nanos) { return {nanos / kSecond, nanos % kSecond}; }

}  // namespace

void SetFileTimes(int fd, bool created, std::int64_t nanos) {
  const timespec times[2] = {Spec(nanos), Spec(nanos)};
  ::futimens(fd, times);
  struct statx info{};
  if (!created || Ask(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &info) != 0) return;
  // Two files made within a tick have the same time of birth on the disk, but other inodes, or the
  // same inode and another time.
  Births()[{info.stx_ino, Nanos(info.stx_btime)}] = nanos;
}

void SetFolderTime(const std::string& folder, std::int64_t nanos) {
  const timespec times[2] = {Spec(nanos), Spec(nanos)};
  ::utimensat(AT_FDCWD, folder.c_str(), times, 0);
}

void ForgetFileTimes() { Births().clear(); }

}  // namespace telltale::faults

extern "C" int statx(int fd, const char* path, int flags, unsigned mask,
                     struct statx* out) noexcept {
  using telltale::faults::Births;
  const long status = telltale::faults::Ask(fd, path, flags, mask, out);
  if (status != 0 || (out->stx_mask & STATX_BTIME) == 0) return static_cast<int>(status);
  const auto known = Births().find({out->stx_ino, telltale::faults::Nanos(out->stx_btime)});
  if (known != Births().end()) {
    out->stx_btime.tv_sec = known->second / telltale::faults::kSecond;
    out->stx_btime.tv_nsec = static_cast<unsigned>(known->second % telltale::faults::kSecond);
  }
  return 0;
}
