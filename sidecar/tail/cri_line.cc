// SPDX-License-Identifier: Apache-2.0
#include "sidecar/tail/cri_line.h"

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

}  // namespace

std::optional<CriLine> ParseCriLine(std::string_view line) {
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
  } else {
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
  auto nanos = ParseRfc3339(*time);
  if (!nanos) return std::nullopt;
  out.time = *nanos;
  return out;
}

}  // namespace telltale
