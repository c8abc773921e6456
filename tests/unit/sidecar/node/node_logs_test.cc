// SPDX-License-Identifier: Apache-2.0
#include "sidecar/node/node_logs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "sidecar/pipeline/pipeline.h"

namespace telltale {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr std::string_view kTwoPods = R"({
  "targets": [
    {"name": "shop/out", "generation": 7, "labels": {"team": "web", "pod": "not-this"},
     "pipeline": [{"json": {"expressions": {"level": ""}}}, {"labels": {"values": {"level": ""}}}]},
    {"name": "shop/plain", "labels": {}, "tenant": "team-b", "pipeline": [], "of-a-newer-operator": [1, 2]}],
  "pods": [
    {"namespace": "shop", "name": "a", "uid": "u-1", "app": "shop", "target": 0,
     "containers": ["main", "setup"]},
    {"namespace": "shop", "name": "b", "uid": "u-2", "app": "", "target": 1,
     "containers": ["main"], "later": true}]})";

std::vector<NodePod> PodsOf(std::string_view json) {
  auto decoded = DecodeNodeLogs(json);
  EXPECT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_THAT(decoded->problems, IsEmpty());
  return decoded->pods;
}

TEST(NodeSources, EachContainerHasItsOwnFolderAndTheLabelsOfItsPod) {
  const auto sources = NodeSources(PodsOf(kTwoPods), {{"zone", "z1"}}, "n1", "/var/log/pods");
  ASSERT_EQ(sources.size(), 3u);
  EXPECT_THAT(sources[0].include, ElementsAre("/var/log/pods/shop_a_u-1/main/*.log"));
  EXPECT_THAT(sources[1].include, ElementsAre("/var/log/pods/shop_a_u-1/setup/*.log"));
  EXPECT_THAT(
      sources[0].labels,
      ElementsAre(Pair("app", "shop"), Pair("container", "main"), Pair("namespace", "shop"),
                  Pair("node", "n1"), Pair("pod", "a"), Pair("team", "web"), Pair("zone", "z1")));
  EXPECT_THAT(sources[2].labels,
              ElementsAre(Pair("app", "main"), Pair("container", "main"), Pair("namespace", "shop"),
                          Pair("node", "n1"), Pair("pod", "b"), Pair("zone", "z1")));
}

TEST(NodeSources, TheContainersOfATargetShareItsStages) {
  const auto sources = NodeSources(PodsOf(kTwoPods), {}, "n1", "/var/log/pods");
  ASSERT_NE(sources[0].pipeline, nullptr);
  EXPECT_EQ(sources[0].pipeline, sources[1].pipeline);
  EXPECT_EQ(sources[2].pipeline, nullptr);
}

TEST(NodeSources, TheTenantIsTheTargets) {
  const auto sources = NodeSources(PodsOf(kTwoPods), {}, "n1", "/var/log/pods");
  EXPECT_EQ(sources[0].tenant, "");
  EXPECT_EQ(sources[2].tenant, "team-b");
}

TEST(NodeSources, LinesAreCountedForTheTargetAndThePod) {
  const auto sources = NodeSources(PodsOf(kTwoPods), {}, "n1", "/var/log/pods");
  EXPECT_THAT(sources[0].owners, ElementsAre(LogOwner{"shop/out", "shop", "a", "u-1"}));
  EXPECT_EQ(sources[1].owners, sources[0].owners) << "another container of the pod";
  EXPECT_THAT(sources[2].owners, ElementsAre(LogOwner{"shop/plain", "shop", "b", "u-2"}));
}

TEST(DecodeNodeLogs, TheGenerationIsTakenAndIsZeroFromAnOlderOperator) {
  const auto pods = PodsOf(kTwoPods);
  EXPECT_EQ(pods[0].target->generation, 7);
  EXPECT_EQ(pods[1].target->generation, 0);
}

TEST(NodeSources, LinksMayLeadToWhereTheRuntimeKeepsItsFiles) {
  const auto sources = NodeSources(PodsOf(kTwoPods), {}, "n1", "/var/log/pods", {"/docker"});
  for (const LogSource& source : sources) {
    EXPECT_THAT(source.link_targets, ElementsAre("/docker"));
    EXPECT_EQ(source.format, LogSource::Format::kAuto);
  }
}

