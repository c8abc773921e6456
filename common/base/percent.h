// SPDX-License-Identifier: Apache-2.0
//
// The reverse of the percent-encoding of URLs (RFC 3986 §2.1). Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace telltale {

// "%41" as "A"; a '%' without two hexadecimal digits behind it stays as it is.
std::string PercentDecode(std::string_view text);
// The same for a query string (form encoding), where '+' is a space.
std::string FormDecode(std::string_view text);

}  // namespace telltale
