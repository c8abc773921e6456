// SPDX-License-Identifier: Apache-2.0
#include "operator/model/paths.h"

#include <algorithm>

#include "common/base/strings.h"

namespace telltale {

std::string NormalisedPath(std::string_view path) {
  std::string out;
  for (const auto part : Split(path, '/')) {
    if (!part.empty() && part != ".") out.append("/").append(part);
  }
  return out;
}

bool PathContains(std::string_view directory, std::string_view path) {
  return path.starts_with(directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

bool HasDotDot(std::string_view path) {
  return std::ranges::any_of(Split(path, '/'), [](std::string_view part) { return part == ".."; });
}

}  // namespace telltale
