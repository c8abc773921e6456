// SPDX-License-Identifier: Apache-2.0
#include "common/base/clean_utf8.h"

#include <cstdint>
#include <cstring>

#include "common/base/utf8.h"

namespace telltale {
namespace {

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

// Length of the character at the front, 0 for NUL and for bytes that are not UTF-8.
std::size_t CharacterLength(std::string_view text) {
  return text.front() == '\0' ? 0 : Utf8Length(text);
}

}  // namespace

bool IsCleanUtf8(std::string_view text) {
  while (true) {
    text.remove_prefix(AsciiPrefix(text));
    if (text.empty()) return true;
    const std::size_t length = CharacterLength(text);
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
      piece = length == 0 ? kReplacementCharacter : rest.substr(0, length);
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

}  // namespace telltale
