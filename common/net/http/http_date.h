// SPDX-License-Identifier: Apache-2.0
//
// Dates in HTTP headers (RFC 9110 §5.6.7) and the header Retry-After (§10.2.3). Pure, thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace telltale {

// Seconds since 1970 of a date in one of the three forms that a client must accept:
//   Sun, 06 Nov 1994 08:49:37 GMT     Sunday, 06-Nov-94 08:49:37 GMT     Sun Nov  6 08:49:37 1994
// The name of the weekday is not checked. nullopt if it is not such a date.
std::optional<std::int64_t> ParseHttpDate(std::string_view text);

// How long Retry-After asks to wait: a number of seconds, or a date seen from `now_seconds` (since
// 1970), 0 if that date is past. nullopt if the value is neither.
std::optional<std::chrono::seconds> ParseRetryAfter(std::string_view value,
                                                    std::int64_t now_seconds);

}  // namespace telltale
