// SPDX-License-Identifier: Apache-2.0
#include "sidecar/alert/alert_pusher.h"

#include <gmock/gmock.h>

#include "tests/unit/sidecar/app/fake_promtail.h"

namespace telltale {
namespace {

using testing::HasSubstr;

RaisedAlert Panic(std::int64_t quiet_ms = 60'000, const std::string& app = "shop") {
  return {{{"alertname", "Panic"}, {"app", app}}, {{"line", "panic: x"}}, quiet_ms};
}

std::string EndsAt(const HttpRequest& request) {
  const std::size_t at = request.body.find("\"endsAt\":\"") + 10;
  return request.body.substr(at, 24);
}

TEST(AlertPusher, TheFirstLineIsPushedAtOnceAndFurtherOnesAreTheSameAlert) {
  Neighbour alertmanager;
  Registry registry;
  AlertPusher pusher(registry, RealClock());
  pusher.Configure(alertmanager.url() + "/am/");
  const auto before = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) pusher.Raise(Panic());
  ASSERT_TRUE(alertmanager.WaitFor(1));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(1));
  pusher.Raise(Panic(60'000, "other"));
  ASSERT_TRUE(alertmanager.WaitFor(2));
  pusher.Stop();
  const auto requests = alertmanager.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].target, "/am/api/v2/alerts");
  EXPECT_THAT(requests[0].body, HasSubstr(R"("labels":{"alertname":"Panic","app":"shop"})"));
  EXPECT_THAT(requests[0].body, HasSubstr(R"("annotations":{"line":"panic: x"})"));
  EXPECT_THAT(requests[1].body, testing::Not(HasSubstr("shop")));
}

TEST(AlertPusher, AfterItsQuietTimeItIsResolvedAndANewLineIsANewAlert) {
  Neighbour alertmanager;
  Registry registry;
  AlertPusher pusher(registry, RealClock());
  pusher.Configure(alertmanager.url());
  pusher.Raise(Panic(50));
  ASSERT_TRUE(alertmanager.WaitFor(2));
  const auto requests = alertmanager.requests();
  EXPECT_EQ(EndsAt(requests[0]), EndsAt(requests[1]));
  pusher.Raise(Panic(50));
  ASSERT_TRUE(alertmanager.WaitFor(3));
  EXPECT_NE(EndsAt(alertmanager.requests()[2]), EndsAt(requests[1]));
}

TEST(AlertPusher, AFailedPushIsTriedAgain) {
  Neighbour alertmanager(500);
  Registry registry;
  AlertPusher pusher(registry, RealClock());
  pusher.Configure(alertmanager.url());
  pusher.Raise(Panic());
  ASSERT_TRUE(alertmanager.WaitFor(2));
  const std::size_t failed = alertmanager.requests().size();
  alertmanager.Answer(200);
  ASSERT_TRUE(alertmanager.WaitFor(failed + 1));
  std::string page;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (page.find("result=\"success\"} 1") == page.npos &&
         std::chrono::steady_clock::now() < end) {
    page.clear();
    registry.Render(page);
  }
  EXPECT_THAT(page, HasSubstr("telltale_alert_pushes_total{result=\"success\"} 1"));
}

TEST(AlertPusher, MoreThanSoManyAlertsAreCountedAndNotPushed) {
  Neighbour alertmanager;
  Registry registry;
  AlertPusher pusher(registry, RealClock());
  pusher.Configure(alertmanager.url());
  for (std::size_t i = 0; i <= AlertPusher::kMaxActive; ++i) {
    pusher.Raise(Panic(60'000, std::to_string(i)));
  }
  std::string page;
  registry.Render(page);
  EXPECT_THAT(page, HasSubstr("telltale_alert_lines_dropped_total 1"));
}

}  // namespace
}  // namespace telltale
