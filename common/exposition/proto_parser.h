// SPDX-License-Identifier: Apache-2.0
//
// Reads delimited protobuf messages of Prometheus' MetricFamily (client_model's metrics.proto), the
// format of pushed bodies and of scrapes with native histograms. Pure, thread-safe.
//
// An error, of the whole body: a message that is cut off or damaged, a metric without the value of
// its family's type, a name that is empty or no UTF-8, a label twice, `le` on a histogram and
// `quantile` on a summary, a histogram of floats, a native histogram that contradicts itself.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/exposition/family.h"

namespace telltale {

// Families without metrics are left out. Two messages of one name become one family if their types
// are equal. kTooLarge for more than `max_samples` values and buckets.
Result<std::vector<Family>> ParseProto(std::string_view body, std::size_t max_samples);

}  // namespace telltale