// Each row changes one field. SameTarget does not compile if a field is added and not compared.
TEST(SameTarget, EveryFieldMatters) {
  const auto compile = [](const std::string& reason) {
    return *Pipeline::Compile({{DropSpec{.expression = "x", .reason = reason}}});
  };
  const NodeTarget base{"ns/a", {{"team", "web"}}, "t", compile("r"), true, 1};
  NodeTarget same = base;
  same.pipeline = compile("r");  // another object that does the same
  EXPECT_TRUE(SameTarget(base, same));
  std::map<std::string, NodeTarget> changed = {
      {"name", base},   {"labels", base},    {"no labels", base}, {"tenant", base},
      {"stages", base}, {"no stages", base}, {"usable", base},    {"generation", base}};
  changed["name"].name = "ns/b";
  changed["labels"].labels = {{"team", "other"}};
  changed["no labels"].labels = {};
  changed["tenant"].tenant = "";
  changed["stages"].pipeline = compile("s");
  changed["no stages"].pipeline = nullptr;
  changed["usable"].usable = false;
  changed["generation"].generation = 2;
  for (const auto& [field, target] : changed) {
    EXPECT_FALSE(SameTarget(base, target)) << field;
    EXPECT_FALSE(SameTarget(target, base)) << field;
  }
}

TEST(DecodeNodeLogs, ATargetWhoseTenantOrLabelsAreBadIsNotUsable) {
  for (const auto& [from, to] : std::map<std::string, std::string>{
           {"\"team-b\"", "\"a\\nb: c\""}, {"\"labels\": {}", "\"labels\": 1"}}) {
    std::string text(kTwoPods);
    text.replace(text.find(from), from.size(), to);
    const auto decoded = DecodeNodeLogs(text);
    ASSERT_TRUE(decoded.ok());
    ASSERT_EQ(decoded->pods.size(), 2u);
    EXPECT_TRUE(decoded->pods[0].target->usable);
    EXPECT_FALSE(decoded->pods[1].target->usable) << to;
    EXPECT_THAT(decoded->problems, ElementsAre(HasSubstr("shop/plain")));
  }
}

TEST(DecodeNodeLogs, AnUnknownOrBadStageCostsTheStageAndNotTheTarget) {
  for (const auto& [from, to] : std::map<std::string, std::string>{
           {"{\"json\": {\"expressions\": {\"level\": \"\"}}}", "{\"jsom\": {}}"},
           {"{\"json\": {\"expressions\": {\"level\": \"\"}}}", "{\"json\": {\"later\": 1}}"},
           {"{\"json\": {\"expressions\": {\"level\": \"\"}}}",
            "{\"regex\": {\"expression\": \"(\"}}"}}) {
    std::string text(kTwoPods);
    text.replace(text.find(from), from.size(), to);
    const auto decoded = DecodeNodeLogs(text);
    ASSERT_TRUE(decoded.ok());
    ASSERT_EQ(decoded->pods.size(), 2u);
    ASSERT_TRUE(decoded->pods[0].target->usable) << to;
    ASSERT_NE(decoded->pods[0].target->pipeline, nullptr) << to;
    EXPECT_THAT(decoded->pods[0].target->pipeline->label_names(), ElementsAre("level")) << to;
    EXPECT_THAT(decoded->problems,
                ElementsAre(AllOf(HasSubstr("shop/out"), HasSubstr("this stage is left out"))));
  }
}

TEST(DecodeNodeLogs, NothingThatIsNoNameBecomesAPartOfAPath) {
  for (const char* wrong : {"..", "../../etc", "a/b", "", "*", "[a]", "a_b", ".hidden"}) {
    for (const char* key : {"\"a\"", "\"u-1\"", "\"main\""}) {
      std::string text(kTwoPods);
      text.replace(text.find(key), std::string_view(key).size(), "\"" + std::string(wrong) + "\"");
      const auto decoded = DecodeNodeLogs(text);
      ASSERT_TRUE(decoded.ok());
      ASSERT_EQ(decoded->pods.size(), 1u) << key << " as " << wrong;
      EXPECT_EQ(decoded->pods[0].name, "b");
      EXPECT_THAT(decoded->problems[0], HasSubstr("is not understood"));
    }
  }
}

TEST(DecodeNodeLogs, APodOfATargetThatIsNotThereIsLeftOut) {
  for (const char* index : {"2", "-1", "x", "[]"}) {
    std::string text(kTwoPods);
    text.replace(text.find("\"target\": 1") + 10, 1, index);
    EXPECT_EQ(DecodeNodeLogs(text)->pods.size(), 1u) << index;
  }
}

TEST(DecodeNodeLogs, SomethingElseIsAnError) {
  for (const char* text :
       {"", "[]", "{}", "404 page not found", R"({"pods": 1})", "{\"pods\": ["}) {
    EXPECT_FALSE(DecodeNodeLogs(text).ok()) << text;
  }
  EXPECT_TRUE(DecodeNodeLogs(R"({"targets":[],"pods":[]})").ok());
}

}  // namespace
}  // namespace telltale
