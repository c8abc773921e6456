// SPDX-License-Identifier: Apache-2.0
#include "sidecar/tail/file_bytes.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <utility>

namespace telltale {
namespace {

ssize_t Pread(int fd, void* data, std::size_t size, std::int64_t offset) {
  return pread(fd, data, size, offset);
}

std::atomic<FileBytes::ReadCall> read_call{Pread};

}  // namespace

void FileBytes::ReplaceReadForTest(ReadCall call) { read_call = call != nullptr ? call : Pread; }

FileBytes::FileBytes(UniqueFd fd, Form form) : fd_(std::move(fd)) {
  if (form == Form::kGzip) gzip_ = std::make_unique<GzipReader>(fd_.get());
}

FileBytes::Form FileBytes::FormOf(int fd, std::string_view name) {
  std::array<unsigned char, 3> magic{};
  if (!name.ends_with(".gz") || pread(fd, magic.data(), magic.size(), 0) != 3) return Form::kPlain;
  bool gzip = magic[0] == 0x1f && magic[1] == 0x8b && magic[2] == 8;
  return gzip ? Form::kGzip : Form::kPlain;
}

std::uint64_t FileBytes::NextData(std::uint64_t offset) const {
  if (gzip_) return offset;
  const auto from = static_cast<off_t>(offset);
  off_t data = lseek(fd_.get(), from, SEEK_DATA);
  if (data < 0 && errno == ENXIO) data = lseek(fd_.get(), 0, SEEK_END);
  return data > from ? static_cast<std::uint64_t>(data) : offset;
}

Result<std::size_t> FileBytes::ReadAt(char* data, std::size_t size, std::uint64_t offset) const {
  if (gzip_) return gzip_->ReadAt(data, size, offset);
  while (true) {
    ssize_t n = read_call.load(std::memory_order_relaxed)(fd_.get(), data, size,
                                                          static_cast<std::int64_t>(offset));
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) return ErrnoError("reading", errno);
  }
}

}  // namespace telltale
