// SPDX-License-Identifier: Apache-2.0
//
// spec.logs.pipeline as `logs[].pipeline` of the sidecar's configuration. Internal to
// operator/plan; pure.
#pragma once

#include <vector>

#include "common/text/json_writer.h"
#include "operator/model/monitoring_target.h"

namespace telltale {

// The list under pipeline.
void WriteSidecarStages(const std::vector<PipelineStage>& stages, JsonWriter& writer);

}  // namespace telltale
