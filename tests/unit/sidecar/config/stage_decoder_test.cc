// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/stage_decoder.h"

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
  - output: {source: s}
  - template: {source: s, template: "{{ .Value }}"}
  - match:
      selector: '{app="x"} |= "y"'
      stages:
      - output: {source: t}
      - match: {selector: '{a="b"}', action: drop, dropCounterReason: q}
  - labelDrop: {names: [filename, stream]}
  - decolorize: {}
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
          StageSpec(ReplaceSpec{"(a)", "s", "x"}), StageSpec(MetricsStageSpec{{gauge, histogram}}),
          StageSpec(OutputSpec{"s"}), StageSpec(TemplateSpec{"s", "{{ .Value }}"}),
          StageSpec(MatchSpec("{app=\"x\"} |= \"y\"", false, "match_stage",
                              {{OutputSpec{"t"}}, {MatchSpec("{a=\"b\"}", true, "q", {})}})),
          StageSpec(LabelDropSpec{{"filename", "stream"}}), StageSpec(DecolorizeSpec{}),
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
  EXPECT_THAT(Problem("nothing: {}"), HasSubstr("unknown key \"nothing\" in logs[0].pipeline[0]; "
                                                "known are json, logfmt, regex"));
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

TEST(StageDecoder, WhatIsWrittenAsForPromtailIsExplained) {
  const auto hint = [](std::string_view stage) {
    const std::string problem = Problem(stage);
    return problem.substr(problem.find("; ") + 2);
  };
  EXPECT_EQ(hint("labels: {level: \"\"}"), "write labels: {values: {level: ''}}");
  EXPECT_EQ(hint("labels: {lvl: level}"), "write labels: {values: {lvl: level}}");
  EXPECT_EQ(hint("structuredMetadata: {id: \"\"}"), "write structuredMetadata: {values: {id: ''}}");
  EXPECT_EQ(hint("json: {expressions: {a: \"\"}, drop_malformed: true}"), "write dropMalformed");
  EXPECT_EQ(hint("timestamp: {source: t, format: Unix, action_on_failure: skip}"),
            "write actionOnFailure");
  EXPECT_EQ(hint("multiline: {firstline: a, max_wait_time: 3s}"), "write maxWait");
  EXPECT_EQ(hint("structured_metadata: {id: \"\"}"), "write structuredMetadata");
  EXPECT_EQ(hint("sampling: {rate: 1}"), "write sample");
  EXPECT_EQ(hint("cri: {}"), "remove it: the lines of containers are recognised");
  EXPECT_THAT(hint("docker: {}"), HasSubstr("remove it"));
  EXPECT_THAT(hint("static_labels: {a: b}"), HasSubstr("use labels of the log source"));
  EXPECT_EQ(hint("labeldrop: [a]"), "write labelDrop: {names: [...]}");
  EXPECT_THAT(hint("pack: {labels: [a]}"), HasSubstr("there is no such stage"));
  EXPECT_THAT(hint("tenant: {value: a}"), HasSubstr("use tenant of the log source"));
  EXPECT_THAT(hint("geoip: {}"), HasSubstr("there is no such stage"));
  EXPECT_THAT(Problem("labelDrop: [a]"),
              HasSubstr("must be a map: write labelDrop: {names: [...]}"));
  EXPECT_THAT(Problem("match: {selector: '{a=\"b\"}', action: skip}"),
              HasSubstr("action must be keep or drop, but is \"skip\""));
}

// The stages of a pipeline that the operator wrote, and sentences about the others.
PipelineSpec Tolerant(std::string_view stages, std::vector<std::string>& problems,
                      std::vector<std::string>& left_out) {
  auto root = ParseYaml(stages);
  EXPECT_TRUE(root.ok());
  Decoder decoder("web/shop", problems);
  PipelineSpec spec;
  decoder.Tolerate(left_out);
  DecodeStages(decoder, *root, "pipeline", spec);
  return spec;
}

TEST(StageDecoder, StagesOfANewerOperatorAreLeftOutAndTheOthersWork) {
  std::vector<std::string> problems, left_out;
  const PipelineSpec spec = Tolerant(R"_([
    {"json": {"expressions": {"level": ""}}},
    {"translate": {"to": "en"}},
    {"labels": {"values": {"level": ""}, "limit": 3}},
    {"match": {"selector": "{app=\"x\"}", "stages": [{"newer": {}}, {"output": {"source": "level"}}]}},
    {"timestamp": {"source": "t", "format": "Stardate"}},
    {"replace": {"expression": "password=(.*)", "replace": "x", "mode": "fast"}},
    {"labelDrop": {"names": ["filename"]}}])_",
                                     problems, left_out);
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_THAT(left_out,
              ElementsAre(HasSubstr("web/shop:3: unknown key \"translate\" in pipeline[1]"),
                          HasSubstr("unknown key \"limit\" in pipeline[2].labels"),
                          HasSubstr("unknown key \"newer\" in pipeline[3].match.stages[0]"),
                          HasSubstr("unknown key \"mode\" in pipeline[5].replace"),
                          HasSubstr("timestamp: format: \"Stardate\" has no part of a time")));
  EXPECT_THAT(spec.stages, ElementsAre(StageSpec(JsonSpec{{{"level", ""}}, "", false}),
                                       StageSpec(ReplaceSpec{"password=(.*)", "", "x"}),
                                       StageSpec(LabelDropSpec{{"filename"}})));
}

TEST(StageDecoder, AMatchThatHidesSomethingKeepsWhatIsKnown) {
  std::vector<std::string> problems, left_out;
  const PipelineSpec spec = Tolerant(R"_([{"match": {"selector": "{app=\"x\"}", "stages":
      [{"newer": {}}, {"replace": {"expression": "password=(.*)", "replace": "x"}}]}}])_",
                                     problems, left_out);
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_EQ(left_out.size(), 1u);
  EXPECT_THAT(spec.stages,
              ElementsAre(StageSpec(MatchSpec("{app=\"x\"}", false, "match_stage",
                                              {{ReplaceSpec{"password=(.*)", "", "x"}}}))));
}

TEST(StageDecoder, AReplaceThatDoesNotCompileIsAProblemAlsoFromTheOperator) {
  std::vector<std::string> problems, left_out;
  Tolerant(R"([{"replace": {"expression": "((", "replace": "x"}}])", problems, left_out);
  EXPECT_THAT(problems, ElementsAre(HasSubstr("pipeline[0].replace: expression: must be an RE2")));
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
