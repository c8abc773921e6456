// SPDX-License-Identifier: Apache-2.0
//
// What Promtail refuses, by the text of the file. That it takes the rest is the matter of
// tests/integration, where the real one reads what the operator wrote.
#include "operator/plan/configs/promtail_check.h"

#include <gmock/gmock.h>

#include "operator/plan/configs/promtail_config.h"
#include "tests/unit/operator/model/parse.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::shared_ptr<MonitoringTarget> Target(const std::string& name, const std::string& stages) {
  auto target = std::make_shared<MonitoringTarget>();
  const Status status =
      Parse(R"({"metadata":{"name":")" + name +
                R"(","namespace":"shop","uid":"c"},"spec":{"selector":{"matchAll":true},)"
                R"("logs":{"source":"Stdout","pipeline":[)" +
                stages + "]}}}",
            DecodeMonitoringTarget, *target);
  EXPECT_TRUE(status.ok()) << status.error().message << stages;
  return target;
}

PromtailPlan PlanOf(std::vector<std::shared_ptr<const MonitoringTarget>> targets,
                    const std::string& version, const std::string& held = "") {
  World world;
  world.targets = std::move(targets);
  return PlanPromtailConfig(world, {.loki_url = "http://loki", .version = version}, held, 1 << 20);
}

std::string Refused(const std::string& stages, const std::string& version = "2.2.1") {
  return PlanOf({Target("a", stages)}, version).parts["shop/a"].refused;
}

TEST(PromtailCheck, WhatTheSidecarTakesAndPromtailDoesNotIsNamedByItsFieldInTheResource) {
  const std::pair<const char*, const char*> bad[] = {
      {R"_({"drop":{"expression":"x"}},{"logfmt":{"mapping":{"a":""}}})_",
       "spec.logs.pipeline[1].logfmt: Promtail 2.2.1 has no such stage"},
      {R"_({"sample":{"rate":0.5}})_", "spec.logs.pipeline[0].sample: Promtail 2.2.1 has no such"},
      {R"_({"drop":{"sources":["a","b"],"value":"x"}})_", "spec.logs.pipeline[0].drop.sources: "},
      {R"_({"json":{"expressions":{"a":""},"dropMalformed":true}})_",
       "spec.logs.pipeline[0].json.dropMalformed: "},
      {R"_({"match":{"selector":"{app=\"x\"}","stages":[{"decolorize":{}}]}})_",
       "spec.logs.pipeline[0].match.stages[0].decolorize: "},
      {R"_({"timestamp":{"source":"t","format":"Unix","location":"Europe/Kyiv"}})_",
       "spec.logs.pipeline[0].timestamp.location: the time zone Europe/Kyiv is younger"},
      {R"_({"template":{"source":"a","template":"{{ b64enc .Value }}"}})_",
       "spec.logs.pipeline[0].template.template: has the function b64enc"},
      {R"_({"template":{"source":"a","template":"{{ if .a }}\n{{ ToUpper\n.a }}{{ end }}"}})_",
       "must not have a line break"},
  };
  for (const auto& [stages, reason] : bad) {
    EXPECT_THAT(Refused(stages), HasSubstr(reason)) << stages;
    EXPECT_EQ(Refused(stages, "3.6.4"), "") << stages;
  }
}

TEST(PromtailCheck, TheReleaseIsTakenFromATagAndAnUnknownOneIsTheOldest) {
  const auto logfmt = R"_({"logfmt":{"mapping":{"a":""}}})_";
  for (const char* newer : {"3.0", "v3.6.4", "3.6.4-amd64", "10.0.1"}) {
    EXPECT_EQ(Refused(logfmt, newer), "") << newer;
  }
  for (const char* older : {"2.9.10", "v2.7", "2.2.1"}) {
    EXPECT_THAT(Refused(logfmt, older),
                HasSubstr(std::string("Promtail ") + older + " has no such"));
  }
  for (const char* unknown : {"latest", "", "sha-1.3"}) {
    EXPECT_THAT(Refused(logfmt, unknown), HasSubstr("may lack this stage")) << unknown;
  }
}

TEST(PromtailCheck, WhatNoPromtailTakesIsRefusedForAll) {
  const std::pair<const char*, const char*> bad[] = {
      {R"_({"template":{"source":"a","template":"{{ /* x */ }}"}})_", "a space between {{ and"},
      {R"_({"template":{"source":"a","template":"{{/* x */ }}"}})_", "does not end at its }}"},
      {R"_({"template":{"source":"a","template":"{{ ToUpper\"x\" }}"}})_", "needs a space before"},
      {R"_({"template":{"source":"a","template":"{{ ToUpper(.Value) }}"}})_",
       "needs a space before"},
      {R"_({"template":{"source":"a","template":"{{ eq .a 1.2.3 }}"}})_",
       "1.2.3, which is no number"},
      {R"_({"template":{"source":"a","template":"{{ eq .a - }}"}})_", "which is no number"},
      {R"_({"replace":{"expression":"(a)","replace":"{{ \"\\'\" }}"}})_", "must not escape '"},
      {R"_({"match":{"selector":"{} |= \"x\"","action":"drop"}})_", "at least one label"},
      {R"_({"match":{"selector":"{app=\"x\",}","action":"drop"}})_", "a comma before }"},
      {R"_({"match":{"selector":"{json=\"x\"}","action":"drop"}})_", "is a word of LogQL"},
      {R"_({"metrics":[{"name":"a","prefix":"promtail_","type":"counter","action":"inc"}]})_",
       "is one of Promtail's own metrics"},
      {R"_({"metrics":[{"name":"a","type":"counter","action":"inc"}]},
          {"metrics":[{"name":"a","type":"counter","action":"inc"}]})_",
       "spec.logs.pipeline[1].metrics.a: the name telltale_custom_a clashes"},
  };
  for (const auto& [stages, reason] : bad) {
    for (const char* version : {"2.2.1", "3.6.4"}) {
      EXPECT_THAT(Refused(stages, version), HasSubstr(reason)) << stages;
      EXPECT_THAT(Refused(stages, version), StartsWith("spec.logs.pipeline[")) << stages;
    }
  }
}

