// SPDX-License-Identifier: Apache-2.0
#include "common/base/ascii.h"
#include "sidecar/pipeline/json_paths.h"

namespace telltale {
namespace {

bool IsNameStart(char c) { return c == '_' || IsLetter(c); }

// Takes one step off the front.
bool TakeStep(std::string_view& rest, bool first, JsonPaths::Step& step) {
  if (!first && rest.starts_with('[')) {
    const std::size_t end = rest.find_first_not_of("0123456789", 1);
    if (end == rest.npos || end == 1 || end > 7 || rest[end] != ']') return false;
    step.index = 0;
    for (const char c : rest.substr(1, end - 1)) step.index = step.index * 10 + (c - '0');
    rest.remove_prefix(end + 1);
    return true;
  }
  if (!first) {
    if (!rest.starts_with('.')) return false;
    rest.remove_prefix(1);
  }
  std::size_t end = 0;
  if (rest.starts_with('"')) {
    end = rest.find_first_of("\"\\", 1);
    if (end == rest.npos || end == 1 || rest[end] == '\\') return false;
    step.name = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    return true;
  }
  if (rest.empty() || !IsNameStart(rest[0])) return false;
  while (end < rest.size() && (IsNameStart(rest[end]) || IsDigit(rest[end]))) ++end;
  step.name = rest.substr(0, end);
  rest.remove_prefix(end);
  return true;
}

}  // namespace

Result<JsonPaths::Path> JsonPaths::ParsePath(std::string_view expression) {
  Path path;
  std::string_view rest = expression;
  do {
    const bool first = path.empty();
    if (path.size() == 16 || !TakeStep(rest, first, path.emplace_back())) {
      return Fail(Code::kInvalid, "\"" + std::string(expression) +
                                      "\" must be a path such as level, request.id, "
                                      "items[0].name or \"trace-id\"");
    }
  } while (!rest.empty());
  return path;
}

}  // namespace telltale
