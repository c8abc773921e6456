// SPDX-License-Identifier: Apache-2.0
//
// RFC 3339 timestamps with up to nine fractional digits, as Kubernetes and the CRI log format use
// them. Pure and thread-safe; no locale, no allocation in the parser.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace telltale {

// Nanoseconds since the epoch; nothing when the text is not RFC 3339 or outside 1970..2262.
std::optional<std::int64_t> ParseRfc3339(std::string_view text);

// "2026-11-21T01:02:03Z", with fraction digits 0, 3, 6 or 9.
std::string FormatRfc3339(std::int64_t nanos, int fraction_digits = 0);

}  // namespace telltale