// Text that looks like the above and is right.
TEST(PromtailCheck, WhatEveryPromtailTakesIsNotRefused) {
  for (const char* good : {
           R"_({"template":{"source":"a","template":"{{/* x */}}{{- /* y */ -}}{{ToUpper .a}}"}})_",
           R"_({"template":{"source":"a","template":"{{ if eq .a \"(\" 1.5 -3 }}}}{{ end }}"}})_",
           R"_({"template":{"source":"a","template":"{{ (ToUpper .a)|Trim \"}}\" }} it's"}})_",
           R"_({"match":{"selector":"{ app = \"a,}\" , level=~`x|y` } != \"{json=\" !~ `'`",
               "action":"drop"}})_",
           R"_({"metrics":[{"name":"a","type":"counter","action":"inc"},
                          {"name":"b","type":"histogram","buckets":[1,2.5,1e9]}]})_",
           R"_({"drop":{"olderThan":"24h","longerThan":"8KiB","source":"x","value":""}})_",
       }) {
    EXPECT_EQ(Refused(good), "") << good;
  }
}

TEST(PromtailCheck, AMetricOfAnotherTypeIsRefusedAndTheOneThatWasThereFirstStays) {
  const auto counter = R"_({"metrics":[{"name":"n","type":"counter","action":"inc"}]})_";
  const auto gauge = R"_({"metrics":[{"name":"n","type":"gauge","action":"set"}]})_";
  const auto sum = R"_({"metrics":[{"name":"n_sum","type":"counter","action":"inc"}]})_";
  const auto histogram = R"_({"metrics":[{"name":"n","type":"histogram"}]})_";
  auto plan = PlanOf({Target("a", counter), Target("b", counter)}, "2.2.1");
  EXPECT_EQ(plan.parts["shop/b"].refused, "") << "the same metric for both";
  plan = PlanOf({Target("a", histogram), Target("b", sum)}, "2.2.1");
  EXPECT_THAT(plan.parts["shop/b"].refused, HasSubstr("clashes with telltale_custom_n, a histog"));

  const std::string held = PlanOf({Target("b", counter)}, "2.2.1").text;
  plan = PlanOf({Target("a", gauge), Target("b", counter)}, "2.2.1", held);
  EXPECT_EQ(plan.parts["shop/b"].refused, "");
  EXPECT_THAT(plan.parts["shop/a"].refused,
              HasSubstr("the metric telltale_custom_n, a gauge, clashes with telltale_custom_n, a "
                        "counter of another MonitoringTarget"));
  EXPECT_THAT(plan.text, Not(HasSubstr("shop/a")));
}

// With an old definition installed a bucket may be a text. It never gets to be more of the file.
TEST(PromtailCheck, ABucketThatIsNoNumberIsNoYamlOfItsOwn) {
  auto target = std::make_shared<MonitoringTarget>();
  target->meta.ns = "shop";
  target->meta.name = "a";
  target->selector.match_all = true;
  target->logs.emplace();
  target->logs->source = LogsSpec::Source::kStdout;
  target->logs->collector = LogsSpec::Collector::kNode;
  const auto text = [](std::string_view name, std::string_view promtail, std::string value) {
    StageField field;
    field.name = name;
    field.promtail = promtail;
    field.text = std::move(value);
    return field;
  };
  StageField buckets = text("buckets", "buckets", "");
  buckets.type = StageField::Type::kTexts;
  buckets.texts = {"1]\n    evil: [2"};
  StageField list;
  list.type = StageField::Type::kMetrics;
  list.metrics = {{text("name", "", "n"), text("type", "type", "histogram"), buckets}};
  target->logs->pipeline = {{PipelineStage::Kind::kMetrics, {list}}};
  auto plan = PlanOf({target}, "2.2.1");
  EXPECT_EQ(plan.parts["shop/a"].refused,
            "spec.logs.pipeline[0].metrics.n: buckets must be finite numbers that go up");
}

// A stage or an option that nobody wrote a rule for does not get through.
TEST(PromtailCheck, WhatIsNotKnownIsRefused) {
  PromtailCheck check("3.6.4");
  const auto checked = [&](const std::string& stage) {
    const Status status =
        check.Check("  - job_name: \"a/b\"\n    pipeline_stages:\n      - cri:\n          {}\n" +
                    stage + "    relabel_configs:\n      - *path\n");
    return status.ok() ? "" : status.error().message;
  };
  EXPECT_EQ(checked("      - output:\n          source: \"a\"\n"), "");
  EXPECT_THAT(checked("      - geoip:\n          source: \"a\"\n"),
              HasSubstr("[0].geoip: Promtail"));
  EXPECT_THAT(checked("      - output:\n          sorce: \"a\"\n"), HasSubstr("output.sorce: "));
  EXPECT_THAT(checked("      - output:\n          {}\n"), HasSubstr("source: is required"));
  EXPECT_THAT(checked("      - output: {source: a, source: b}\n"), HasSubstr("is no YAML"));
  EXPECT_THAT(checked("      - *evil\n"), HasSubstr("unknown alias"));
}

}  // namespace
}  // namespace telltale
