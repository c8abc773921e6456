// SPDX-License-Identifier: Apache-2.0
//
// A metric in one line, as Go prints its protobuf message, for sentences about it:
// `label:<name:"job" value:"j" > counter:<value:1 > `. Pure, thread-safe.
#pragma once

#include <string>

#include "common/exposition/family.h"

namespace telltale {

std::string MetricText(const Metric& metric, MetricType type);

}  // namespace telltale
