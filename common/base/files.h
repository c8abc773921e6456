// SPDX-License-Identifier: Apache-2.0
//
// Whole small files, and a descriptor that closes itself. Thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/result.h"

namespace telltale {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// An Error from errno: "opening /x: Permission denied", with the code that fits.
Error ErrnoError(std::string_view doing, int error_number);

// kTooLarge when the file has more than `limit` bytes.
Result<std::string> ReadFile(const std::string& path, std::size_t limit = 16u << 20);

// Makes `path` and the directories above it, mode 0700. Those that are there already stay as they
// are.
Status MakeDirectories(const std::string& path);

// Writes a temporary file beside `path`, fsyncs it and renames it: readers see old or new.
Status WriteFileAtomic(const std::string& path, std::string_view content);

}  // namespace telltale
