// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/promtail_stages.h"

#include <algorithm>

#include "common/base/origin_labels.h"
#include "operator/model/pipeline_stage.h"
#include "operator/plan/configs/stage_numbers.h"
#include "operator/plan/duration_text.h"

namespace telltale {
namespace {

using Type = StageField::Type;

void WriteStages(const std::vector<PipelineStage>& stages, YamlWriter& yaml);

void WriteMap(const Labels& values, YamlWriter& yaml) {
  yaml.BeginMap();
  for (const auto& [name, value] : values) yaml.Field(name, value);
  yaml.EndMap();
}

void WriteTexts(const StageField& field, YamlWriter& yaml) {
  yaml.BeginSeq();
  for (const std::string& text : field.texts) {
    if (const auto number = field.name == "buckets" ? NumberOf(text) : std::nullopt) {
      yaml.Number(NumberText(*number));
    } else {
      yaml.String(text);
    }
  }
  yaml.EndSeq();
}

void WriteValue(const StageField& field, YamlWriter& yaml) {
  switch (field.type) {
    case Type::kText:
      yaml.String(field.text);
      return;
    case Type::kFlag:
      yaml.Bool(field.flag);
      return;
    case Type::kNumber:
      yaml.Number(NumberText(field.number));
      return;
    case Type::kDuration:
      yaml.String(DurationText(field.whole));
      return;
    case Type::kBytes:
      yaml.String(std::to_string(field.whole));
      return;
    case Type::kMap:
      WriteMap(field.map, yaml);
      return;
    case Type::kTexts:
      WriteTexts(field, yaml);
      return;
    case Type::kStages:
      WriteStages(field.stages, yaml);
      return;
    case Type::kMetrics:
      return;
  }
}

// Promtail keeps what a metric counts one level further in than what it is.
bool IsOfConfig(const StageField& field) {
  return field.name == "action" || field.name == "value" || field.name == "matchAll" ||
         field.name == "countEntryBytes" || field.name == "buckets";
}

void WriteMetric(const StageFields& fields, YamlWriter& yaml) {
  const PipelineStage metric{PipelineStage::Kind::kMetrics, fields};
  yaml.Key(metric.Find("name")->text).BeginMap();
  for (const StageField& field : fields) {
    // All metrics of one name must have one help text, or the page is an error; resources of
    // different namespaces cannot agree on one, so there is none.
    if (field.promtail.empty() || IsOfConfig(field) || field.name == "description") continue;
    yaml.Key(field.promtail);
    WriteValue(field, yaml);
  }
  // The same name whoever reads the lines.
  if (metric.Find("prefix") == nullptr) yaml.Field("prefix", kMetricPrefix);
  yaml.Key("config").BeginMap();
  for (const StageField& field : fields) {
    if (!IsOfConfig(field)) continue;
    yaml.Key(field.promtail);
    WriteValue(field, yaml);
  }
  yaml.EndMap().EndMap();
}

void WriteStage(const PipelineStage& stage, YamlWriter& yaml) {
  yaml.Key(PromtailStageName(stage.kind));
  if (stage.kind == PipelineStage::Kind::kLabels || stage.kind == PipelineStage::Kind::kMetadata) {
    WriteMap(stage.Find("values")->map, yaml);
    return;
  }
  if (stage.kind == PipelineStage::Kind::kLabelDrop) {
    WriteTexts(*stage.Find("names"), yaml);
    return;
  }
  yaml.BeginMap();
  if (stage.kind == PipelineStage::Kind::kMetrics) {
    for (const StageFields& metric : stage.fields[0].metrics) WriteMetric(metric, yaml);
  } else {
    for (const StageField& field : stage.fields) {
      // A text that is empty is one that is not given.
      if (field.type == Type::kText && field.text.empty() && field.name != "separator" &&
          field.name != "value" && field.name != "replace") {
        continue;
      }
      yaml.Key(field.promtail);
      WriteValue(field, yaml);
    }
  }
  yaml.EndMap();
}

// Appends to a sequence that the caller has begun.
void AppendStages(const std::vector<PipelineStage>& stages, YamlWriter& yaml) {
  for (const PipelineStage& stage : stages) {
    yaml.BeginMap();
    WriteStage(stage, yaml);
    yaml.EndMap();
  }
}

void WriteStages(const std::vector<PipelineStage>& stages, YamlWriter& yaml) {
  yaml.BeginSeq();
  AppendStages(stages, yaml);
  yaml.EndSeq();
}

}  // namespace

bool HasMetrics(const std::vector<PipelineStage>& stages) {
  return std::ranges::any_of(stages, [](const PipelineStage& stage) {
    const StageField* nested = stage.Find("stages");
    return stage.kind == PipelineStage::Kind::kMetrics ||
           (nested != nullptr && HasMetrics(nested->stages));
  });
}

void WritePromtailStages(const LogsSpec& logs, YamlWriter& yaml) {
  yaml.BeginSeq();
  yaml.BeginMap().Key("cri").BeginMap().EndMap().EndMap();
  AppendStages(logs.pipeline, yaml);
  if (HasMetrics(logs.pipeline)) {
    yaml.BeginMap().Key("labeldrop").BeginSeq().String(kTargetLabel).EndSeq().EndMap();
  }
  // Last, because it works by a hidden label that no stage needs to see. A label __tenant_id__ of
  // relabel_configs would be cut off before the lines.
  if (!logs.tenant.empty()) {
    yaml.BeginMap().Key("tenant").BeginMap();
    yaml.Field("value", logs.tenant).EndMap().EndMap();
  }
  yaml.EndSeq();
}

}  // namespace telltale
