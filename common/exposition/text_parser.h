// SPDX-License-Identifier: Apache-2.0
//
// Reads the Prometheus text format as Prometheus' own parser does (expfmt of prometheus/common),
// with the same sentences for what is wrong. Pure, thread-safe. Used for pushed bodies and for
// files of the textfile collector.
//
// Accepted:
//   - versions 0.0.4 and 1.0.0 of the format: names in double quotes, `{"a.b","c d"="x"} 1`, may
//     have any characters, without a header that announces them.
//   - lines in any order: the samples of a family need not follow one another, HELP may come last.
//     TYPE comes before the samples of its family; each stands once.
//   - timestamps (in Metric::timestamp_ms); whether they are welcome is for the caller to say.
//   - blank lines, comments, blanks before a line and around each word.
// An error, of the whole text:
//   - a last line without '\n': the text may be cut off.
//   - '\r' before '\n', unless `crlf`.
//   - a label twice, label names and metric names that are none, values that are no UTF-8.
//   - negative counts of a histogram or summary; fractions are cut off.
// Not looked at: whether a series is there twice, whether a histogram is complete (consistency.h).
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/exposition/family.h"

namespace telltale {

struct TextOptions {
  bool crlf = false;  // lines may end in "\r\n"
  std::size_t max_samples = 1'000'000;
};

// The families in the order of their first mention, those without samples left out. kInvalid with
// "text format parsing error in line N: ..."; kTooLarge for more than max_samples lines of samples.
Result<std::vector<Family>> ParseText(std::string_view text, const TextOptions& options = {});

}  // namespace telltale
