// SPDX-License-Identifier: Apache-2.0
#include "common/base/cut_text.h"

#include "common/base/strings.h"

namespace telltale {

std::string CutText(std::string_view text, std::size_t limit) {
  constexpr std::string_view kCut = "...";
  std::string valid;
  AppendValidUtf8(text, valid);
  if (valid.size() <= limit) return valid;
  std::size_t end = limit < kCut.size() ? 0 : limit - kCut.size();
  // Back to the first byte of a character.
  while (end > 0 && (static_cast<unsigned char>(valid[end]) & 0xC0) == 0x80) --end;
  valid.resize(end);
  return valid.append(kCut);
}

}  // namespace telltale
