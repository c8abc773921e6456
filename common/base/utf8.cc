// SPDX-License-Identifier: Apache-2.0
#include "common/base/utf8.h"

namespace telltale {

char* PutUtf8(std::uint32_t point, char* out) {
  const auto put = [&](std::uint32_t byte) { *out++ = static_cast<char>(byte); };
  const auto rest = [&](int shift) { put(0x80 | ((point >> shift) & 0x3F)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | (point >> 6));
    rest(0);
  } else if (point < 0x10000) {
    put(0xE0 | (point >> 12));
    rest(6);
    rest(0);
  } else {
    put(0xF0 | (point >> 18));
    rest(12);
    rest(6);
    rest(0);
  }
  return out;
}

void AppendUtf8(std::uint32_t point, std::string& out) {
  char bytes[4];
  out.append(bytes, PutUtf8(point, bytes));
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = Utf8Length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace telltale
