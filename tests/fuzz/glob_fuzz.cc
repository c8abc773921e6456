// SPDX-License-Identifier: Apache-2.0
//
// A pattern of a configuration, then on the next line a path that the application chose. A quoted
// path matches itself, and what a good pattern matches lies below its root.
#include <string>

#include "common/base/check.h"
#include "sidecar/discover/glob.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {

void FuzzOne(std::string_view path) {
  const std::string_view pattern = TakeLine(path);
  const Status good = CheckGlob(pattern);
  const bool matches = GlobMatch(pattern, path);
  if (!good.ok()) {
    TELLTALE_CHECK(!good.error().message.empty());
  } else if (matches) {
    TELLTALE_CHECK(path.starts_with(GlobRoot(pattern)));
  }
  std::string quoted;
  for (const char c : path) {
    if (c != '/') quoted += '\\';
    quoted += c;
  }
  TELLTALE_CHECK(GlobMatch(quoted, path));
}

}  // namespace telltale
