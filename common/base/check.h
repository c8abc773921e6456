// SPDX-License-Identifier: Apache-2.0
//
// TELLTALE_CHECK(condition): ends the process with file and line when an invariant of our own code
// is broken. Never for input: bad input is a Result.
#pragma once

namespace telltale {
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);
}  // namespace telltale

#define TELLTALE_CHECK(condition) \
  ((condition) ? void(0) : ::telltale::CheckFailed(#condition, __FILE__, __LINE__))
