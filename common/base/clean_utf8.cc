// SPDX-License-Identifier: Apache-2.0
#include "common/base/clean_utf8.h"

#include <cstdint>
#include <cstring>

namespace telltale {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// How many leading bytes are ASCII without NUL, eight at a time.
std::size_t AsciiPrefix(std::string_view text) {
  constexpr std::uint64_t kHigh = 0x8080808080808080u, kOnes = 0x0101010101010101u;
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + i, 8);
    // The second term has a high bit for a zero byte (and only then, as no high bit is set).
    if (((word | (word - kOnes)) & kHigh) != 0) break;
  }
  while (i < text.size() && static_cast<signed char>(text[i]) > 0) ++i;
  return i;
}

// Length of the valid non-ASCII character at the front (Unicode 15, table 3-7), 0 if there is none.
std::size_t CharacterLength(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char first = byte(0);
  std::size_t length = first >= 0xC2 && first <= 0xDF ? 2 : 0;
  unsigned char low = 0x80, high = 0xBF;
  if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;  // surrogates
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;  // beyond U+10FFFF
  }
  if (length == 0 || text.size() < length || byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

}  // namespace

bool IsCleanUtf8(std::string_view text) {
  while (true) {
    text.remove_prefix(AsciiPrefix(text));
    if (text.empty()) return true;
    std::size_t length = CharacterLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
}

std::size_t AppendCleanUtf8(std::string_view in, std::size_t limit, std::string& out) {
  std::size_t used = 0;
  while (used < in.size() && limit > 0) {
    std::string_view rest = in.substr(used);
    std::size_t take = AsciiPrefix(rest.substr(0, limit));
    std::string_view piece = rest.substr(0, take);
    if (take == 0) {
      std::size_t length = CharacterLength(rest);
      take = length == 0 ? 1 : length;
      piece = length == 0 ? kReplacement : rest.substr(0, length);
      if (piece.size() > limit) break;
    }
    out.append(piece);
    limit -= piece.size();
    used += take;
  }
  return used;
}

std::size_t Utf8Cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text.size();
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  return limit;
}

char* PutUtf8(std::uint32_t point, char* out) {
  const auto put = [&](std::uint32_t byte) { *out++ = static_cast<char>(byte); };
  const auto rest = [&](int shift) { put(0x80 | ((point >> shift) & 0x3f)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | point >> 6);
    rest(0);
  } else if (point < 0x10000) {
    put(0xe0 | point >> 12);
    rest(6);
    rest(0);
  } else {
    put(0xf0 | point >> 18);
    rest(12);
    rest(6);
    rest(0);
  }
  return out;
}

}  // namespace telltale
