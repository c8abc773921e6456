// SPDX-License-Identifier: Apache-2.0
//
// Decodes one stage of spec.logs.pipeline and checks it as Promtail and the sidecar will, because
// Promtail refuses its whole configuration, with everybody's logs, for one bad stage. One table has
// every field with its type and both names. Internal to operator/model and operator/plan; pure.
#pragma once

#include <string_view>

#include "operator/model/monitoring_target.h"

namespace telltale {

Status DecodePipelineStage(JsonValue value, PipelineStage& out);

// The value of spec.logs.multiline.
Status DecodeMultiline(JsonValue value, PipelineStage& out);

// "json", and "sampling" for what we call sample; empty for what Promtail does not have.
std::string_view StageName(PipelineStage::Kind kind);
std::string_view PromtailStageName(PipelineStage::Kind kind);

// A label that a user may put on a log stream.
Status CheckStreamLabel(std::string_view name);

// True for the part of JMESPath that we pass on: a.b[0]."c d". Empty means the name itself.
bool IsJsonPath(std::string_view expression);

}  // namespace telltale
