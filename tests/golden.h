// SPDX-License-Identifier: Apache-2.0
//
// Golden files of C++ tests: tests/golden/<name> holds the output that a person last read and
// accepted. With TELLTALE_UPDATE_GOLDEN=1 in the environment ExpectGolden writes the file instead
// of comparing; read the diff afterwards.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace telltale {

inline std::string GoldenPath(const std::string& name) {
  return std::string(TELLTALE_SOURCE_DIR) + "/tests/golden/" + name;
}

// The content of tests/golden/<name>; fails the running test if the file cannot be read.
inline std::string ReadGolden(const std::string& name) {
  std::ifstream in(GoldenPath(name), std::ios::binary);
  EXPECT_TRUE(in.good()) << "there is no tests/golden/" << name
                         << "; TELLTALE_UPDATE_GOLDEN=1 writes it";
  return {std::istreambuf_iterator<char>(in), {}};
}

// Fails the running test if `actual` is not the content of tests/golden/<name>.
inline void ExpectGolden(const std::string& name, const std::string& actual) {
  if (std::getenv("TELLTALE_UPDATE_GOLDEN") != nullptr) {
    std::ofstream out(GoldenPath(name), std::ios::binary);
    out << actual;
    out.flush();
    EXPECT_TRUE(out.good()) << "tests/golden/" << name << " cannot be written";
    return;
  }
  EXPECT_EQ(actual, ReadGolden(name))
      << "tests/golden/" << name << " differs; TELLTALE_UPDATE_GOLDEN=1 writes it anew";
}

}  // namespace telltale
