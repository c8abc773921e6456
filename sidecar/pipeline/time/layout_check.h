// SPDX-License-Identifier: Apache-2.0
//
// Refuses time formats that compile but cannot do what their author meant: a name in the wrong case
// (rfc3339), another language's notation (%Y-%m-%d, yyyy-MM-dd), a date of one's own in place of
// Go's reference time (2024-01-01 00:00:00), minutes without an hour. Promtail takes them all and
// never matches a line. Called by TimeFormat::Compile. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "sidecar/pipeline/time/go_time_reader.h"

namespace telltale {

// An error if `format` looks like the name of a format that is spelled otherwise.
Status CheckFormatName(std::string_view format);

// An error if the parts of a layout do not make a time. `pieces` and `after` are those of
// SplitLayout(format).
Status CheckLayout(std::string_view format, const std::vector<TimeFormat::Piece>& pieces,
                   std::string_view after);

}  // namespace telltale
