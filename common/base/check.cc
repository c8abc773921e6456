// SPDX-License-Identifier: Apache-2.0
#include "common/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace telltale {

void CheckFailed(const char* condition, const char* file, int line) {
  // stdio and not the logger: the logger's own state may be what is broken.
  std::fprintf(stderr, "%s:%d: the invariant (%s) does not hold; this is a bug in Telltale\n", file,
               line, condition);
  std::abort();
}

}  // namespace telltale
