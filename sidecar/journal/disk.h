// SPDX-License-Identifier: Apache-2.0
//
// The system calls by which the journal reaches its disk, so that tests can count them, let them
// fail and end the program at each of them. Called by JournalFile. Each is the call of its name,
// repeated when a signal interrupted it; errors are in errno.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace telltale {

class Disk {
 public:
  virtual ~Disk() = default;
  virtual int Open(const char* path, int flags);
  virtual ssize_t Read(int fd, void* data, std::size_t size);
  virtual ssize_t Write(int fd, const void* data, std::size_t size);
  virtual int Sync(int fd);
  virtual int Rename(const char* from, const char* to);
};

Disk& RealDisk();

}  // namespace telltale
