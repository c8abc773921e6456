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

constexpr std::string_view kOptionLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

// Go has no \C (any byte), which RE2 has.
Status CheckByteClass(const PipelineStage& stage) {
  for (const std::string_view name : {"expression", "firstline"}) {
    const StageField* field = stage.Find(name);
    if (field == nullptr || !HasByteClass(field->text)) continue;
    return decode::In(name, decode::Wrong("must not use \\C"));
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

Status CheckStreamLabels(const PipelineStage& stage) {
  const StageField* values = stage.Find("values");
  if (values == nullptr) return {};
  for (const auto& [name, source] : values->map) {
    TELLTALE_TRY(decode::In("values", CheckStreamLabel(name)));
  }
  return {};
}

// "pipeline[0].regex: expression: must be ..." of the sidecar with the option in the path.
std::string WithOptionInPath(std::string message) {
  const std::size_t end = message.find(": ");
  if (end == message.npos) return message;
  const std::size_t word = message.find_first_not_of(kOptionLetters, end + 2);
  const bool option =
      word != message.npos && word > end + 2 && message.substr(word).starts_with(": ");
  if (option) message.replace(end, 2, ".");
  return message;
}

using ReadSpec = void (*)(Decoder&, const YamlNode&, const std::string& path, PipelineSpec&);

// Appends what the sidecar makes of one field of spec.logs.
Status ReadAsSidecar(std::string_view json, const std::string& field, ReadSpec read,
                     PipelineSpec& out) {
  if (json.empty()) return {};
  auto root = ParseYaml(json);
  if (!root) return Context(field, root.error());
  std::vector<std::string> problems;
  Decoder decoder("", problems);
  read(decoder, *root, field, out);
  if (problems.empty()) return {};
  const std::string& first = problems[0];  // ":LINE: pipeline[0]..."
  std::string message = first.substr(std::min(first.find(": ") + 2, first.size()));
  // It is the first stage of a pipeline to the compiler.
  constexpr std::string_view kAsStage = "multiline[0].";
  if (message.starts_with(kAsStage)) message.erase(0, kAsStage.size());
  return Fail(Code::kInvalid, WithOptionInPath(std::move(message)));
}

void ReadMultiline(Decoder& decoder, const YamlNode& node, const std::string& path,
                   PipelineSpec& out) {
  DecodeMultiline(decoder, node, path, out);
  CheckPipeline(decoder, node, path, out);
}

}  // namespace

Status CheckStage(const PipelineStage& stage) {
  if (stage.kind == Kind::kLabels) return CheckStreamLabels(stage);
  if (stage.kind == Kind::kAlert) TELLTALE_TRY(CheckAlertLabels(stage));
  // To the sidecar an empty multiline is none.
  if (stage.kind == Kind::kMultiline && stage.Find("firstline") == nullptr) {
    return decode::In("firstline", decode::Wrong("is required"));
  }
  return CheckByteClass(stage);
}

Status CheckForSidecar(std::string_view pipeline, std::string_view multiline,
                       const Labels& labels) {
  // What the sidecar puts on every stream of a pod.
  constexpr std::string_view kOwn[] = {"app",  "container", "filename", "namespace",
                                       "node", "pod",       "stream"};
  constexpr std::size_t kMostLabels = 15;  // Loki's max_label_names_per_series
  PipelineSpec spec;
  TELLTALE_TRY(ReadAsSidecar(pipeline, "pipeline", DecodeStages, spec));
  TELLTALE_TRY(ReadAsSidecar(multiline, "multiline", ReadMultiline, spec));
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
