// SPDX-License-Identifier: Apache-2.0
//
// The stages of a log pipeline as a person configures them, with the names and meaning of
// Promtail's stages; docs/reference/log-pipeline.md lists the differences. Decoded by
// sidecar/config, compiled by Pipeline. Plain values; the functions are pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/result.h"
#include "common/base/strings.h"

namespace telltale {

// Without a source a stage works on the line. In a map of names an empty value means the same name.
struct JsonSpec {
  Labels expressions{};  // value -> path in the object
  std::string source{};
  bool drop_malformed = false;
  bool operator==(const JsonSpec&) const = default;
};

struct LogfmtSpec {
  Labels mapping{};  // value -> key in the line
  std::string source{};
  bool operator==(const LogfmtSpec&) const = default;
};

struct RegexSpec {
  std::string expression{}, source{};
  bool operator==(const RegexSpec&) const = default;
};

struct TimestampSpec {
  std::string source{}, format{};
  std::vector<std::string> fallback_formats{};
  std::string location{};  // IANA name; empty: UTC
  bool fudge = true;       // on failure: the last good time plus 1 ns; else the time of reading
  bool operator==(const TimestampSpec&) const = default;
};

struct LabelsSpec {
  Labels values{};  // label -> value
  bool operator==(const LabelsSpec&) const = default;
};

struct MetadataSpec {
  Labels values{};  // name in the structured metadata -> value
  bool operator==(const MetadataSpec&) const = default;
};

// Drops a line if all given conditions hold.
struct DropSpec {
  std::vector<std::string> sources{};
  std::string separator = ";";
  std::optional<std::string> value{};
  std::string expression{};
  std::optional<std::int64_t> older_than_ms{}, longer_than{};
  std::string reason = "drop_stage";
  bool operator==(const DropSpec&) const = default;
};

struct SampleSpec {
  double rate = 1;
  std::string reason = "sampling_stage";
  bool operator==(const SampleSpec&) const = default;
};

struct LimitSpec {
  double rate = 0;  // lines per second
  std::int64_t burst = 0;
  bool drop = false;  // else the file is read more slowly
  bool operator==(const LimitSpec&) const = default;
};

struct ReplaceSpec {
  std::string expression{}, source{}, replace{};
  bool operator==(const ReplaceSpec&) const = default;
};

struct OutputSpec {
  std::string source{};  // the value that becomes the line
  bool operator==(const OutputSpec&) const = default;
};

struct TemplateSpec {
  std::string source{}, text{};  // the value that is set, and the template
  bool operator==(const TemplateSpec&) const = default;
};

struct LabelDropSpec {
  std::vector<std::string> names{};
  bool operator==(const LabelDropSpec&) const = default;
};

struct DecolorizeSpec {
  bool operator==(const DecolorizeSpec&) const = default;
};

// Runs `stages` on the lines that the selector matches, or drops these lines.
struct NestedStage;
struct MatchSpec {
  std::string selector{};
  bool drop = false;
  std::string reason = "match_stage";  // of dropped lines
  std::vector<NestedStage> stages;

  // Defined where NestedStage is complete.
  MatchSpec();
  MatchSpec(std::string selector, bool drop, std::string reason, std::vector<NestedStage> stages);
  MatchSpec(const MatchSpec&);
  MatchSpec(MatchSpec&&) noexcept;
  MatchSpec& operator=(const MatchSpec&);
  MatchSpec& operator=(MatchSpec&&) noexcept;
  ~MatchSpec();
  bool operator==(const MatchSpec& other) const;
};

struct MetricSpec {
  enum class Type : std::uint8_t { kCounter, kGauge, kHistogram };
  enum class Action : std::uint8_t { kInc, kDec, kAdd, kSub, kSet };

  std::string name{}, description{}, source{};
  std::string prefix = "telltale_custom_";
  std::int64_t max_idle_ms = 300'000;
  Type type = Type::kCounter;
  Action action = Action::kInc;
  bool match_all = false, count_bytes = false;
  std::optional<std::string> value{};
  std::vector<double> buckets{};
  bool operator==(const MetricSpec&) const = default;
};

struct MetricsStageSpec {
  std::vector<MetricSpec> metrics{};
  bool operator==(const MetricsStageSpec&) const = default;
};

// Raises an alert for each line that reaches the stage and, if there is one, matches `expression`.
struct AlertSpec {
  std::string name{}, source{}, expression{};
  Labels labels{}, annotations{};
  std::int64_t quiet_ms = 300'000;    // the alert ends if no such line came for so long
  std::int64_t max_age_ms = 300'000;  // older lines raise nothing; 0: any line does
  bool operator==(const AlertSpec&) const = default;
};

// Must be the first stage: lines are joined before values are taken out of them.
struct MultilineSpec {
  std::string firstline{};
  std::int64_t max_wait_ms = 3'000;
  std::int64_t max_lines = 128;
  bool operator==(const MultilineSpec&) const = default;
};

using StageSpec =
    std::variant<JsonSpec, LogfmtSpec, RegexSpec, TimestampSpec, LabelsSpec, MetadataSpec, DropSpec,
                 SampleSpec, LimitSpec, ReplaceSpec, MetricsStageSpec, AlertSpec, MultilineSpec,
                 OutputSpec, TemplateSpec, MatchSpec, LabelDropSpec, DecolorizeSpec>;

struct NestedStage {
  StageSpec stage;
  bool operator==(const NestedStage&) const = default;
};

struct PipelineSpec {
  std::vector<StageSpec> stages{};
  bool operator==(const PipelineSpec&) const = default;
};

// The name of the stage as it stands in a configuration.
std::string_view StageName(const StageSpec& stage);

// The same text for the same pipeline and the same code of the stages, in every build and process.
// Its hash names the pipeline in the journal.
std::string CanonicalText(const PipelineSpec& spec);

}  // namespace telltale
