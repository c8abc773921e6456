// SPDX-License-Identifier: Apache-2.0
//
// The lines of one file from an offset on, through one buffer of fixed size. A line longer than
// kMaxRawLine keeps its first bytes and the rest is skipped, so that a line of any length costs no
// memory. NULs in front of a line are no text: a writer that goes on at its old offset after a
// truncation leaves a hole. They belong to the line behind them and are skipped. Called by
// BatchBuilder; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "common/base/result.h"
#include "sidecar/tail/file_bytes.h"

namespace telltale {

// Loki refuses lines above 256 KiB, counting structured metadata; 1 KiB is left for that.
inline constexpr std::size_t kMaxLine = 255 << 10;
// The form of CRI adds a time, a stream and a tag in front.
inline constexpr std::size_t kMaxRawLine = kMaxLine + 128;

// Memory for LineReader, kept between uses. Pages that no file needed are never touched.
class LineBuffer {
 public:
  static constexpr std::size_t kSize = 512 << 10;
  char* data() {
    if (!data_) data_ = std::make_unique_for_overwrite<char[]>(kSize);
    return data_.get();
  }
  void Release() { data_.reset(); }

 private:
  std::unique_ptr<char[]> data_;
};

struct RawLine {
  std::string_view text;      // without \n or \r\n; valid until the next call
  std::uint64_t begin = 0;    // offset of the first byte, NULs in front of it included
  std::uint64_t end = 0;      // behind the line end
  std::uint64_t skipped = 0;  // bytes that are missing at the end of text
};

// Whether a line ends in the range: a long line that grows slowly is not decoded again and again.
Result<bool> HasLineEnd(const FileBytes& bytes, std::uint64_t from, std::uint64_t limit,
                        LineBuffer& buffer);

// Where the NULs begin that the range ends with; `limit` if it ends with something else.
Result<std::uint64_t> EndOfText(const FileBytes& bytes, std::uint64_t from, std::uint64_t limit,
                                LineBuffer& buffer);

class LineReader {
 public:
  // Reads nothing at or beyond `limit`.
  LineReader(const FileBytes& bytes, std::uint64_t begin, std::uint64_t limit, LineBuffer& buffer);

  // The next complete line; false at the limit, at the end of the file, or on an error. With
  // `unfinished`, bytes behind the last line end are a line too.
  Result<bool> Next(bool unfinished, RawLine& line);

  // How far the file was searched for a line end; after Next was false.
  std::uint64_t searched() const { return base_ + filled_; }

 private:
  Result<std::size_t> Fill();
  Result<bool> SkipLongLine(bool unfinished, RawLine& line);
  void SkipNuls();
  void Emit(std::size_t text_end, std::size_t next, RawLine& line);

  const FileBytes& bytes_;
  std::uint64_t limit_;
  char* data_;
  std::uint64_t base_;        // file offset of data_[0]
  std::uint64_t line_begin_;  // file offset behind the last line
  std::size_t at_ = 0;        // start of the current line in data_, behind NULs
  std::size_t filled_ = 0;    // end of what was read
  std::size_t searched_ = 0;  // no line end in [at_, searched_)
};

}  // namespace telltale
