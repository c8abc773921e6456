// SPDX-License-Identifier: Apache-2.0
//
// Absolute paths and their parts, as text. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace telltale {

// "/var/log" of "/var/log/a.log", "/" of "/a.log".
inline std::string_view ParentOf(std::string_view path) {
  return path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
}

inline std::string DirectoryOf(std::string_view path) { return std::string(ParentOf(path)); }

inline std::string_view NameOf(std::string_view path) { return path.substr(path.rfind('/') + 1); }

inline std::string PathIn(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (path.back() != '/') path += '/';
  return path.append(name);
}

}  // namespace telltale
