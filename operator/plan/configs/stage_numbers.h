// SPDX-License-Identifier: Apache-2.0
//
// What the two ways of writing stages share. Internal to operator/plan/configs; pure.
#pragma once

#include <charconv>
#include <string>
#include <string_view>

namespace telltale {

inline constexpr std::string_view kMetricPrefix = "telltale_custom_";

// The shortest text of a number, without the locale.
inline std::string NumberText(double value) {
  char text[32];
  const auto done = std::to_chars(text, text + sizeof(text), value);
  return {text, done.ptr};
}

}  // namespace telltale
