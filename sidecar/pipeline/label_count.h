// SPDX-License-Identifier: Apache-2.0
//
// How many labels a stream of a source can have. Loki refuses a stream with more than its
// max_label_names_per_series, 15 unless configured, with all of its lines. Pure.
#pragma once

#include <set>
#include <string>

#include "sidecar/pipeline/pipeline_spec.h"

namespace telltale {

// The names that a stream with the labels `base` can have after the stages: labels stages add,
// labelDrop and structuredMetadata take away unless they stand inside a match.
std::set<std::string> LabelsAfter(const PipelineSpec& spec, std::set<std::string> base);

// A sentence if `source` has labels or stages that clash with a metric of its stages; "" if none
// do.
std::string LabelClash(const PipelineSpec& spec, const Labels& labels);

}  // namespace telltale
