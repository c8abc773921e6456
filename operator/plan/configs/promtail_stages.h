// SPDX-License-Identifier: Apache-2.0
//
// spec.logs.pipeline and spec.logs.tenant as Promtail's pipeline_stages, after the stage that takes
// the container runtime's framing off. Internal to operator/plan; pure.
#pragma once

#include "common/text/yaml_writer.h"
#include "operator/model/monitoring_target.h"

namespace telltale {

// The list under pipeline_stages.
void WritePromtailStages(const LogsSpec& logs, YamlWriter& yaml);

}  // namespace telltale
