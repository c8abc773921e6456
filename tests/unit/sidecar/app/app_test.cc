// SPDX-License-Identifier: Apache-2.0
//
// The whole sidecar in this process, on loopback ports that the system chose.
#include "sidecar/app/app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "common/net/http/http_client.h"
#include "tests/fakes/fake_loki.h"
#include "tests/fakes/wait_until.h"
#include "tests/unit/sidecar/app/fake_promtail.h"
#include "tests/unit/sidecar/app/running_app.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class AppTest : public ::testing::Test {
 protected:
  Status Start(const std::string& config_path, const std::string& listen = "127.0.0.1:0") {
    SidecarOptions options;
    options.config = config_path;
    PodInfo pod;
    pod.ns = "shop";
    return app_.Start(options, pod, listen);
  }
  void Stop() { app_.Stop(); }

  std::string Get(const std::string& target) {
    HttpClientOptions options;
    options.server = *ParseUrl("http://127.0.0.1:" + std::to_string(app_.port()));
    HttpRequest request;
    request.target = target;
    const auto response = HttpClient(options).Send(request, std::chrono::seconds(10));
    if (!response.ok()) return response.error().message;
    return std::to_string(response->status) + "\n" + std::string(response->body);
  }

  std::string GetUntil(const std::string& target, const std::string& part) {
    std::string page;
    WaitUntil(target + " has " + part, [&] {
      page = Get(target);
      return page.find(part) != std::string::npos;
    });
    return page;
  }

  TempFolder folder_;
  RunningApp app_;
};

TEST_F(AppTest, ServesMetricsHealthAndReadiness) {
  folder_.Write("c.yaml", "version: 1\nstate: " + folder_ / "state" +
                              "\ncollectors: {network: {}, filesystem: {}, process: {}}\n");
  ASSERT_TRUE(Start(folder_ / "c.yaml").ok());
  const std::string page = Get("/metrics");
  EXPECT_THAT(page,
              HasSubstr("telltale_build_info{program=\"telltale-sidecar\",version=\"9.9.9\"}"));
  EXPECT_THAT(page, HasSubstr("process_resident_memory_bytes"));
  EXPECT_THAT(page, HasSubstr("telltale_collector_success{collector=\"network\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("telltale_collector_success{collector=\"filesystem\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("telltale_collector_success{collector=\"process\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("node_network_receive_bytes_total{device=\"lo\"}"));
  EXPECT_THAT(page, HasSubstr("telltale_config_last_reload_successful 1\n"));
  EXPECT_THAT(page, HasSubstr("telltale_logs_read_lines_total"));
  EXPECT_THAT(Get("/readyz"), HasSubstr("200"));
  EXPECT_THAT(Get("/healthz"), HasSubstr("200"));
}

TEST_F(AppTest, AnEmptyFolderIsAnEmptyConfigurationThatFillsLater) {
  ASSERT_TRUE(Start(folder_.path()).ok());
  EXPECT_THAT(Get("/readyz"), HasSubstr("503"));  // the application waits a little for it
  EXPECT_THAT(Get("/metrics"), Not(HasSubstr("telltale_collector_success")));
  folder_.Write("shop.shop.json", R"({"selector": {"matchAll": true}, "generation": 1,
      "config": {"version": 1, "collectors": {"network": {}}}})");
  GetUntil("/metrics", "telltale_collector_success{collector=\"network\"} 1\n");
  EXPECT_THAT(Get("/readyz"), HasSubstr("200"));
  std::filesystem::remove(folder_ / "shop.shop.json");
  std::string page;
  WaitUntil("the collectors are gone", [&] {
    page = Get("/metrics");
    return page.find("telltale_collector_success") == std::string::npos;
  });
  EXPECT_THAT(page, Not(HasSubstr("node_network")));
}

TEST_F(AppTest, ShipsLogsAndFlushesThemWhenItStops) {
  FakeLoki loki;
  // The first line after a silence is sent at once; the next waits for a minute, and only the flush
  // can send it.
  folder_.Write("c.yaml", "version: 1\nstate: " + folder_ / "state" + "\nloki: {url: \"" +
                              loki.url() + "\", batchWait: 60s}\nlogs:\n- files: {include: [\"" +
                              folder_ / "logs/*.log" + "\"]}\n  labels: {team: web}\n");
  folder_.Write("logs/shop.log", "2026-01-02 15:04:05 first line\n");
  ASSERT_TRUE(Start(folder_ / "c.yaml").ok());
  EXPECT_TRUE(loki.WaitForPushes(1));
  std::ofstream(folder_ / "logs/shop.log", std::ios::app) << "2026-01-02 15:04:06 second line\n";
  Stop();
  EXPECT_THAT(loki.lines(),
              ElementsAre("2026-01-02 15:04:05 first line", "2026-01-02 15:04:06 second line"));
  EXPECT_EQ(loki.pushes()[0].target, "POST /loki/api/v1/push");
  EXPECT_EQ(loki.pushes()[0].labels,
            "{filename=\"" + folder_ / "logs/shop.log" + "\", namespace=\"shop\", team=\"web\"}");
}

TEST_F(AppTest, ALogThatIsConfiguredWhileItRunsIsShipped) {
  FakeLoki loki;
  folder_.Write("c.yaml", "version: 1\nstate: " + folder_ / "state" + "\n");
  folder_.Write("logs/shop.log", "one\n");
  ASSERT_TRUE(Start(folder_ / "c.yaml").ok());
  folder_.Write("new.yaml", "version: 1\nstate: " + folder_ / "state" + "\nloki: {url: \"" +
                                loki.url() + "\", batchWait: 10ms}\nlogs:\n- files: {include: [\"" +
                                folder_ / "logs/*.log" + "\"]}\n");
  std::filesystem::rename(folder_ / "new.yaml", folder_ / "c.yaml");
  EXPECT_TRUE(loki.WaitForPushes(1));
  EXPECT_THAT(loki.lines(), ElementsAre("one"));
  Stop();  // before Loki goes, or it would wait for its answer
}

TEST_F(AppTest, TellsPromtailOfAChange) {
  FakePromtail promtail;
  folder_.Write("promtail.yaml", "a: 1\n");
  folder_.Write("c.yaml", "version: 1\nstate: " + folder_ / "state" + "\nreload: [{watch: \"" +
                              folder_ / "promtail.yaml" + "\", url: \"" + promtail.url() +
                              "/reload\"}]\n");
  ASSERT_TRUE(Start(folder_ / "c.yaml").ok());
  EXPECT_TRUE(promtail.WaitFor(1));
  GetUntil("/metrics", "telltale_reload_requests_total{result=\"success\"} 1\n");
  Stop();
}

TEST_F(AppTest, ABadFileAtTheStartSaysWhy) {
  folder_.Write("c.yaml", "version: 1\ninterval: 5\n");
  const Status status = Start(folder_ / "c.yaml");
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message, HasSubstr("c.yaml:2: interval must be a duration"));
  EXPECT_FALSE(Start(folder_ / "none.yaml").ok());
}

TEST_F(AppTest, AnAddressThatIsTakenSaysWhich) {
  FakePromtail other;
  const std::string taken = other.url().substr(std::string("http://").size());
  const Status status = Start(folder_.path(), taken);
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message, HasSubstr(taken.substr(taken.find(':') + 1)));
}

