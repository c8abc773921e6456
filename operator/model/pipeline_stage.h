// SPDX-License-Identifier: Apache-2.0
//
// Decodes one stage of spec.logs.pipeline and checks it as Promtail will (loki
// clients/pkg/logentry/stages), because Promtail refuses its whole configuration, with everybody's
// logs, for one bad stage. Internal to operator/model; pure.
#pragma once

#include "operator/model/monitoring_target.h"

namespace telltale {

Status DecodePipelineStage(JsonValue value, PipelineStage& out);

// A label that a user may put on a log stream.
Status CheckStreamLabel(std::string_view name);

// True for the part of JMESPath that we pass on: a.b[0]."c d". Empty means the name itself.
bool IsJsonPath(std::string_view expression);

}  // namespace telltale
