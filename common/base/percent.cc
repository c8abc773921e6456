// SPDX-License-Identifier: Apache-2.0
#include "common/base/percent.h"

#include <cstddef>

#include "common/base/ascii.h"

namespace telltale {
namespace {

std::string Decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size();
    if (escape && IsHexDigit(text[i + 1]) && IsHexDigit(text[i + 2])) {
      out += static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

}  // namespace

std::string PercentDecode(std::string_view text) { return Decode(text, false); }
std::string FormDecode(std::string_view text) { return Decode(text, true); }

}  // namespace telltale
