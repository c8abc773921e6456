// SPDX-License-Identifier: Apache-2.0
//
// Numbers and quoted texts as Go reads and writes them, because the exposition formats are defined
// by Go's strconv. Pure, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace telltale {

// strconv.ParseFloat without hexadecimal numbers and underscores: "1", "+.5", "1e-7", "NaN",
// "-Inf", "Infinity", in any case. Nothing for a number that a double cannot hold.
std::optional<double> ParseGoFloat(std::string_view text);

// strconv.FormatFloat with 'g' and the shortest digits: "1", "0.1", "1e+06", "1e-05", "+Inf",
// "NaN".
void AppendGoFloat(double value, std::string& out);

// %q of Go: in double quotes, with \n, \", \\ and \xff for bytes that are no UTF-8.
std::string GoQuoted(std::string_view text);
// %q of a byte: in single quotes.
std::string GoQuotedChar(char c);

}  // namespace telltale