TEST_F(AppTest, SighupReadsTheConfigurationAgainAndEndsNothing) {
  folder_.Write("c.yaml", "version: 1\nstate: " + folder_ / "state" + "\n");
  ASSERT_TRUE(Start(folder_ / "c.yaml").ok());
  for (int i = 0; i < 2; ++i) {
    app_.Reload();
    GetUntil("/metrics", "telltale_config_reloads_total " + std::to_string(i + 2) + "\n");
  }
  EXPECT_THAT(Get("/healthz"), HasSubstr("200"));
}

TEST(CheckConfig, ListsEverythingThatIsWrong) {
  TempFolder folder;
  SidecarOptions options;
  options.config = folder.path();
  EXPECT_THAT(CheckConfig(options).problems, ElementsAre());
  EXPECT_THAT(CheckConfig(options).warnings, ElementsAre());
  folder.Write("a.json", "{");
  folder.Write("b.json", R"({"selector": {"matchLabels": {"app": "other"}}, "config": {}})");
  EXPECT_THAT(
      CheckConfig(options).problems,
      ElementsAre("a.json:1: the \"{\" is not closed", HasSubstr("b.json:1: version is missing")));
}

TEST(CheckConfig, WarnsOfWhatIsNotReadAndNotShipped) {
  TempFolder folder;
  SidecarOptions options;
  options.config = folder / "telltal";
  EXPECT_THAT(CheckConfig(options).warnings,
              ElementsAre(folder / "telltal: there is no such folder: an empty configuration"));
  options.config = folder.path();
  folder.Write("c.yaml", "version: 1\n");
  EXPECT_THAT(CheckConfig(options).warnings,
              ElementsAre(folder / "c.yaml: is not read: a folder's parts are *.json"));
  options.config = folder / "c.yaml";
  folder.Write("c.yaml", "version: 1\n\nlogs: [{files: {include: [/a/*.log]}}]\n");
  EXPECT_THAT(CheckConfig(options).warnings,
              ElementsAre(folder / "c.yaml:3: logs: there is no loki.url: no log is shipped until "
                                   "it is set"));
  options.role = "node";
  EXPECT_THAT(CheckConfig(options).problems,
              ElementsAre(HasSubstr("c.yaml: --role=node needs pods.operator")));
}

}  // namespace
}  // namespace telltale
