// SPDX-License-Identifier: Apache-2.0
//
// A pattern of a configuration, then on the next line a path that the application chose. A quoted
// path matches itself, and what a good pattern matches lies below its root.
#include <string>

#include "common/base/check.h"
#include "sidecar/tail/glob.h"
#include "tests/fuzz/fuzz_target.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace telltale;  // NOLINT: a program of one function
  std::string_view path = FuzzText(data, size);
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
  return 0;
}
