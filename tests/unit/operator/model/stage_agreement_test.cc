// SPDX-License-Identifier: Apache-2.0
//
// The same pipelines through the operator's decoder and the sidecar's: what one takes the other
// takes, and the reason for a refusal is the same sentence where the sidecar gives it.
#include <gmock/gmock.h>

#include "operator/model/monitoring_target.h"
#include "sidecar/config/stage_decoder.h"
#include "tests/unit/operator/model/parse.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;

std::string OperatorSays(const std::string& logs) {
  return ErrorOf(
      R"({"metadata":{"name":"a","namespace":"b","uid":"c"},"spec":{"selector":{"matchAll":true},"logs":)" +
          logs + "}}",
      DecodeMonitoringTarget);
}

std::string OperatorSaysOf(const std::string& stages) {
  return OperatorSays(R"({"files":{"directory":"/l"},"pipeline":[)" + stages + "]}");
}

std::string SidecarSaysOf(const std::string& stages) {
  auto root = ParseYaml("[" + stages + "]");
  if (!root) return root.error().message;
  std::vector<std::string> problems;
  Decoder decoder("f", problems);
  PipelineSpec spec;
  DecodeStages(decoder, *root, "pipeline", spec);
  return problems.empty() ? "" : problems[0];
}

TEST(StageAgreement, BothTakeTheSamePipelines) {
  for (
      const char* good : {
          R"({"json":{"expressions":{"level":"","id":"request.ids[0].\"a b\""},"dropMalformed":true}})",
          R"({"logfmt":{"mapping":{"level":"lvl"},"source":"x"}})",
          R"_({"regex":{"expression":"(?<level>[A-Z]+)"}})_",
          R"_({"regex":{"expression":"(?P<level>[A-Z]+)"}})_",
          R"({"timestamp":{"source":"t","format":"2006-01-02 15:04:05","location":"Europe/Berlin"}})",
          R"({"timestamp":{"source":"t","format":"Unix","fallbackFormats":["RFC3339"]}})",
          R"({"labels":{"values":{"level":""}}})",
          R"({"labelDrop":{"names":["filename"]}})",
          R"({"structuredMetadata":{"values":{"trace":""}}})",
          R"({"drop":{"sources":["a","b"],"value":"1;2","dropCounterReason":"r"}})",
          R"({"drop":{"olderThan":"24h","longerThan":"8KiB"}})",
          R"({"sample":{"rate":0.25}})",
          R"({"limit":{"rate":10,"burst":20,"drop":true}})",
          R"_({"replace":{"expression":"(a)","replace":"{{ .Value | ToUpper }}"}})_",
          R"({"output":{"source":"msg"}})",
          R"({"template":{"source":"level","template":"{{ if eq .Value \"W\" }}warn{{ end }}"}})",
          R"({"match":{"selector":"{app=\"x\"} |= \"y\"","stages":[{"output":{"source":"m"}}]}})",
          R"({"match":{"selector":"{app=~\"x|y\"} !~ \"y\"","action":"drop","dropCounterReason":"z"}})",
          R"({"decolorize":{}})",
          R"({"metrics":[{"name":"n","type":"counter","matchAll":true,"action":"inc"},
               {"name":"h","type":"histogram","source":"took","buckets":[0.1,1]}]})",
          R"({"alert":{"name":"A","expression":"x","quiet":"2m"}})",
          R"({"multiline":{"firstline":"^x","maxWait":"2s","maxLines":9}})",
      }) {
    EXPECT_EQ(OperatorSaysOf(good), "") << good;
    EXPECT_EQ(SidecarSaysOf(good), "") << good;
  }
}

