// SPDX-License-Identifier: Apache-2.0
//
// Decodes one stage of spec.logs.pipeline. One table has every field with its type and both names.
// Internal to operator/model and operator/plan; pure.
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

}  // namespace telltale
