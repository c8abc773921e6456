// SPDX-License-Identifier: Apache-2.0
//
// What the tests of operator/plan need beside tests/golden.h.
#pragma once

#include <string>

#include "tests/golden.h"  // IWYU pragma: export

namespace telltale {

// Indented JSON, so that a golden file can be read and diffed by line.
std::string PrettyJson(const std::string& json);

}  // namespace telltale
