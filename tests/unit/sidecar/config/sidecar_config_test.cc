// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/sidecar_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/files.h"
#include "sidecar/config/config_merger.h"

namespace telltale {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

struct Decoded {
  SidecarConfig config;
  std::vector<std::string> problems;
};

Decoded Decode(std::string_view text) {
  Decoded out;
  auto root = ParseYaml(text);
  if (!root.ok()) {
    out.problems.push_back(root.error().message);
  } else {
    out.config = DecodeSidecarConfig(*root, "f.yaml", out.problems);
  }
  return out;
}

TEST(SidecarConfig, NothingButTheVersionGivesTheDefaults) {
  const auto [config, problems] = Decode("version: 1\n");
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_EQ(config.Listen(), "127.0.0.1:9847");
  EXPECT_EQ(config.IntervalMs(), 10'000);
  EXPECT_EQ(config.StateDir(), "/var/lib/telltale");
  EXPECT_EQ(config.loki.batch_bytes, 1 << 20);
  EXPECT_EQ(config.loki.batch_wait_ms, 1'000);
  EXPECT_THAT(config.collectors, IsEmpty());
  EXPECT_THAT(config.logs, IsEmpty());
}

TEST(SidecarConfig, ReadsEveryKey) {
  const auto [config, problems] = Decode(R"(version: 1
listen: 0.0.0.0:9000
interval: 5s
state: /data
labels: {team: web, release: "1.10"}
loki: {url: http://loki:3100, tenant: blue, batchBytes: 64KiB, batchWait: 250ms}
logs:
- files:
    include: [/var/log/shop/*.log]
    exclude: [/var/log/shop/debug*]
  format: cri
  labels: {source: file}
collectors: {network: {}, filesystem: , process: {}}
reload:
- {watch: /etc/promtail/promtail.yaml, url: "http://127.0.0.1:3101/reload", copy: /run/p.yaml}
)");
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_EQ(config.Listen(), "0.0.0.0:9000");
  EXPECT_EQ(config.IntervalMs(), 5'000);
  EXPECT_EQ(config.StateDir(), "/data");
  EXPECT_THAT(config.labels, ElementsAre(Pair("release", "1.10"), Pair("team", "web")));
  EXPECT_EQ(config.loki, (LokiConfig{"http://loki:3100", "blue", 65'536, 250}));
  ASSERT_EQ(config.logs.size(), 1u);
  EXPECT_THAT(config.logs[0].include, ElementsAre("/var/log/shop/*.log"));
  EXPECT_THAT(config.logs[0].exclude, ElementsAre("/var/log/shop/debug*"));
  EXPECT_EQ(config.logs[0].format, LogFormat::kCri);
  EXPECT_THAT(config.logs[0].labels, ElementsAre(Pair("source", "file")));
  EXPECT_THAT(config.collectors, ElementsAre("filesystem", "network", "process"));
  EXPECT_EQ(config.reload,
            (std::vector<ReloadConfig>{
                {"/etc/promtail/promtail.yaml", "http://127.0.0.1:3101/reload", "/run/p.yaml"}}));
}

TEST(SidecarConfig, PushesAreOffUnlessTheyAreAskedFor) {
  EXPECT_EQ(Decode("version: 1\npush:\n").config.pushgateway, std::nullopt);
  EXPECT_EQ(Decode("version: 1\npush: {pushgateway: {}}\n").config.pushgateway,
            PushgatewayConfig{});
  const auto [config, problems] = Decode(
      "version: 1\npush: {pushgateway: {expireAfter: 90m, maxSeries: 500, maxGroups: 7, "
      "maxBodySize: "
      "64KiB}}\n");
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_EQ(config.pushgateway, (PushgatewayConfig{5'400'000, 500, 7, 65'536}));
  EXPECT_THAT(
      Decode("version: 1\npush: {pushgateway: {maxSeries: 0, maxGroups: 1.5, expireAfter: 1ms}}\n")
          .problems,
      ElementsAre(HasSubstr("push.pushgateway.maxSeries must be 1 to 100000, but is 0"),
                  HasSubstr("push.pushgateway.maxGroups must be 1 to 10000, but is 1.5"),
                  HasSubstr("push.pushgateway.expireAfter")));
}

TEST(SidecarConfig, JsonIsReadAsWell) {
  const auto [config, problems] = Decode(
      R"({"version": 1, "interval": "30s", "logs": [{"files": {"include": ["/a/*.log"]}}]})");
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_EQ(config.IntervalMs(), 30'000);
  EXPECT_EQ(config.logs.size(), 1u);
}

TEST(SidecarConfig, ANodeAgentIsToldWhomToAskAndWhereTheLinesAre) {
  const auto [config, problems] = Decode(
      "version: 1\npods: {operator: 'http://telltale-operator:8080', directory: /host/pods/}\n");
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_EQ(config.pods.operator_url, "http://telltale-operator:8080");
  EXPECT_EQ(config.PodsDirectory(), "/host/pods");
  EXPECT_EQ(SidecarConfig{}.PodsDirectory(), "/var/log/pods");
}

TEST(SidecarConfig, SaysEverythingThatIsWrongWithFileAndLine) {
  const auto problems = Decode(R"(version: 1
interwal: 5s
interval: soon
loki:
  url: loki
  batchBytes: 1GiB
logs: {}
collectors: {disk: {}}
)")
                            .problems;
  EXPECT_THAT(problems,
              ElementsAre(HasSubstr("f.yaml:2: unknown key \"interwal\" in the configuration; "
                                    "did you mean interval?"),
                          HasSubstr("f.yaml:3: interval must be a duration such as"),
                          HasSubstr("f.yaml:5: loki.url must be a URL"),
                          HasSubstr("f.yaml:6: loki.batchBytes must be from 4KiB to 3MiB, but is "
                                    "\"1GiB\""),
                          HasSubstr("f.yaml:7: logs must be a list, but is a map"),
                          HasSubstr("f.yaml:8: unknown key \"disk\" in collectors")));
}

TEST(SidecarConfig, TheExampleOfTheReferenceIsGood) {
  const auto page = ReadFile(TELLTALE_SOURCE_DIR "/docs/reference/sidecar-config.md");
  ASSERT_TRUE(page.ok());
  const auto begin = page->find("```yaml\n");
  ASSERT_NE(begin, std::string::npos);
  const auto [config, problems] =
      Decode(page->substr(begin + 8, page->find("```", begin + 8) - begin - 8));
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_EQ(config.logs.size(), 1u);
  EXPECT_EQ(config.reload.size(), 1u);
}

struct BadCase {
  std::string_view text, problem;
};

class SidecarConfigBad : public ::testing::TestWithParam<BadCase> {};

TEST_P(SidecarConfigBad, IsRefusedWithASentence) {
  EXPECT_THAT(Decode(GetParam().text).problems, ElementsAre(HasSubstr(GetParam().problem)));
}

INSTANTIATE_TEST_SUITE_P(
    All, SidecarConfigBad,
    ::testing::Values(
        BadCase{"interval: 5s\n", "version is missing"}, BadCase{"", "version is missing"},
        BadCase{"version: 2\n", "f.yaml:1: version must be 1, but is \"2\""},
        BadCase{"- 1\n", "the configuration must be a map, but is a list"},
        BadCase{"version: 1\ninterval: 10ms\n", "interval must be from 1s to 1h"},
        BadCase{"version: 1\ninterval: {}\n",
                "interval must be a duration such as 10s, but is a map"},
        BadCase{"version: 1\nlisten: nowhere\n", "listen must be ADDRESS:PORT"},
        BadCase{"version: 1\nstate: data\n", "state must be an absolute path"},
        BadCase{"version: 1\nstate: /a/../b\n", "state must not contain \"..\""},
        BadCase{"version: 1\nlabels: {__x: y}\n", "has the name \"__x\""},
        BadCase{"version: 1\nlabels: {a-b: y}\n", "has the name \"a-b\""},
        BadCase{"version: 1\nlabels: {filename: y}\n", "must not set filename"},
        BadCase{"version: 1\nlabels: {a: [1]}\n", "labels.a must be a text, but is a list"},
        BadCase{"version: 1\nloki: {tenant: \"a\\nb\"}\n", "loki.tenant must be printable"},
        BadCase{"version: 1\nlogs: [{}]\n", "logs[0].files.include must name at least one"},
        BadCase{"version: 1\nlogs: [{files: {include: [a.log]}}]\n",
                "logs[0].files.include must be an absolute path, but is \"a.log\""},
        BadCase{"version: 1\nlogs: [{files: {include: [/a]}, format: json}]\n",
                "logs[0].format must be auto, cri, docker or plain"},
        BadCase{"version: 1\nlogs: [{files: {include: [/a], includes: []}}]\n",
                "unknown key \"includes\" in logs[0].files; did you mean include?"},
        BadCase{"version: 1\ncollectors: {network: {a: 1}}\n",
                "unknown key \"a\" in collectors.network; known are include, exclude"},
        BadCase{"version: 1\npods: {operator: telltale}\n", "pods.operator must be a URL"},
        BadCase{"version: 1\npods: {directory: pods}\n", "pods.directory must be an absolute path"},
        BadCase{"version: 1\nreload: [{watch: /a}]\n", "reload[0] needs watch, a file, and url"},
        BadCase{"version: 1\nreload: [{watch: /a, url: \"http://b\", copy: /a}]\n",
                "reload[0].copy must be another file than watch"}));

TEST(ConfigMerger, UnitesThePagesOfLastSamplesAndKeepsTheFirstStores) {
  SidecarConfig out;
  std::vector<std::string> warnings;
  ConfigMerger merger(out, warnings);
  const auto add = [&](const std::string& store, const std::string& port, std::int64_t interval) {
    SidecarConfig config;
    config.last_sample.urls = {"http://" + store};
    config.last_sample.interval_ms = interval;
    config.last_sample.pages.emplace_back().port = port;
    merger.Add(port + ".json", "", config);
  };
  add("one", "1", 3'000);
  add("one", "2", 2'000);
  merger.Add("none.json", "", {});
  add("two", "1", 4'000);
  const LastSampleConfig& merged = out.last_sample;
  EXPECT_THAT(merged.urls, ElementsAre("http://one"));
  EXPECT_EQ(merged.pages.size(), 2u);
  EXPECT_EQ(merged.interval_ms, 2'000);
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("1.json: lastSample.urls differs")));
}

}  // namespace
}  // namespace telltale
