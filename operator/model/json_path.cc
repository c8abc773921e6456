// SPDX-License-Identifier: Apache-2.0
#include "operator/model/pipeline_stage.h"

namespace telltale {
namespace {

bool IsNameChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Takes one step off the front: name, "quoted name" or [index]. False when there is none.
bool TakeStep(std::string_view& rest, bool first) {
  std::size_t end = 0;
  if (rest.starts_with('[') && !first) {
    end = rest.find_first_not_of("0123456789", 1);
    if (end == 1 || end > 10 || end == std::string_view::npos || rest[end] != ']') return false;
    rest.remove_prefix(end + 1);
    return true;
  }
  if (!first) {
    if (!rest.starts_with('.')) return false;
    rest.remove_prefix(1);
  }
  if (rest.starts_with('"')) {
    end = rest.find_first_of("\"\\", 1);
    if (end == std::string_view::npos || end == 1 || rest[end] == '\\') return false;
    for (const char c : rest.substr(0, end)) {
      if (static_cast<unsigned char>(c) < 0x20) return false;
    }
    rest.remove_prefix(end + 1);
    return true;
  }
  if (rest.empty() || (rest[0] >= '0' && rest[0] <= '9')) return false;
  while (end < rest.size() && IsNameChar(rest[end])) ++end;
  rest.remove_prefix(end);
  return end > 0;
}

}  // namespace

bool IsJsonPath(std::string_view expression) {
  if (!TakeStep(expression, true)) return false;
  while (!expression.empty()) {
    if (!TakeStep(expression, false)) return false;
  }
  return true;
}

}  // namespace telltale
