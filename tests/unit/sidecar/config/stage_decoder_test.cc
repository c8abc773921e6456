// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "sidecar/config/sidecar_config.h"

namespace telltale {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// One source with this below it; `problems` are about it.
PipelineSpec Stages(std::string_view logs, std::vector<std::string>& problems) {
  auto root = ParseYaml("version: 1\nlogs:\n- files: {include: [/a]}\n" + std::string(logs));
  EXPECT_TRUE(root.ok());
  return DecodeSidecarConfig(*root, "f.yaml", problems).logs[0].pipeline;
}

std::string Problem(std::string_view stage) {
  std::vector<std::string> problems;
  Stages("  pipeline:\n  - " + std::string(stage) + "\n", problems);
  return problems.size() == 1 ? problems[0] : "problems: " + std::to_string(problems.size());
}

TEST(StageDecoder, EveryFieldOfEveryStageIsRead) {
  std::vector<std::string> problems;
  const PipelineSpec spec = Stages(R"_(
  multiline: {firstline: ^a, maxWait: 2s, maxLines: 9}
  pipeline:
  - json: {expressions: {a: b.c}, source: s, dropMalformed: true}
  - logfmt: {mapping: {a: ""}, source: s}
  - regex: {expression: "(?P<x>.)", source: s
}
  - timestamp: {source: t, format: Unix, fallbackFormats: [UnixMs], location: UTC, actionOnFailure: skip}
  - labels: {values: {l: a}}
  - structuredMetadata: {values: {m: ""}}
  - drop: {sources: [a, b], separator: "-", value: v, olderThan: 1h, longerThan: 1KiB, dropCounterReason: r}
  - sample: {rate: 0.5, dropCounterReason: q}
  - limit: {rate: 2.5, burst: 7, drop: true}
  - replace: {expression: (a), source: s, replace: x}
  - metrics:
    - {name: n, type: gauge, description: d, source: s, prefix: p_, action: sub, value: v, maxIdle: 1m}
    - {name: h, type: histogram, buckets: [0.1, 2]}
  - alert: {name: A, source: s, expression: e, labels: {l: x}, annotations: {a: y}, quiet: 2m}
)_",
                                   problems);
  EXPECT_THAT(problems, IsEmpty());
  MetricSpec gauge{.name = "n",
                   .description = "d",
                   .source = "s",
                   .prefix = "p_",
                   .max_idle_ms = 60'000,
                   .type = MetricSpec::Type::kGauge,
                   .action = MetricSpec::Action::kSub,
                   .value = "v"};
  MetricSpec histogram{.name = "h", .type = MetricSpec::Type::kHistogram, .buckets = {0.1, 2}};
  EXPECT_THAT(
      spec.stages,
      ElementsAre(
          StageSpec(MultilineSpec{"^a", 2'000, 9}), StageSpec(JsonSpec{{{"a", "b.c"}}, "s", true}),
          StageSpec(LogfmtSpec{{{"a", ""}}, "s"}), StageSpec(RegexSpec{"(?P<x>.)", "s"}),
          StageSpec(TimestampSpec{"t", "Unix", {"UnixMs"}, "UTC", false}),
          StageSpec(LabelsSpec{{{"l", "a"}}}), StageSpec(MetadataSpec{{{"m", ""}}}),
          StageSpec(DropSpec{{"a", "b"}, "-", "v", "", 3'600'000, 1024, "r"}),
          StageSpec(SampleSpec{0.5, "q"}), StageSpec(LimitSpec{2.5, 7, true}),
          StageSpec(ReplaceSpec{"(a)", "s", "x"}), StageSpec(MetricsSpec{{gauge, histogram}}),
          StageSpec(AlertSpec{"A", "s", "e", {{"l", "x"}}, {{"a", "y"}}, 120'000})));
}

TEST(StageDecoder, WhatIsWrongIsSaidWithItsLineAndStage) {
  EXPECT_EQ(Problem("regex: {expression: (}"),
            "f.yaml:5: logs[0].pipeline[0].regex: expression: must be an RE2 regular expression: "
            "missing ): (");
  EXPECT_THAT(
      Problem("json: {expression: {}}"),
      HasSubstr(
          "unknown key \"expression\" in logs[0].pipeline[0].json; did you mean expressions?"));
  EXPECT_THAT(Problem("{}"), HasSubstr("logs[0].pipeline[0] must be one stage, such as"));
  EXPECT_THAT(Problem("unpack: {}"), HasSubstr("unknown key \"unpack\""));
  EXPECT_THAT(Problem("sample: {rate: many}"), HasSubstr("must be a number, but is \"many\""));
  EXPECT_THAT(Problem("sample: {rate: 2}"), HasSubstr("rate must be from 0, nothing, to 1"));
  EXPECT_THAT(Problem("limit: {rate: 1, burst: 1.5}"), HasSubstr("burst must be a whole number"));
  EXPECT_THAT(Problem("timestamp: {source: t, format: Unix, actionOnFailure: guess}"),
              HasSubstr("must be fudge or skip"));
  EXPECT_THAT(Problem("timestamp: {source: t, format: x}"), HasSubstr("has no part of a time"));
  EXPECT_THAT(Problem("timestamp: {source: t, format: \"2006-01-02 15:04\", location: No/Where}"),
              HasSubstr("timestamp: location: \"No/Where\" is no time zone of the tz database"));
  EXPECT_THAT(Problem("drop: {value: x}"), HasSubstr("drop: needs at least one of source"));
  EXPECT_THAT(Problem("metrics: [{name: n, type: counter, action: set}]"),
              HasSubstr("the action of a counter must be inc or add"));
  EXPECT_THAT(Problem("metrics: [{name: up, prefix: telltale_, type: counter, action: inc}]"),
              HasSubstr("is of the sidecar's own metrics"));
}

TEST(StageDecoder, MultilineStandsOnceAndFirst) {
  std::vector<std::string> problems;
  Stages("  multiline: {firstline: a}\n  pipeline: [{multiline: {firstline: b}}]\n", problems);
  EXPECT_THAT(problems, ElementsAre(HasSubstr("has multiline and a stage multiline: remove one")));
  problems.clear();
  Stages("  multiline: {firstline: \"(\"}\n", problems);
  EXPECT_THAT(problems, ElementsAre(HasSubstr("logs[0].multiline: firstline: must be an RE2")));
  problems.clear();
  Stages("  multiline: {}\n", problems);
  EXPECT_THAT(problems, IsEmpty());
}

}  // namespace
}  // namespace telltale
