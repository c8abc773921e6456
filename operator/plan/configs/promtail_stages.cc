// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/promtail_stages.h"

#include "operator/plan/duration_text.h"

namespace telltale {
namespace {

using Kind = PipelineStage::Kind;

void WriteMap(const Labels& values, YamlWriter& yaml) {
  yaml.BeginMap();
  for (const auto& [name, value] : values) yaml.Field(name, value);
  yaml.EndMap();
}

void WriteStage(const PipelineStage& stage, YamlWriter& yaml) {
  switch (stage.kind) {
    case Kind::kJson:
      yaml.Key("json").BeginMap().Key("expressions");
      WriteMap(stage.values, yaml);
      yaml.EndMap();
      return;
    case Kind::kRegex:
      yaml.Key("regex").BeginMap().Field("expression", stage.expression).EndMap();
      return;
    case Kind::kTimestamp:
      yaml.Key("timestamp").BeginMap();
      yaml.Field("source", stage.source).Field("format", stage.format).EndMap();
      return;
    case Kind::kLabels:
      yaml.Key("labels");
      WriteMap(stage.values, yaml);
      return;
    case Kind::kDrop:
      yaml.Key("drop").BeginMap();
      if (!stage.source.empty()) yaml.Field("source", stage.source);
      if (!stage.expression.empty()) yaml.Field("expression", stage.expression);
      yaml.EndMap();
      return;
    case Kind::kMultiline:
      yaml.Key("multiline").BeginMap();
      yaml.Field("firstline", stage.expression);
      yaml.Field("max_wait_time", DurationText(stage.max_wait_ms)).EndMap();
      return;
  }
}

}  // namespace

void WritePromtailStages(const std::vector<PipelineStage>& stages, YamlWriter& yaml) {
  yaml.BeginSeq();
  yaml.BeginMap().Key("cri").BeginMap().EndMap().EndMap();
  for (const auto& stage : stages) {
    yaml.BeginMap();
    WriteStage(stage, yaml);
    yaml.EndMap();
  }
  yaml.EndSeq();
}

}  // namespace telltale
