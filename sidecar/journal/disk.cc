// SPDX-License-Identifier: Apache-2.0
#include "sidecar/journal/disk.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace telltale {
namespace {

template <class Call>
auto Uninterrupted(Call call) {
  while (true) {
    auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

}  // namespace

int Disk::Open(const char* path, int flags) {
  return Uninterrupted([&] { return open(path, flags | O_CLOEXEC, 0600); });
}
ssize_t Disk::Read(int fd, void* data, std::size_t size) {
  return Uninterrupted([&] { return read(fd, data, size); });
}
ssize_t Disk::Write(int fd, const void* data, std::size_t size) {
  return Uninterrupted([&] { return write(fd, data, size); });
}
int Disk::Sync(int fd) {
  return Uninterrupted([&] { return fsync(fd); });
}
int Disk::Rename(const char* from, const char* to) { return rename(from, to); }

Disk& RealDisk() {
  static Disk disk;
  return disk;
}

}  // namespace telltale
