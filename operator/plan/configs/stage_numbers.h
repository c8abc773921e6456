// SPDX-License-Identifier: Apache-2.0
//
// What the two ways of writing stages share. Internal to operator/plan/configs; pure.
#pragma once

#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>

namespace telltale {

inline constexpr std::string_view kMetricPrefix = "telltale_custom_";

// The text of a number without the locale; a whole one has no exponent, which readers of whole
// numbers do not take.
inline std::string NumberText(double value) {
  char text[32];
  const bool whole = std::trunc(value) == value && std::abs(value) < 1e15;
  const auto done = whole
                        ? std::to_chars(text, text + sizeof(text), value, std::chars_format::fixed)
                        : std::to_chars(text, text + sizeof(text), value);
  return {text, done.ptr};
}

// Nothing unless all of `text` is a finite number.
inline std::optional<double> NumberOf(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace telltale
