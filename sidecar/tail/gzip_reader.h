// SPDX-License-Identifier: Apache-2.0
//
// A gzip file as the bytes it holds, read from any place: forward as it comes, some hundred
// kilobytes back from a copy of the state, farther back from the start. Memory is bounded, and
// given back by Release; a hostile file costs time in proportion to what is read of it and no more.
// The fence of zlib. Used by FileBytes; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "common/base/result.h"

namespace telltale {

class GzipReader {
 public:
  // Reads with pread; `fd` stays the caller's.
  explicit GzipReader(int fd);
  ~GzipReader();

  // The bytes at `offset` of the content; 0 behind its end, which is also where damage begins.
  Result<std::size_t> ReadAt(char* data, std::size_t size, std::uint64_t offset);

  // How many bytes it holds: by the trailer until the end was seen.
  std::uint64_t Size();
  // The end was seen and it was none: the file is cut off or damaged there.
  bool damaged() const;

  // Gives memory back until the next read.
  void Release();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale
