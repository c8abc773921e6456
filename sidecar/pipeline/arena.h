// SPDX-License-Identifier: Apache-2.0
//
// Memory for what stages make of one line: unescaped strings, replaced text. Views into it stay
// valid until Reset, which keeps the first block. Owned by PipelineRun; not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace telltale {

class Arena {
 public:
  // Room for `size` bytes; what is not used is given back with Shrink.
  char* Take(std::size_t size) {
    if (blocks_.empty() || blocks_.back().size - used_ < size) {
      blocks_.push_back(
          {std::make_unique_for_overwrite<char[]>(std::max(size, kBlock)), std::max(size, kBlock)});
      used_ = 0;
    }
    char* at = blocks_.back().bytes.get() + used_;
    used_ += size;
    return at;
  }
  // The last Take needed `unused` bytes less.
  void Shrink(std::size_t unused) { used_ -= unused; }

  std::string_view Copy(std::string_view text) {
    if (text.empty()) return {};
    char* at = Take(text.size());
    std::memcpy(at, text.data(), text.size());
    return {at, text.size()};
  }

  void Reset() {
    if (blocks_.size() > 1) blocks_.resize(1);
    if (!blocks_.empty() && blocks_[0].size > kBlock) blocks_.clear();
    used_ = 0;
  }

 private:
  static constexpr std::size_t kBlock = 4 << 10;
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size;
  };
  std::vector<Block> blocks_;
  std::size_t used_ = 0;  // of the last block
};

}  // namespace telltale
