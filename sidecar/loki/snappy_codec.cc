// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/snappy_codec.h"

#include <snappy.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "common/base/varint.h"

namespace telltale {

std::string SnappyCompress(std::string_view bytes) {
  // Room for the worst case, of which only what is written is ever touched: the library's own
  // function for strings would fill all of it with zeros, and a batch that waits would hold it.
  const auto room =
      std::make_unique_for_overwrite<char[]>(snappy::MaxCompressedLength(bytes.size()));
  std::size_t size = 0;
  snappy::RawCompress(bytes.data(), bytes.size(), room.get(), &size);
  return {room.get(), size};
}

std::optional<std::string> SnappyUncompress(std::string_view compressed) {
  std::string out;
  if (!snappy::Uncompress(compressed.data(), compressed.size(), &out)) return std::nullopt;
  return out;
}

std::size_t SnappyRawSize(std::string_view compressed) {
  std::uint64_t size = 0;
  return TakeVarint(compressed, size) ? static_cast<std::size_t>(size) : 0;
}

void AppendSnappyElements(std::string_view compressed, std::string& out) {
  std::uint64_t size = 0;
  if (TakeVarint(compressed, size)) out += compressed;
}

void SnappyWriter::Begin() {
  tail_.clear();
  packed_.clear();
  packed_bytes_ = 0;
}

// All whole fragments of the tail.
void SnappyWriter::PackWhole(std::size_t fragment) {
  const auto room = std::make_unique_for_overwrite<char[]>(snappy::MaxCompressedLength(fragment));
  std::size_t begin = 0;
  for (; tail_.size() - begin >= fragment; begin += fragment) {
    std::size_t size = 0;
    snappy::RawCompress(tail_.data() + begin, fragment, room.get(), &size);
    AppendSnappyElements({room.get(), size}, packed_);
  }
  packed_bytes_ += begin;
  tail_.erase(0, begin);
}

std::string SnappyWriter::Finish(std::string_view first) {
  const std::string head = SnappyCompress(first);
  const std::size_t bytes = first.size() + this->bytes();
  if (!tail_.empty()) PackWhole(tail_.size());
  std::string out;
  out.reserve(PushCapacity(10 + head.size() + packed_.size()));
  AppendVarint(out, bytes);
  AppendSnappyElements(head, out);
  return out += packed_;
}

}  // namespace telltale
