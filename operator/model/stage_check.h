// SPDX-License-Identifier: Apache-2.0
//
// Checks a pipeline for its two readers. CheckStage knows what Promtail refuses, which refuses its
// whole configuration for one bad stage. CheckForSidecar runs the sidecar's own decoder and
// compiler, so the sidecar takes what the operator accepts. Internal to operator/model; pure.
#pragma once

#include <string_view>

#include "operator/model/monitoring_target.h"

namespace telltale {

// One decoded stage.
Status CheckStage(const PipelineStage& stage);

// The value of spec.logs.pipeline as JSON; `labels` are those of the resource. Errors start with
// the name of the field: "pipeline[0].regex: expression: must be ...".
Status CheckForSidecar(std::string_view pipeline, const Labels& labels);

}  // namespace telltale
