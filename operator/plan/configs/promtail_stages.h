// SPDX-License-Identifier: Apache-2.0
//
// spec.logs.pipeline and spec.logs.tenant as Promtail's pipeline_stages, after the stage that takes
// the container runtime's framing off. Internal to operator/plan; pure.
#pragma once

#include <vector>

#include "common/text/yaml_writer.h"
#include "operator/model/monitoring_target.h"

namespace telltale {

// Lines of a pipeline with metrics have the label kTargetLabel (common/base/origin_labels.h) while
// stages run. Otherwise two resources that count the lines of one pod by one name would make the
// same series twice, and Promtail's page of metrics would be an error. Loki does not get it.
bool HasMetrics(const std::vector<PipelineStage>& stages);

// The list under pipeline_stages.
void WritePromtailStages(const LogsSpec& logs, YamlWriter& yaml);

}  // namespace telltale
