// SPDX-License-Identifier: Apache-2.0
//
// The bytes of one generation of a log file, whatever form it is kept in: offsets count what the
// application wrote. Made by FileSet, read by LineReader and by what compares content. Not
// thread-safe; never moves the descriptor's own position.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "common/base/files.h"
#include "common/base/result.h"

namespace telltale {

class FileBytes {
 public:
  FileBytes() = default;
  explicit FileBytes(UniqueFd fd) : fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }

  // What is at `offset`, at most `size` bytes; 0 at the end.
  Result<std::size_t> ReadAt(char* data, std::size_t size, std::uint64_t offset) const;

 private:
  UniqueFd fd_;
};

}  // namespace telltale
