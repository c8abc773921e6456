// SPDX-License-Identifier: Apache-2.0
//
// The pieces of the Prometheus text format 0.0.4: escaped names and labels, and numbers as Go's
// strconv spells them. Called by the registry when a series is made (escapes) and on every scrape
// (numbers, which do not allocate). Pure and thread-safe.
//
//   help   = "# HELP " name " " text LF      in text: \ is \\, LF is \n
//   type   = "# TYPE " name " " type LF
//   sample = name [ "{" label *( "," label ) "}" ] " " number LF
//   label  = name "=" DQUOTE value DQUOTE    in value: \ is \\, LF is \n, DQUOTE is \"
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/strings.h"

namespace telltale {

bool IsMetricName(std::string_view name);

// A sample up to and with the blank before its number. `le` is an extra last label, left out when
// empty.
std::string SamplePrefix(std::string_view name, const Labels& labels, std::string_view le = {});

// `text` as valid UTF-8 with \ and line ends escaped, and double quotes if it stands in them.
void AppendEscaped(std::string_view text, bool in_quotes, std::string& out);

void AppendUint(std::uint64_t value, std::string& out);
// Shortest text that reads back as the same number; NaN, +Inf and -Inf.
void AppendDouble(double value, std::string& out);
// A value of the labels le and quantile as OpenMetrics wants it, a float on every page: "1.0" where
// the text format has "1".
void AppendOpenMetricsBound(double bound, std::string& out);

}  // namespace telltale
