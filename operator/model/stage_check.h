// SPDX-License-Identifier: Apache-2.0
//
// Checks a pipeline with the sidecar's own decoder and compiler, so the sidecar takes what the
// operator accepts, and nothing is checked by a second copy. What Promtail refuses beyond that is
// found where its file is written (operator/plan/configs/promtail_check.h). Internal to
// operator/model; pure.
#pragma once

#include <string_view>

#include "operator/model/monitoring_target.h"

namespace telltale {

// What the sidecar does not know of one decoded stage: labels that Telltale sets.
Status CheckStage(const PipelineStage& stage);

// The values of spec.logs.pipeline and spec.logs.multiline as JSON, empty if there is none;
// `labels` are those of the resource. Errors start with the name of the field:
// "pipeline[0].regex.expression: must be ...".
Status CheckForSidecar(std::string_view pipeline, std::string_view multiline, const Labels& labels);

}  // namespace telltale
