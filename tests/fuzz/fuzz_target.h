// SPDX-License-Identifier: Apache-2.0
//
// What every fuzz program is: FuzzOne, which it defines, called by libFuzzer for each input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace telltale {

void FuzzOne(std::string_view text);

// What stands before the first line end; `text` keeps what stands behind it.
inline std::string_view TakeLine(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return line;
}

}  // namespace telltale

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  telltale::FuzzOne({reinterpret_cast<const char*>(data), size});
  return 0;
}
