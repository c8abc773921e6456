// SPDX-License-Identifier: Apache-2.0
#include "sidecar/app/stream_labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sidecar/collect/collector.h"

namespace telltale {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(LogSources, TheEntryWinsOverTheConfigurationAndThePodOverBoth) {
  SidecarConfig config;
  config.labels = {{"namespace", "forged"}, {"team", "web"}, {"tier", "front"}};
  LogFilesConfig logs;
  logs.include = {"/var/log/shop/*.log"};
  logs.exclude = {"/var/log/shop/x*"};
  logs.format = LogFormat::kPlain;
  logs.targets = {"shop/a", "shop/b"};
  logs.labels = {{"empty", ""}, {"pod", "forged"}, {"tier", "back"}};
  config.logs = {logs};
  PodInfo pod;
  pod.ns = "shop";
  pod.name = "shop-1";
  pod.container = "main";
  pod.node = "n1";
  pod.labels = {{"app", "shop"}};
  const auto sources = LogSources(config, pod);
  ASSERT_EQ(sources.size(), 1u);
  EXPECT_EQ(sources[0].include, logs.include);
  EXPECT_EQ(sources[0].exclude, logs.exclude);
  EXPECT_EQ(sources[0].format, LogSource::Format::kPlain);
  EXPECT_THAT(sources[0].owners, ElementsAre(LogOwner{"shop/a"}, LogOwner{"shop/b"}));
  EXPECT_THAT(sources[0].labels,
              ElementsAre(Pair("app", "shop"), Pair("container", "main"), Pair("namespace", "shop"),
                          Pair("node", "n1"), Pair("pod", "shop-1"), Pair("team", "web"),
                          Pair("tier", "back")));
}

TEST(LogSources, TheOutputOfThePodIsASourceForEachContainerAsItself) {
  SidecarConfig config;
  config.state_dir = "/state";
  LogFilesConfig logs;
  logs.output = true;
  config.logs = {logs};
  PodInfo pod;
  pod.name = "shop-1";
  pod.container = "main";
  pod.containers = {"setup", "main"};
  const auto sources = LogSources(config, pod);
  ASSERT_EQ(sources.size(), 2u);
  EXPECT_THAT(sources[0].include, ElementsAre("/state/stdout/setup/0.log"));
  EXPECT_THAT(sources[0].labels,
              ElementsAre(Pair("app", "setup"), Pair("container", "setup"), Pair("pod", "shop-1")));
  EXPECT_THAT(sources[1].include, ElementsAre("/state/stdout/main/0.log"));
}

TEST(LogSources, EachEntryReadsTheOutputOfItsContainers) {
  SidecarConfig config;
  config.state_dir = "/state";
  LogFilesConfig one, others;
  one.output = others.output = true;
  one.containers = {"main-1", "elsewhere"};
  others.exclude_containers = {"main-1", "istio-proxy"};
  config.logs = {one, others};
  PodInfo pod;
  pod.containers = {"setup", "main-1", "istio-proxy"};
  const auto sources = LogSources(config, pod);
  ASSERT_EQ(sources.size(), 2u);
  EXPECT_THAT(sources[0].include, ElementsAre("/state/stdout/main-1/0.log"));
  EXPECT_THAT(sources[1].include, ElementsAre("/state/stdout/setup/0.log"));
  EXPECT_THAT(OutputContainers(config, pod), ElementsAre("setup", "main-1"));
  config.logs = {one};
  config.logs[0].exclude_containers = {"main-1"};
  EXPECT_THAT(OutputContainers(config, pod), ElementsAre());
}

TEST(LogSources, OutsideAPodTheConfigurationSaysWhoItIs) {
  SidecarConfig config;
  config.labels = {{"app", "shop"}};
  config.logs.emplace_back();
  EXPECT_THAT(LogSources(config, {})[0].labels, ElementsAre(Pair("app", "shop")));
}

TEST(PipelineOptions, TakesWhatTheConfigurationSays) {
  SidecarConfig config;
  config.loki = {"http://loki:3100", "blue", 65'536, 250};
  const LogPipelineOptions options = PipelineOptions(config);
  EXPECT_EQ(options.loki_url, "http://loki:3100");
  EXPECT_EQ(options.tenant, "blue");
  EXPECT_EQ(options.batch_bytes, 65'536u);
  EXPECT_EQ(options.batch_wait, std::chrono::milliseconds(250));
  EXPECT_EQ(options.state_dir, "/var/lib/telltale");
}

// The decoder cannot ask the table: both are below sidecar/app.
TEST(Collectors, EveryOneOfTheTableIsAKeyOfTheConfiguration) {
  // Of those that cannot be without any.
  std::map<std::string_view, std::string> settings{
      {"http", "polls: [{name: own, url: \"http://127.0.0.1:1/\"}]"},
      {"textfile", "directory: /d"}};
  for (const CollectorEntry& entry : AllCollectors()) {
    std::vector<std::string> problems;
    const auto root = ParseYaml("version: 1\ncollectors: {" + std::string(entry.name) + ": {" +
                                settings[entry.name] + "}}\n");
    ASSERT_TRUE(root.ok());
    const SidecarConfig config = DecodeSidecarConfig(*root, "f", problems);
    EXPECT_THAT(problems, IsEmpty());
    EXPECT_THAT(config.collectors, ElementsAre(entry.name));
  }
}

}  // namespace
}  // namespace telltale
