// SPDX-License-Identifier: Apache-2.0
//
// Whether a regular expression of a user can be given to Promtail, which refuses its whole
// configuration for one bad expression. Fence of RE2, whose syntax is Go's. Thread-safe.
#pragma once

#include <string_view>

#include "common/base/result.h"

namespace telltale {

// kInvalid with what is wrong with the expression.
Status CheckRegexSyntax(std::string_view expression);

}  // namespace telltale
