// SPDX-License-Identifier: Apache-2.0
#include "sidecar/tail/file_bytes.h"

#include <unistd.h>

#include <cerrno>

namespace telltale {

Result<std::size_t> FileBytes::ReadAt(char* data, std::size_t size, std::uint64_t offset) const {
  while (true) {
    ssize_t n = pread(fd_.get(), data, size, static_cast<off_t>(offset));
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) return ErrnoError("reading", errno);
  }
}

}  // namespace telltale
