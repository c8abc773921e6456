// SPDX-License-Identifier: Apache-2.0
#include "sidecar/tail/line_reader.h"

#include <algorithm>
#include <cstring>

namespace telltale {
namespace {

// The first reads are small: most wakes find a few lines.
constexpr std::size_t kChunk = 128 << 10;

}  // namespace

Result<bool> HasLineEnd(const FileBytes& bytes, std::uint64_t from, std::uint64_t limit,
                        LineBuffer& buffer) {
  while (from < limit) {
    auto want = std::min<std::uint64_t>(kChunk, limit - from);
    auto n = bytes.ReadAt(buffer.data(), want, from);
    if (!n) return n.error();
    if (*n == 0) return false;
    if (std::memchr(buffer.data(), '\n', *n) != nullptr) return true;
    from += *n;
  }
  return false;
}

Result<std::uint64_t> EndOfText(const FileBytes& bytes, std::uint64_t from, std::uint64_t limit,
                                LineBuffer& buffer) {
  if (bytes.NextData(from) >= limit) return from;
  while (limit > from) {
    const auto want = std::min<std::uint64_t>(kChunk, limit - from);
    auto n = bytes.ReadAt(buffer.data(), want, limit - want);
    if (!n) return n.error();
    if (*n < want) return limit;  // it shrank
    std::size_t end = want;
    while (end > 0 && buffer.data()[end - 1] == '\0') --end;
    limit -= want - end;
    if (end > 0) break;
  }
  return limit;
}

LineReader::LineReader(const FileBytes& bytes, std::uint64_t begin, std::uint64_t limit,
                       LineBuffer& buffer)
    : bytes_(bytes), limit_(limit), data_(buffer.data()), base_(begin), line_begin_(begin) {}

// Appends what the file has next; 0 at its end or the limit.
Result<std::size_t> LineReader::Fill() {
  std::uint64_t offset = base_ + filled_;
  if (offset >= limit_) return std::size_t{0};
  auto want = std::min<std::uint64_t>({LineBuffer::kSize - filled_, kChunk, limit_ - offset});
  auto n = bytes_.ReadAt(data_ + filled_, want, offset);
  if (n) filled_ += *n;
  return n;
}

// Nothing of the line was found yet but NULs, perhaps. A hole is not read.
void LineReader::SkipNuls() {
  const std::size_t before = at_;
  while (at_ < filled_ && data_[at_] == '\0') ++at_;
  searched_ = std::max(searched_, at_);
  if (at_ < filled_ || at_ == before) return;
  const std::uint64_t end = base_ + filled_;
  const std::uint64_t data = std::min(bytes_.NextData(end), limit_);
  at_ = filled_ = searched_ = 0;
  base_ = std::max(data, end);
}

void LineReader::Emit(std::size_t text_end, std::size_t next, RawLine& line) {
  line.begin = line_begin_;
  line.end = line_begin_ = base_ + next;
  line.skipped = 0;
  bool terminated = next > text_end;
  if (terminated && text_end > at_ && data_[text_end - 1] == '\r') --text_end;
  line.text = {data_ + at_, text_end - at_};
  at_ = searched_ = next;
}

Result<bool> LineReader::Next(bool unfinished, RawLine& line) {
  while (true) {
    SkipNuls();
    const void* found = std::memchr(data_ + searched_, '\n', filled_ - searched_);
    if (found != nullptr) {
      auto end = static_cast<std::size_t>(static_cast<const char*>(found) - data_);
      if (end - at_ > kMaxRawLine) {
        line.begin = line_begin_;
        line.end = line_begin_ = base_ + end + 1;
        line.text = {data_ + at_, kMaxRawLine};
        line.skipped = end - at_ - kMaxRawLine;
        at_ = searched_ = end + 1;
      } else {
        Emit(end, end + 1, line);
      }
      return true;
    }
    searched_ = filled_;
    if (filled_ - at_ > kMaxRawLine) return SkipLongLine(unfinished, line);
    if (at_ > 0 && LineBuffer::kSize - filled_ < kChunk) {
      std::memmove(data_, data_ + at_, filled_ - at_);
      base_ += at_;
      filled_ -= at_;
      searched_ -= at_;
      at_ = 0;
    }
    auto got = Fill();
    if (!got) return got.error();
    if (*got == 0) {
      if (!unfinished || base_ + filled_ == line_begin_) return false;
      Emit(filled_, filled_, line);
      return true;
    }
  }
}

// The line in [at_, filled_) is longer than what is kept of it: its first bytes stay at the front
// of the buffer and the rest of the line passes through the space behind them.
Result<bool> LineReader::SkipLongLine(bool unfinished, RawLine& line) {
  std::uint64_t begin = base_ + at_;
  std::uint64_t passed = base_ + filled_;  // file offset up to which no line end was found
  std::memmove(data_, data_ + at_, kMaxRawLine);
  while (true) {
    // Bookkeeping such that Fill appends behind the kept bytes what the file has at `passed`.
    filled_ = kMaxRawLine;
    base_ = passed - kMaxRawLine;
    at_ = searched_ = filled_;
    auto got = Fill();
    if (!got) return got.error();
    const void* found = std::memchr(data_ + kMaxRawLine, '\n', *got);
    if (*got > 0 && found == nullptr) {
      passed += *got;
      continue;
    }
    if (*got == 0 && !unfinished) return false;
    std::uint64_t text_end = passed, next = passed;
    if (found != nullptr) {
      at_ = searched_ = static_cast<std::size_t>(static_cast<const char*>(found) - data_) + 1;
      next = base_ + at_;
      text_end = next - 1;
    }
    line.begin = line_begin_;
    line.end = line_begin_ = next;
    line.text = {data_, kMaxRawLine};
    line.skipped = text_end - begin - kMaxRawLine;
    return true;
  }
}

}  // namespace telltale
