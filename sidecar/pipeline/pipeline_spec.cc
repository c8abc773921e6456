// SPDX-License-Identifier: Apache-2.0
#include "sidecar/pipeline/pipeline_spec.h"

#include <array>
#include <bit>
#include <utility>

namespace telltale {
namespace {

// Increase this when a stage makes other entries of the same lines than the release before: batches
// that were in flight during the update are then counted as rebuilt, not taken for the same.
constexpr std::string_view kStagesVersion = "2";

// Writes every field with its length in front, so that no two pipelines have the same text.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void Put(std::string_view text) {
    out_ += std::to_string(text.size());
    out_ += ':';
    out_ += text;
  }
  void Put(const std::string& text) { Put(std::string_view(text)); }
  void Put(std::int64_t value) { Put(std::to_string(value)); }
  void Put(bool value) { Put(std::string_view(value ? "1" : "0")); }
  void Put(double value) { Put(std::to_string(std::bit_cast<std::uint64_t>(value))); }
  void Put(const Labels& values) {
    Put(static_cast<std::int64_t>(values.size()));
    for (const auto& [name, value] : values) All(name, value);
  }
  template <class T>
  void Put(const std::vector<T>& list) {
    Put(static_cast<std::int64_t>(list.size()));
    for (const T& item : list) Put(item);
  }
  template <class T>
  void Put(const std::optional<T>& value) {
    Put(value.has_value());
    if (value) Put(*value);
  }
  void Put(const MetricSpec& m) {
    All(m.name, m.description, m.source, m.prefix, m.max_idle_ms, static_cast<std::int64_t>(m.type),
        static_cast<std::int64_t>(m.action), m.match_all, m.count_bytes, m.value, m.buckets);
  }
  template <class... T>
  void All(const T&... fields) {
    (Put(fields), ...);
  }

  void operator()(const JsonSpec& s) { All(s.expressions, s.source, s.drop_malformed); }
  void operator()(const LogfmtSpec& s) { All(s.mapping, s.source); }
  void operator()(const RegexSpec& s) { All(s.expression, s.source); }
  void operator()(const TimestampSpec& s) {
    All(s.source, s.format, s.fallback_formats, s.location, s.fudge);
  }
  void operator()(const LabelsSpec& s) { Put(s.values); }
  void operator()(const MetadataSpec& s) { Put(s.values); }
  void operator()(const DropSpec& s) {
    All(s.sources, s.separator, s.value, s.expression, s.older_than_ms, s.longer_than, s.reason);
  }
  void operator()(const SampleSpec& s) { All(s.rate, s.reason); }
  void operator()(const LimitSpec& s) { All(s.rate, s.burst, s.drop); }
  void operator()(const ReplaceSpec& s) { All(s.expression, s.source, s.replace); }
  void operator()(const MetricsStageSpec& s) { Put(s.metrics); }
  void operator()(const AlertSpec& s) {
    All(s.name, s.source, s.expression, s.labels, s.annotations, s.quiet_ms, s.max_age_ms);
  }
  void operator()(const MultilineSpec& s) { All(s.firstline, s.max_wait_ms, s.max_lines); }
  void operator()(const OutputSpec& s) { Put(s.source); }
  void operator()(const TemplateSpec& s) { All(s.source, s.text); }
  void operator()(const MatchSpec& s) {
    All(s.selector, s.drop, s.reason, static_cast<std::int64_t>(s.stages.size()));
    for (const NestedStage& nested : s.stages) Stage(nested.stage);
  }
  void operator()(const LabelDropSpec& s) { Put(s.names); }
  void operator()(const DecolorizeSpec&) {}

  void Stage(const StageSpec& stage) {
    Put(StageName(stage));
    std::visit(*this, stage);
  }

 private:
  std::string& out_;
};

}  // namespace

MatchSpec::MatchSpec() = default;
MatchSpec::MatchSpec(std::string selector_of, bool drops, std::string reason_of,
                     std::vector<NestedStage> stages_of)
    : selector(std::move(selector_of)),
      drop(drops),
      reason(std::move(reason_of)),
      stages(std::move(stages_of)) {}
MatchSpec::MatchSpec(const MatchSpec&) = default;
MatchSpec::MatchSpec(MatchSpec&&) noexcept = default;
MatchSpec& MatchSpec::operator=(const MatchSpec&) = default;
MatchSpec& MatchSpec::operator=(MatchSpec&&) noexcept = default;
MatchSpec::~MatchSpec() = default;
bool MatchSpec::operator==(const MatchSpec& other) const = default;

std::string_view StageName(const StageSpec& stage) {
  // In the order of the variant's alternatives.
  static constexpr std::array<std::string_view, std::variant_size_v<StageSpec>> kNames = {
      "json",      "logfmt", "regex",    "timestamp", "labels",    "structuredMetadata",
      "drop",      "sample", "limit",    "replace",   "metrics",   "alert",
      "multiline", "output", "template", "match",     "labelDrop", "decolorize"};
  return kNames[stage.index()];
}

std::string CanonicalText(const PipelineSpec& spec) {
  std::string out;
  Writer writer(out);
  writer.Put(kStagesVersion);
  for (const StageSpec& stage : spec.stages) writer.Stage(stage);
  return out;
}

}  // namespace telltale
