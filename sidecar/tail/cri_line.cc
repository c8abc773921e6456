// SPDX-License-Identifier: Apache-2.0
#include "sidecar/tail/cri_line.h"

#include <cstring>

#include "common/base/rfc3339.h"

namespace telltale {
namespace {

// The text up to the next space, which must be there and must not come first.
std::optional<std::string_view> TakeWord(std::string_view& rest) {
  std::size_t space = rest.find(' ');
  if (space == rest.npos || space == 0) return std::nullopt;
  std::string_view word = rest.substr(0, space);
  rest.remove_prefix(space + 1);
  return word;
}

// The digits between the point and the Z as nanoseconds; -1 when that is not all there is.
std::int64_t Fraction(std::string_view text) {
  if (text.size() < 2 || text.size() > 10 || text.back() != 'Z') return -1;
  std::int64_t nanos = 0;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const auto digit = static_cast<unsigned char>(text[i] - '0');
    if (digit > 9) return -1;
    nanos = nanos * 10 + digit;
  }
  static constexpr std::int64_t kUnits[] = {100'000'000, 10'000'000, 1'000'000, 100'000, 10'000,
                                            1'000,       100,        10,        1};
  return nanos * kUnits[text.size() - 2];
}

// As ParseRfc3339; a time in the second that `known` knows costs only its fraction.
std::optional<std::int64_t> ParseTime(std::string_view text, CriSecond* known) {
  if (known == nullptr || text.size() < 22) return ParseRfc3339(text);
  const std::size_t prefix = known->text.size();
  if (std::memcmp(text.data(), known->text.data(), prefix) == 0) {
    const std::int64_t fraction = Fraction(text.substr(prefix));
    if (fraction >= 0) return known->nanos + fraction;
  }
  auto nanos = ParseRfc3339(text);
  if (nanos && text[prefix - 1] == '.' && text.back() == 'Z') {
    std::memcpy(known->text.data(), text.data(), prefix);
    known->nanos = *nanos - *nanos % 1'000'000'000;
  }
  return nanos;
}

}  // namespace

std::optional<CriLine> ParseCriLine(std::string_view line, CriSecond* second) {
  // The shortest RFC 3339 time has 20 characters; a look at two fixed places spares most plain
  // lines the parser.
  if (line.size() < 29 || line[4] != '-' || line[10] != 'T') return std::nullopt;
  CriLine out;
  std::string_view rest = line;
  auto time = TakeWord(rest);
  if (!time) return std::nullopt;
  auto stream = TakeWord(rest);
  if (!stream) return std::nullopt;
  if (*stream == "stdout") {
    out.stream = LogStream::kStdout;
  } else if (*stream == "stderr") {
    out.stream = LogStream::kStderr;
  } else if (*stream != "-") {
    return std::nullopt;
  }
  // Tags are separated by ':'; the first says partial or full. Some writers leave the space away
  // when the content is empty.
  std::string_view tags = rest.substr(0, rest.find(' '));
  std::string_view first = tags.substr(0, tags.find(':'));
  if (first != "P" && first != "F") return std::nullopt;
  out.partial = first == "P";
  rest.remove_prefix(tags.size());
  if (!rest.empty()) rest.remove_prefix(1);
  out.content = rest;
  auto nanos = ParseTime(*time, second);
  if (!nanos) return std::nullopt;
  out.time = *nanos;
  return out;
}

}  // namespace telltale
