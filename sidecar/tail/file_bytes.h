// SPDX-License-Identifier: Apache-2.0
//
// The bytes of one generation of a log file, whatever form it is kept in: offsets count what the
// application wrote, also in a file that was compressed since. Made by FileSet, read by LineReader
// and by what compares content. Not thread-safe; never moves the descriptor's own position.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "common/base/files.h"
#include "common/base/result.h"
#include "sidecar/tail/gzip_reader.h"

namespace telltale {

class FileBytes {
 public:
  enum class Form { kPlain, kGzip };

  FileBytes() = default;
  explicit FileBytes(UniqueFd fd, Form form = Form::kPlain);

  // kGzip when the name ends in .gz and the file begins as such files do.
  static Form FormOf(int fd, std::string_view name);

  int fd() const { return fd_.get(); }
  bool compressed() const { return gzip_ != nullptr; }

  // What is at `offset`, at most `size` bytes; 0 at the end.
  Result<std::size_t> ReadAt(char* data, std::size_t size, std::uint64_t offset) const;

  // Where the next data begins at or behind `offset`: behind a hole of a sparse file. `offset`
  // itself where that is not known, the size of the file when there is none.
  std::uint64_t NextData(std::uint64_t offset) const;

  // Tests let reads fail: called in place of pread(2) by all, until it is reset to null.
  using ReadCall = ssize_t (*)(int fd, void* data, std::size_t size, std::int64_t offset);
  static void ReplaceReadForTest(ReadCall call);

  // Of a compressed file.
  std::uint64_t UncompressedSize() const { return gzip_->Size(); }
  bool damaged() const { return gzip_ && gzip_->damaged(); }
  void Release() const {
    if (gzip_) gzip_->Release();
  }

 private:
  UniqueFd fd_;
  std::unique_ptr<GzipReader> gzip_;
};

}  // namespace telltale
