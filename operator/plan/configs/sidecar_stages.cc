// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/sidecar_stages.h"

#include "operator/model/pipeline_stage.h"
#include "operator/plan/configs/stage_numbers.h"
#include "operator/plan/duration_text.h"

namespace telltale {
namespace {

using Type = StageField::Type;

void WriteFields(const StageFields& fields, JsonWriter& writer) {
  writer.BeginObject();
  for (const StageField& field : fields) {
    writer.Key(field.name);
    switch (field.type) {
      case Type::kText:
        writer.String(field.text);
        break;
      case Type::kFlag:
        writer.Bool(field.flag);
        break;
      case Type::kNumber:
        writer.Raw(NumberText(field.number));
        break;
      case Type::kDuration:
        writer.String(DurationText(field.whole));
        break;
      case Type::kBytes:
        writer.String(std::to_string(field.whole));
        break;
      case Type::kMap:
        writer.BeginObject();
        for (const auto& [name, value] : field.map) writer.Field(name, value);
        writer.EndObject();
        break;
      case Type::kTexts:
        writer.BeginArray();
        for (const std::string& text : field.texts) writer.String(text);
        writer.EndArray();
        break;
      case Type::kStages:
        WriteSidecarStages(field.stages, writer);
        break;
      case Type::kMetrics:
        writer.Null();
        break;
    }
  }
  writer.EndObject();
}

}  // namespace

void WriteSidecarStages(const std::vector<PipelineStage>& stages, JsonWriter& writer) {
  writer.BeginArray();
  for (const PipelineStage& stage : stages) {
    writer.BeginObject().Key(StageName(stage.kind));
    if (stage.kind == PipelineStage::Kind::kMetrics) {
      writer.BeginArray();
      for (const StageFields& metric : stage.fields[0].metrics) WriteFields(metric, writer);
      writer.EndArray();
    } else {
      WriteFields(stage.fields, writer);
    }
    writer.EndObject();
  }
  writer.EndArray();
}

}  // namespace telltale