TEST(StageAgreement, BothRefuseTheSamePipelines) {
  const std::pair<const char*, const char*> bad[] = {
      {R"({"timestamp":{"source":"t","format":"rfc3339"}})", "write RFC3339"},
      {R"({"timestamp":{"source":"t","format":"2024-01-01 00:00:00"}})", "a Go layout shows"},
      {R"({"timestamp":{"source":"t","format":"Unix","fallbackFormats":["iso8601"]}})",
       "write RFC3339"},
      {R"({"timestamp":{"source":"t","format":"Unix","location":"Europe/Berln"}})",
       "\"Europe/Berln\" is no time zone"},
      {R"_({"regex":{"expression":"(?=a)(?P<x>b)"}})_", "RE2 has no look-around"},
      {R"_({"regex":{"expression":"(a)"}})_", "has no named group"},
      {R"_({"replace":{"expression":"a","replace":""}})_", "has no group"},
      {R"_({"replace":{"expression":"(a)","replace":"{{ printf }}"}})_", "is not supported"},
      {R"({"template":{"source":"a","template":"{{ if .Value }}"}})", "without its {{ end }}"},
      {R"({"match":{"selector":"app=x","action":"drop"}})", "does not begin with {"},
      {R"({"match":{"selector":"{a=\"b\"}"}})", "needs stages, or the action drop"},
      {R"_({"match":{"selector":"{a=\"b\"}","stages":[{"regex":{"expression":"((?P<a>b)"}}]}})_",
       "missing )"},
      {R"({"match":{"selector":"{a=\"b\"}","stages":[{"multiline":{"firstline":"x"}}]}})",
       "must be the first stage"},
      {R"({"labelDrop":{"names":["namespace"]}})", "must not drop the label namespace"},
      {R"({"metrics":[{"name":"up","prefix":"telltale_","type":"counter","action":"inc"}]})",
       "the sidecar's own metrics"},
      {R"({"metrics":[{"name":"a","type":"histogram","buckets":[2,1]}]})",
       "buckets must be finite"},
      {R"({"metrics":[{"name":"a","type":"histogram"},{"name":"a_sum","type":"counter","action":"inc"}]})",
       "clash: a histogram has samples of the longer name"},
      {R"({"metrics":[{"name":"a","type":"counter","action":"inc"}]},
          {"metrics":[{"name":"a","type":"gauge","action":"set"}]})",
       "is there with another type"},
  };
  for (const auto& [stages, reason] : bad) {
    EXPECT_THAT(OperatorSaysOf(stages), HasSubstr(reason)) << stages;
    EXPECT_THAT(SidecarSaysOf(stages), HasSubstr(reason)) << stages;
    EXPECT_THAT(OperatorSaysOf(stages), HasSubstr("spec.logs.pipeline[")) << stages;
  }
}

TEST(StageAgreement, MultilineBesideThePipelineIsCheckedTheSameWay) {
  const auto says = [](const std::string& multiline) {
    return OperatorSays(R"({"files":{"directory":"/l"},"multiline":)" + multiline + "}");
  };
  EXPECT_EQ(says(R"({"firstline":"^\\S","maxWait":"2s"})"), "");
  EXPECT_EQ(says("null"), "");
  EXPECT_EQ(says(R"({"firstline":"(a"})"),
            "spec.logs.multiline.firstline: must be an RE2 regular expression: missing ): (a");
  EXPECT_EQ(says("{}"), "spec.logs.multiline.firstline: is required");
  EXPECT_THAT(says(R"({"firstline":"a","maxWait":"2h"})"),
              HasSubstr("spec.logs.multiline.maxWait"));
  EXPECT_THAT(says(R"({"firstline":"a","maxLines":0})"), HasSubstr("spec.logs.multiline"));
}

TEST(StageAgreement, ALabelLeBesideAHistogramIsRefusedAndElsewhereTaken) {
  const std::string histogram = R"({"metrics":[{"name":"h","type":"histogram","buckets":[1]}]})";
  const std::string label = R"({"labels":{"values":{"le":"level"}}})";
  EXPECT_THAT(OperatorSaysOf(label + "," + histogram),
              HasSubstr("the label le is the one of a histogram's"));
  EXPECT_EQ(OperatorSaysOf(label), "");
  EXPECT_THAT(OperatorSays(R"({"files":{"directory":"/l"},"labels":{"le":"x"},"pipeline":[)" +
                           histogram + "]}"),
              HasSubstr("choose another name for the label"));
  EXPECT_THAT(
      OperatorSaysOf(R"({"match":{"selector":"{a=\"b\"}","stages":[)" + label + "]}}," + histogram),
      HasSubstr("choose another name for the label"));
}

TEST(StageAgreement, MoreLabelsThanLokiTakesAreRefused) {
  const auto labels = [](int count) {
    std::string out;
    for (int i = 0; i < count; ++i) {
      out += (out.empty() ? "\"l" : ",\"l") + std::to_string(i) + "\":\"x\"";
    }
    return R"({"files":{"directory":"/l"},"labels":{)" + out + "}";
  };
  EXPECT_EQ(OperatorSays(labels(8) + "}"), "");
  EXPECT_THAT(OperatorSays(labels(9) + "}"),
              HasSubstr("make up to 16 labels for a stream, 7 of them Telltale's own"));
  EXPECT_THAT(OperatorSays(labels(7) + R"(,"pipeline":[{"labels":{"values":{"a":"","b":""}}}]})"),
              HasSubstr("make up to 16 labels"));
  EXPECT_EQ(OperatorSays(labels(7) + R"(,"pipeline":[{"labels":{"values":{"a":"","b":""}}},
                                        {"labelDrop":{"names":["filename"]}}]})"),
            "");
}

}  // namespace
}  // namespace telltale
