// SPDX-License-Identifier: Apache-2.0
//
// The part of a sample before its value: name and labels, which text and OpenMetrics write alike.
// Pure, thread-safe. Used by the two text parsers.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/exposition/family.h"
#include "common/exposition/text_cursor.h"

namespace telltale {

struct SampleHead {
  std::string name;
  Labels labels;  // sorted
};

// `on_name` gets the name as soon as it is read and says how sentences call its family.
Status ReadSampleHead(TextCursor& in, const std::function<std::string(const std::string&)>& on_name,
                      SampleHead& head);

// Labels and their closing brace; the opening one was skipped. `family` is for sentences.
Status ReadLabels(TextCursor& in, const std::string& family, Labels& labels);

// A name in double quotes, of which the opening one was skipped.
Status ReadQuotedName(TextCursor& in, std::string& name);

// Takes `le` off the labels of a histogram and `quantile` off those of a summary.
Status TakeBound(MetricType type, Labels& labels, std::optional<double>& bound);

}  // namespace telltale
