// SPDX-License-Identifier: Apache-2.0
//
// Snappy's block format, as Loki wants a protobuf push. The implementation is the fence of
// libsnappy. Pure, thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace telltale {

std::string SnappyCompress(std::string_view bytes);
// Nothing when the text is not snappy.
std::optional<std::string> SnappyUncompress(std::string_view compressed);

// The size before compression; 0 when the text is not snappy.
std::size_t SnappyRawSize(std::string_view compressed);
// Appends a compressed text to `out`, which is the elements of others, without its length: copies
// in a block look back within their own text only (format_description.txt of snappy), so elements
// that follow each other are the compressed form of the texts that follow each other.
void AppendSnappyElements(std::string_view compressed, std::string& out);

// Pushes that come and go take memory in these steps, so that one fits where another was.
inline std::size_t PushCapacity(std::size_t bytes) {
  constexpr std::size_t kStep = 32 << 10;
  return bytes < kStep ? bytes : (bytes + kStep - 1) / kStep * kStep;
}

// A text that is compressed while it grows, as much at a time as snappy looks back, so that the
// whole of it is never in memory. Not thread-safe.
class SnappyWriter {
 public:
  void Begin();
  // What is not compressed yet. Text is appended to it, and Pack called then.
  std::string& tail() { return tail_; }
  void Pack() {
    if (tail_.size() >= kFragment) PackWhole(kFragment);
  }
  std::size_t bytes() const { return packed_bytes_ + tail_.size(); }  // of the text
  std::size_t capacity() const { return tail_.capacity() + packed_.capacity(); }

  // The compressed form of `first` and the text behind it. Begin comes next.
  std::string Finish(std::string_view first);
  // Gives the memory back.
  void Release() { *this = SnappyWriter(); }

 private:
  static constexpr std::size_t kFragment = 64 << 10;
  void PackWhole(std::size_t fragment);

  std::string tail_, packed_;
  std::size_t packed_bytes_ = 0;  // of the text that packed_ is
};

}  // namespace telltale
