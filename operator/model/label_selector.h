// SPDX-License-Identifier: Apache-2.0
//
// Kubernetes label selectors (apimachinery meta/v1 LabelSelector): all parts must match. Pure.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/base/strings.h"
#include "common/text/json_reader.h"
#include "common/text/json_writer.h"

namespace telltale {

struct LabelSelector {
  enum class Operator { kIn, kNotIn, kExists, kDoesNotExist };
  struct Requirement {
    std::string key;
    Operator op = Operator::kExists;
    std::vector<std::string> values;  // sorted
    bool operator==(const Requirement&) const = default;
  };
  Labels match_labels;
  std::vector<Requirement> match_expressions;
  bool match_all = false;  // ours: an empty selector selects nothing unless this is set

  bool empty() const { return match_labels.empty() && match_expressions.empty(); }
  // False for an empty selector without match_all.
  bool Matches(const Labels& labels) const;
  bool operator==(const LabelSelector&) const = default;
};

// Errors are in the form of operator/model/decode.h: they start below this value.
Status DecodeLabelSelector(JsonValue value, LabelSelector& out);
// The array matchExpressions alone.
Status DecodeMatchExpressions(JsonValue value, LabelSelector& out);
// The same shape back, for the sidecar's ConfigMap.
void WriteLabelSelector(const LabelSelector& selector, JsonWriter& writer);

}  // namespace telltale
