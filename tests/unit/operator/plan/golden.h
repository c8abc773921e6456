// SPDX-License-Identifier: Apache-2.0
//
// Golden files: tests/golden/<name> holds what a function gave when somebody last read it by eye.
// TELLTALE_UPDATE_GOLDEN=1 writes them anew; read the diff then. Used by the tests of
// operator/plan.
#pragma once

#include <string>

namespace telltale {

// Fails the running test when `actual` is not the file's content.
void ExpectGolden(const std::string& name, const std::string& actual);

// The content of tests/golden/<name>; fails the test when there is none.
std::string ReadGolden(const std::string& name);

// Indented JSON, so that a golden file can be read and diffed by line.
std::string PrettyJson(const std::string& json);

}  // namespace telltale
