// SPDX-License-Identifier: Apache-2.0
//
// The stages that have another shape in Promtail's configuration than in the resource.
#include <gtest/gtest.h>

#include "operator/model/monitoring_target.h"
#include "operator/plan/configs/promtail_stages.h"
#include "operator/plan/configs/sidecar_stages.h"
#include "tests/unit/operator/model/parse.h"

namespace telltale {
namespace {

LogsSpec Logs(const std::string& stages) {
  MonitoringTarget target;
  const Status status = Parse(
      R"({"metadata":{"name":"a","namespace":"b","uid":"c"},"spec":{"selector":{"matchAll":true},)"
      R"("logs":{"source":"Stdout","pipeline":[)" +
          stages + "]}}}",
      DecodeMonitoringTarget, target);
  EXPECT_TRUE(status.ok()) << status.error().message;
  return target.logs.value_or(LogsSpec{});
}

constexpr const char* kStages = R"_(
  {"regex":{"expression":"(?<level>[A-Z]+)"}},
  {"template":{"source":"level","template":"{{ ToLower .Value }}"}},
  {"labelDrop":{"names":["filename","stream"]}},
  {"decolorize":{}},
  {"match":{"selector":"{app=\"x\"}","stages":[{"output":{"source":"msg"}},{"labels":{"values":{"a":""}}}]}},
  {"match":{"selector":"{app=\"y\"}","action":"drop","dropCounterReason":"y"}})_";

constexpr const char* kPromtail = R"_(- cri:
    {}
- regex:
    expression: "(?P<level>[A-Z]+)"
- template:
    source: "level"
    template: "{{ ToLower .Value }}"
- labeldrop:
    - "filename"
    - "stream"
- decolorize:
    {}
- match:
    selector: "{app=\"x\"}"
    stages:
      - output:
          source: "msg"
      - labels:
          a: ""
- match:
    selector: "{app=\"y\"}"
    action: "drop"
    drop_counter_reason: "y"
)_";

TEST(PromtailStages, StagesWithStagesInThemAndListsAreWrittenAsPromtailReadsThem) {
  YamlWriter yaml;
  WritePromtailStages(Logs(kStages), yaml);
  EXPECT_EQ(yaml.Text(), kPromtail);
}

constexpr const char* kSidecar =
    R"_([{"regex":{"expression":"(?P<level>[A-Z]+)"}},)_"
    R"_({"template":{"source":"level","template":"{{ ToLower .Value }}"}},)_"
    R"_({"labelDrop":{"names":["filename","stream"]}},{"decolorize":{}},)_"
    R"_({"match":{"selector":"{app=\"x\"}","stages":[{"output":{"source":"msg"}},)_"
    R"_({"labels":{"values":{"a":""}}}]}},)_"
    R"_({"match":{"selector":"{app=\"y\"}","action":"drop","dropCounterReason":"y"}}])_";

TEST(SidecarStages, AreWrittenAsTheResourceHasThem) {
  std::string text;
  JsonWriter writer(&text);
  WriteSidecarStages(Logs(kStages).pipeline, writer);
  EXPECT_EQ(text, kSidecar);
}

}  // namespace
}  // namespace telltale
