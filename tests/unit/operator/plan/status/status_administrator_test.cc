// SPDX-License-Identifier: Apache-2.0
//
// What only the administrator of the installation can change: tenants, and Prometheus' jobs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/model/metric_filter.h"
#include "operator/model/tenant_policy.h"
#include "tests/unit/operator/plan/status/status_shop.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(TenantStatus, ATenantThatIsNotAllowedIsSaidInAcceptedAndTheMetricsGoOn) {
  WorldFile file = Shop(kMetrics + R"(,"logs":{"source":"Stdout","tenant":"team-b"})",
                        RunningPod("a"), R"({"up":["n/t|u-a|0"]})");
  auto target = std::make_shared<MonitoringTarget>(*file.world.targets[0]);
  TenantPolicy::Parse("n=team-a,other=team-b", "")->Apply(*target);
  file.world.targets[0] = target;
  const std::string status = StatusWith(file, {});
  EXPECT_EQ(State(status, "Accepted"), "False/TenantNotAllowed");
  EXPECT_EQ(State(status, "LogsFlowing"), "False/TenantNotAllowed");
  EXPECT_EQ(State(status, "Ready"), "False/TenantNotAllowed");
  EXPECT_EQ(State(status, "Scraped"), "True/Up");
  EXPECT_THAT(status, HasSubstr("spec.logs.tenant is team-b, which namespace n may not use (it may "
                                "use team-a)"));
}

std::string AcceptedBy(const WorldFile& file, const Installation& installation) {
  const auto matched = MatchAll(file.world, file.pods);
  const auto pods = ViewsOf(matched[0].pods);
  return State(
      RenderTargetStatus({*matched[0].target, pods, file.view, file.world.trusted_namespaces,
                          ParseRfc3339(kNow).value(), ConfigState(), installation}),
      "Accepted");
}

TEST(FilterStatus, AFilterThatNoJobHasIsSaidInAccepted) {
  const WorldFile file =
      Shop(R"("metrics":{"endpoints":[{"port":80},{"port":81,"metrics":{"drop":["go_.*"]}}]})",
           RunningPod("a"), R"({"up":["n/t|u-a|0"]})");
  EXPECT_EQ(AcceptedBy(file, {}), "True/Accepted");
  EXPECT_EQ(AcceptedBy(file, {.filters = false}), "False/FilterUnsupported");
  Installation full;
  full.filters_left_out = std::make_shared<const std::set<std::string>>(
      std::set{DocumentName(file.world.targets[0]->metrics->endpoints[1])});
  EXPECT_EQ(AcceptedBy(file, full), "False/ConfigTooLarge");
  const WorldFile plain = Shop(kMetrics, RunningPod("a"), R"({"up":["n/t|u-a|0"]})");
  EXPECT_EQ(AcceptedBy(plain, {.filters = false}), "True/Accepted");
}

TEST(ScrapeJobStatus, WhenPrometheusScrapesNothingOfOursTheConditionNamesTheCause) {
  WorldFile file = Shop(kMetrics, RunningPod("a"), R"({"up":[]})");
  file.view.note = "http://prom:9090 scrapes nothing that Telltale discovers";
  std::string status = StatusWith(file, {});
  EXPECT_EQ(State(status, "Scraped"), "Unknown/NoScrapeJob");
  EXPECT_EQ(State(status, "Ready"), "Unknown/NoScrapeJob");
  EXPECT_THAT(status, HasSubstr("1 of 1 targets were not scraped yet: http://prom:9090 scrapes "
                                "nothing that Telltale discovers."));
  // Others are scraped: this one is new, or its shard does not answer.
  file = Shop(kMetrics, RunningPod("a"), R"({"up":["n/other|u-b|0"]})");
  EXPECT_EQ(State(StatusWith(file, {}), "Scraped"), "Unknown/NotYetScraped");
  file.view.note = "http://b:9090 answered HTTP status 503";
  status = StatusWith(file, {});
  EXPECT_EQ(State(status, "Scraped"), "Unknown/NotYetScraped");
  EXPECT_THAT(status, HasSubstr("http://b:9090 answered HTTP status 503."));
}

}  // namespace
}  // namespace telltale
