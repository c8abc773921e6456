// SPDX-License-Identifier: Apache-2.0
//
// Reads OpenMetrics text 1.0 (github.com/prometheus/OpenMetrics). Pure, thread-safe.
//
// Families come as Prometheus' other formats name them: counter `x` as x_total, info `x` as the
// gauge x_info, stateset as a gauge, gaugehistogram as gauges x_bucket, x_gcount and x_gsum.
// Accepted besides: names in double quotes, blank lines, families whose samples are not together.
// An error, of the whole text: no `# EOF` at the end, TYPE twice or after samples, a sample that
// does not belong to its family, and what the text parser refuses in names, labels and values.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/exposition/family.h"

namespace telltale {

// kInvalid with "OpenMetrics parsing error in line N: ..."; kTooLarge beyond `max_samples`.
Result<std::vector<Family>> ParseOpenMetrics(std::string_view text, std::size_t max_samples);

}  // namespace telltale
