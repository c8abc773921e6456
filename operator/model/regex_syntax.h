// SPDX-License-Identifier: Apache-2.0
//
// Checks whether a regular expression of a user can be given to Promtail, which refuses its whole
// configuration for one bad expression, and to the sidecar. Thread-safe.
#pragma once

#include <string_view>

#include "common/base/result.h"

namespace telltale {

// RE2 has \C (any byte), Go does not.
bool HasByteClass(std::string_view expression);

// kInvalid with a sentence that says what is wrong.
Status CheckRegexSyntax(std::string_view expression);

}  // namespace telltale
