// SPDX-License-Identifier: Apache-2.0
#include "common/text/json_token.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "common/base/strings.h"

namespace telltale {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::size_t SkipDigits(std::string_view text, std::size_t at) {
  while (at < text.size() && IsDigit(text[at])) ++at;
  return at;
}

}  // namespace

bool IsJsonNumber(std::string_view text) {
  std::size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
  const std::size_t whole = at;
  at = SkipDigits(text, at);
  if (at == whole || (text[whole] == '0' && at > whole + 1)) return false;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = ++at;
    at = SkipDigits(text, at);
    if (at == fraction) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t exponent = at;
    at = SkipDigits(text, at);
    if (at == exponent) return false;
  }
  return at == text.size();
}

bool CanStartJsonValue(char c) {
  return c == '"' || c == '{' || c == '[' || c == '-' || IsDigit(c) || c == 't' || c == 'f' ||
         c == 'n';
}

std::size_t FindBadUtf8(std::string_view text) {
  std::string valid;
  AppendValidUtf8(text, valid);
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(text.size(), valid.size()));
  return static_cast<std::size_t>(std::mismatch(text.begin(), end, valid.begin()).first -
                                  text.begin());
}

}  // namespace telltale
