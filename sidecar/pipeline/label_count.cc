// SPDX-License-Identifier: Apache-2.0
#include "sidecar/pipeline/label_count.h"

namespace telltale {
namespace {

void Apply(const StageSpec& stage, bool always, std::set<std::string>& names) {
  if (const auto* labels = std::get_if<LabelsSpec>(&stage)) {
    for (const auto& [name, source] : labels->values) names.insert(name);
  } else if (const auto* metadata = std::get_if<MetadataSpec>(&stage); metadata && always) {
    for (const auto& [name, source] : metadata->values) names.erase(source.empty() ? name : source);
  } else if (const auto* drop = std::get_if<LabelDropSpec>(&stage); drop && always) {
    for (const std::string& name : drop->names) names.erase(name);
  } else if (const auto* match = std::get_if<MatchSpec>(&stage)) {
    for (const NestedStage& nested : match->stages) Apply(nested.stage, false, names);
  }
}

bool HasHistogram(const StageSpec& stage) {
  if (const auto* match = std::get_if<MatchSpec>(&stage)) {
    for (const NestedStage& nested : match->stages) {
      if (HasHistogram(nested.stage)) return true;
    }
  }
  const auto* metrics = std::get_if<MetricsStageSpec>(&stage);
  if (metrics == nullptr) return false;
  for (const MetricSpec& metric : metrics->metrics) {
    if (metric.type == MetricSpec::Type::kHistogram) return true;
  }
  return false;
}

}  // namespace

std::set<std::string> LabelsAfter(const PipelineSpec& spec, std::set<std::string> base) {
  for (const StageSpec& stage : spec.stages) Apply(stage, true, base);
  return base;
}

std::string LabelClash(const PipelineSpec& spec, const Labels& labels) {
  std::set<std::string> names;
  for (const auto& [name, value] : labels) names.insert(name);
  bool histogram = false;
  for (const StageSpec& stage : spec.stages) {
    Apply(stage, false, names);
    histogram = histogram || HasHistogram(stage);
  }
  if (!histogram || !names.contains("le")) return "";
  return "the label le is the one of a histogram's buckets, and a metrics stage makes a histogram: "
         "choose another name for the label";
}

}  // namespace telltale
