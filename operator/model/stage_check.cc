// SPDX-License-Identifier: Apache-2.0
#include "operator/model/stage_check.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "common/base/origin_labels.h"
#include "operator/model/decode.h"
#include "operator/model/pipeline_stage.h"
#include "operator/model/regex_syntax.h"
#include "sidecar/config/stage_decoder.h"
#include "sidecar/pipeline/label_count.h"

namespace telltale {
namespace {

using Kind = PipelineStage::Kind;

bool Given(const PipelineStage& stage, std::string_view name) {
  return stage.Find(name) != nullptr;
}

std::string Text(const PipelineStage& stage, std::string_view name) {
  const StageField* field = stage.Find(name);
  return field == nullptr ? std::string() : field->text;
}

Status Require(const PipelineStage& stage, std::string_view name) {
  if (!Text(stage, name).empty()) return {};
  return decode::In(name, decode::Wrong("is required"));
}

Status CheckRegex(const PipelineStage& stage, std::string_view name) {
  const Status status = CheckRegexSyntax(Text(stage, name));
  return status.ok() ? status : decode::In(name, decode::Wrong(status.error().message));
}

Status CheckMap(const PipelineStage& stage, std::string_view name, std::string_view what) {
  const StageField* field = stage.Find(name);
  if (field != nullptr && !field->map.empty()) return {};
  return decode::Wrong("needs " + std::string(name) + ": " + std::string(what) + " for each");
}

Status CheckJson(const PipelineStage& stage) {
  TELLTALE_TRY(CheckMap(stage, "expressions", "a name and a path"));
  for (const auto& [name, path] : stage.Find("expressions")->map) {
    if (name.empty() || !IsJsonPath(path.empty() ? name : path)) {
      return decode::In(
          "expressions",
          decode::In(name,
                     decode::Wrong("must be a path such as level, request.id or items[0].name")));
    }
  }
  return {};
}

// The sidecar refuses the same names (MakeStage of AlertSpec).
Status CheckAlertLabels(const PipelineStage& stage) {
  const StageField* labels = stage.Find("labels");
  if (labels == nullptr) return {};
  for (const auto& [name, value] : labels->map) {
    if (IsOriginLabel(name) || name == "alertname") {
      return decode::In("labels", decode::Wrong("the label " + name +
                                                " says where an alert comes from and "
                                                "is set by Telltale: choose another name"));
    }
  }
  return {};
}

Status CheckLabels(const PipelineStage& stage) {
  TELLTALE_TRY(CheckMap(stage, "values", "a label and its source"));
  for (const auto& [name, source] : stage.Find("values")->map) {
    const Status status = stage.kind == Kind::kLabels || IsLabelName(name)
                              ? (stage.kind == Kind::kLabels ? CheckStreamLabel(name) : Status())
                              : Status(decode::Wrong("\"" + name + "\" is no name of metadata"));
    TELLTALE_TRY(decode::In("values", status));
  }
  return {};
}

Status CheckDrop(const PipelineStage& stage) {
  const bool expression = !Text(stage, "expression").empty();
  const bool source = Given(stage, "source"), sources = Given(stage, "sources");
  if (source && sources) return decode::Wrong("takes source or sources, not both");
  if (!expression && !source && !sources && !Given(stage, "olderThan") &&
      !Given(stage, "longerThan")) {
    return decode::Wrong("needs an expression");
  }
  if (Given(stage, "value") && (expression || !(source || sources))) {
    return decode::Wrong("takes value only with source and without expression");
  }
  return expression ? CheckRegex(stage, "expression") : Status();
}

Status CheckRate(const PipelineStage& stage) {
  const StageField* rate = stage.Find("rate");
  const double value = rate == nullptr ? -1 : rate->number;
  if (stage.kind == Kind::kSample) {
    if (value >= 0 && value <= 1) return {};
    return decode::In("rate", decode::Wrong("must be from 0 to 1"));
  }
  const StageField* burst = stage.Find("burst");
  if (value > 0 && burst != nullptr && burst->number >= 1) return {};
  return decode::Wrong("needs rate, lines per second, and burst, lines at once, both above 0");
}

Status CheckMetrics(const PipelineStage& stage) {
  if (stage.fields[0].metrics.empty()) return decode::Wrong("needs at least one metric");
  for (const StageFields& fields : stage.fields[0].metrics) {
    const PipelineStage metric{Kind::kMetrics, fields};
    TELLTALE_TRY(Require(metric, "name"));
    const std::string type = Text(metric, "type"), action = Text(metric, "action");
    const std::string name = Text(metric, "name");
    const bool gauge = type == "gauge", histogram = type == "histogram";
    if (type != "counter" && !gauge && !histogram) {
      return decode::In(name, decode::Wrong("needs the type counter, gauge or histogram"));
    }
    const bool up = action == "inc" || action == "add";
    const bool known = up || (gauge && (action == "dec" || action == "sub" || action == "set"));
    if (!histogram && !known) {
      return decode::In(name, decode::Wrong("has no action that a " + type + " knows"));
    }
    if (!IsLabelName(Text(metric, "prefix") + name)) {
      return decode::In(name, decode::Wrong("is no name of a metric"));
    }
  }
  return {};
}

}  // namespace

Status CheckStage(const PipelineStage& stage) {
  switch (stage.kind) {
    case Kind::kJson:
      return CheckJson(stage);
    case Kind::kLogfmt:
      return CheckMap(stage, "mapping", "a name and a key");
    case Kind::kRegex:
      TELLTALE_TRY(Require(stage, "expression"));
      return CheckRegex(stage, "expression");
    case Kind::kTimestamp: {
      TELLTALE_TRY(Require(stage, "source"));
      TELLTALE_TRY(Require(stage, "format"));
      const std::string action = Text(stage, "actionOnFailure");
      if (action.empty() || action == "fudge" || action == "skip") return {};
      return decode::In("actionOnFailure", decode::Wrong("must be fudge or skip"));
    }
    case Kind::kLabels:
    case Kind::kMetadata:
      return CheckLabels(stage);
    case Kind::kDrop:
      return CheckDrop(stage);
    case Kind::kSample:
    case Kind::kLimit:
      return CheckRate(stage);
    case Kind::kReplace:
      TELLTALE_TRY(Require(stage, "expression"));
      return CheckRegex(stage, "expression");
    case Kind::kMetrics:
      return CheckMetrics(stage);
    case Kind::kAlert:
      TELLTALE_TRY(Require(stage, "name"));
      TELLTALE_TRY(CheckAlertLabels(stage));
      return Given(stage, "expression") ? CheckRegex(stage, "expression") : Status();
    case Kind::kOutput:
      return Require(stage, "source");
    case Kind::kTemplate:
      TELLTALE_TRY(Require(stage, "source"));
      return Require(stage, "template");
    case Kind::kMatch:
      return Require(stage, "selector");
    case Kind::kLabelDrop: {
      const StageField* names = stage.Find("names");
      if (names != nullptr && !names->texts.empty()) return {};
      return decode::In("names", decode::Wrong("is required"));
    }
    case Kind::kDecolorize:
      return {};
    case Kind::kMultiline: {
      const StageField* wait = stage.Find("maxWait");
      if (wait != nullptr && wait->whole < 1) {
        return decode::In("maxWait", decode::Wrong("must be longer than 0s"));
      }
      TELLTALE_TRY(Require(stage, "firstline"));
      return CheckRegex(stage, "firstline");
    }
  }
  return {};
}

Status CheckForSidecar(std::string_view pipeline, const Labels& labels) {
  // What the sidecar puts on every stream of a pod.
  constexpr std::string_view kOwn[] = {"app",  "container", "filename", "namespace",
                                       "node", "pod",       "stream"};
  constexpr std::size_t kMostLabels = 15;  // Loki's max_label_names_per_series
  PipelineSpec spec;
  if (!pipeline.empty()) {
    auto root = ParseYaml(pipeline);
    if (!root) return Context("pipeline", root.error());
    std::vector<std::string> problems;
    Decoder decoder("", problems);
    DecodeStages(decoder, *root, "pipeline", spec);
    if (!problems.empty()) {
      const std::string& first = problems[0];  // ":LINE: pipeline[0]..."
      return Fail(Code::kInvalid, first.substr(std::min(first.find(": ") + 2, first.size())));
    }
  }
  if (std::string clash = LabelClash(spec, labels); !clash.empty()) {
    return decode::In("pipeline", decode::Wrong(clash));
  }
  std::set<std::string> names(std::begin(kOwn), std::end(kOwn));
  for (const auto& [name, value] : labels) names.insert(name);
  const std::size_t count = LabelsAfter(spec, std::move(names)).size();
  if (count <= kMostLabels) return {};
  return decode::In("labels",
                    decode::Wrong("and pipeline make up to " + std::to_string(count) +
                                  " labels for a stream, 7 of them Telltale's own, and Loki takes "
                                  "15: move some into structuredMetadata, or drop them with "
                                  "labelDrop"));
}

}  // namespace telltale
