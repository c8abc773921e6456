// SPDX-License-Identifier: Apache-2.0
//
// Base-128 varints, which protobuf and our journal share. Pure; header only because the encoder
// of log entries lives on their speed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace telltale {

inline std::size_t VarintSize(std::uint64_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

inline char* PutVarint(char* out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<char>(value | 0x80);
  *out++ = static_cast<char>(value);
  return out;
}

inline void AppendVarint(std::string& out, std::uint64_t value) {
  char bytes[10];
  out.append(bytes, static_cast<std::size_t>(PutVarint(bytes, value) - bytes));
}

// Takes a varint off the front; false when the text ends within it or it has more than 64 bits.
inline bool TakeVarint(std::string_view& text, std::uint64_t& value) {
  value = 0;
  for (unsigned i = 0; i < 10 && i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    if (i == 9 && byte > 1) return false;
    value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      text.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

// Takes a length and so many bytes.
inline bool TakeBytes(std::string_view& text, std::string_view& bytes) {
  std::uint64_t length;
  if (!TakeVarint(text, length) || length > text.size()) return false;
  bytes = text.substr(0, length);
  text.remove_prefix(length);
  return true;
}

}  // namespace telltale
