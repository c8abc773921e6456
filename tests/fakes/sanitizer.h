// SPDX-License-Identifier: Apache-2.0
// Whether this build has a sanitizer. Its allocator keeps freed memory and pads what is in use, so
// no test can tell there how much memory the product takes. unit-dev in tests/run.py runs the tests
// that measure memory without one.
#pragma once

namespace telltale {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace telltale
