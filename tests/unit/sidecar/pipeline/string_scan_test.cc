// SPDX-License-Identifier: Apache-2.0
//
// Both ways of finding the end of a JSON string. CMake builds the test a second time with
// TELLTALE_PORTABLE, together with the JSON walker, as on a processor without SSE2.
#include "sidecar/pipeline/string_scan.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "sidecar/pipeline/json_paths.h"

namespace telltale {
namespace {

TEST(StringScan, FindsEachSpecialByteAtEachPlace) {
  for (int byte = 0; byte < 256; ++byte) {
    for (std::size_t size = 0; size < 40; ++size) {
      for (std::size_t at = 0; at < size; at += 3) {
        std::string text(size, 'a');
        for (std::size_t i = 0; i < size; i += 5) text[i] = '\xff';
        text[at] = static_cast<char>(byte);
        const char* const end = text.data() + size;
        const char* const wanted =
            IsStringSpecial(static_cast<char>(byte)) ? text.data() + at : end;
        EXPECT_EQ(FindStringSpecial(text.data(), end), wanted) << byte << " at " << at;
        EXPECT_EQ(FindStringSpecialPortable(text.data(), end), wanted) << byte << " at " << at;
      }
    }
  }
}

TEST(StringScan, TheWalkerReadsStringsOfEachLength) {
  for (std::size_t size = 0; size < 70; ++size) {
    const std::string value(size, 'v');
    JsonPaths paths({*JsonPaths::ParsePath("a")});
    Arena arena;
    std::array<Value, 1> out;
    const std::string line = "{\"b\":\"\\\"" + value + "\",\"a\":\"" + value + "\"}";
    EXPECT_TRUE(paths.Extract(line, arena, out));
    EXPECT_EQ(out[0].text, value);
    EXPECT_FALSE(paths.Extract("{\"a\":\"" + value + "\n\"}", arena, out));
    EXPECT_FALSE(paths.Extract("{\"a\":\"" + value, arena, out));
  }
}

}  // namespace
}  // namespace telltale
