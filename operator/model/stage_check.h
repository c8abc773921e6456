// SPDX-License-Identifier: Apache-2.0
//
// Whether Promtail and the sidecar will take a decoded stage. Internal to operator/model; pure.
#pragma once

#include "operator/model/monitoring_target.h"

namespace telltale {

Status CheckStage(const PipelineStage& stage);

}  // namespace telltale
