// SPDX-License-Identifier: Apache-2.0
//
// The order of resource versions (KEP-5504): decimal numbers of any length, compared as text and
// never as machine words, because the API allows 128 bits and more. What is not such a number (an
// aggregated API may count otherwise), and "0", which means "any", compares with nothing. Pure;
// used by Reflector and by caches that must not go back in time.
#pragma once

#include <compare>
#include <string_view>

namespace telltale {

// Digits only, without a zero in front.
bool IsComparableVersion(std::string_view version);

// std::partial_ordering::unordered when one of them is not comparable.
std::partial_ordering CompareVersions(std::string_view a, std::string_view b);

// `a` is certainly older than `b`.
inline bool IsOlderVersion(std::string_view a, std::string_view b) {
  return CompareVersions(a, b) == std::partial_ordering::less;
}

}  // namespace telltale
