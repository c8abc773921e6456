// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "examples/shop/app/notifications.h"
#include "examples/shop/app/shop_log.h"
#include "examples/shop/app/shop_metrics.h"
#include "examples/shop/app/simulation.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace shop {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

std::string Read(const std::string& path) {
  auto text = telltale::ReadFile(path);
  return text.ok() ? *text : text.error().message;
}

TEST(ShopMetrics, HasTheFiveKindsThatPeopleMeetFirst) {
  Metrics metrics("1.2.3");
  Simulation simulation(metrics, 1);
  for (int i = 0; i < 600; ++i) simulation.Step();
  const std::string page = metrics.Page();
  for (const char* line :
       {"# TYPE shop_orders_total counter\n", "# TYPE shop_queue_length gauge\n",
        "# TYPE shop_stock gauge\n", "shop_stock{product=\"bread\",warehouse=\"north\"} ",
        "# TYPE shop_basket_value histogram\n", "shop_basket_value_bucket{le=\"20\"} ",
        "shop_basket_value_bucket{le=\"100\"} ", "shop_basket_value_bucket{le=\"+Inf\"} ",
        "# TYPE shop_checkout_seconds summary\n", "shop_checkout_seconds{quantile=\"0.99\"} ",
        "shop_http_requests_total{code=\"200\",handler=\"checkout\",method=\"POST\"} ",
        "shop_http_requests_total{code=\"50", "shop_http_request_failures_total{error=\"",
        "shop_http_request_duration_seconds_bucket{handler=\"basket\",method=\"POST\",le=\"0."
        "0001\"} ",
        "shop_build_info{version=\"1.2.3\"} 1\n"}) {
    EXPECT_THAT(page, HasSubstr(line));
  }
}

TEST(Simulation, TheSameSeedGivesTheSameCourse) {
  Metrics a("1"), b("1"), c("1");
  Simulation one(a, 7), same(b, 7), other(c, 8);
  for (int i = 0; i < 300; ++i) one.Step(), same.Step(), other.Step();
  EXPECT_EQ(a.Page(), b.Page());
  EXPECT_NE(a.Page(), c.Page());
}

TEST(Simulation, OrdersKeepComingAndTheQueueDoesNotGrowForEver) {
  Metrics metrics("1");
  Simulation simulation(metrics, 3);
  for (int i = 0; i < 100; ++i) simulation.Step();
  EXPECT_GT(metrics.orders.Value(), 0);
  for (int i = 0; i < 36'000; ++i) simulation.Step();  // an hour
  EXPECT_LT(metrics.queue_length.Value(), 5'000);
}

class ShopLogTest : public ::testing::Test {
 protected:
  void SetUp() override { setenv("TZ", "UTC", 1); }
  telltale::TempFolder folder_;
};

TEST_F(ShopLogTest, WritesTimeAndTextIntoAFolderThatItMakes) {
  ShopLog log(folder_ / "a/b/shop.log");
  log.Write("7 orders", 1'136'214'245);
  EXPECT_EQ(Read(folder_ / "a/b/shop.log"), "2006-01-02 15:04:05 7 orders\n");
}

TEST_F(ShopLogTest, BeginsANewFileWhenTheOldOneWasMovedOrRemoved) {
  ShopLog log(folder_ / "shop.log");
  log.Write("one", 0);
  std::filesystem::rename(folder_ / "shop.log", folder_ / "shop.log.1");
  log.Write("two", 0);
  EXPECT_THAT(Read(folder_ / "shop.log.1"), MatchesRegex(".* one\n"));
  EXPECT_THAT(Read(folder_ / "shop.log"), MatchesRegex(".* two\n"));
  std::filesystem::remove(folder_ / "shop.log");
  log.Write("three", 0);
  EXPECT_THAT(Read(folder_ / "shop.log"), MatchesRegex(".* three\n"));
}

TEST_F(ShopLogTest, GoesOnAtTheStartOfAFileThatWasEmptied) {
  ShopLog log(folder_ / "shop.log");
  log.Write("one", 0);
  std::filesystem::resize_file(folder_ / "shop.log", 0);
  log.Write("two", 0);
  EXPECT_THAT(Read(folder_ / "shop.log"), MatchesRegex("1970-01-01 00:00:00 two\n"));
}

TEST_F(ShopLogTest, AFileThatCannotBeOpenedDoesNotStopTheShop) {
  std::ofstream(folder_ / "logs") << "a file where a folder should be";
  ShopLog log(folder_ / "logs/shop.log");
  log.Write("one", 0);
  log.Write("two", 0);
  EXPECT_TRUE(std::filesystem::is_regular_file(folder_ / "logs"));
  std::filesystem::remove(folder_ / "logs");
  log.Write("three", 0);
  EXPECT_THAT(Read(folder_ / "logs/shop.log"), MatchesRegex(".* three\n"));
}

TEST(ShopNotifications, AreALineForEachAlert) {
  const auto lines = Notifications(R"({"version":"4","status":"firing","alerts":[
      {"status":"firing","labels":{"severity":"page","alertname":"ShopSells"},"annotations":{}},
      {"status":"resolved","labels":{"alertname":"Other"}}, {}]})");
  ASSERT_TRUE(lines.ok()) << lines.error().message;
  EXPECT_THAT(*lines, ElementsAre("Alertmanager says: ShopSells is firing",
                                  "Alertmanager says: Other is resolved",
                                  "Alertmanager says: an alert without a name is unknown"));
  EXPECT_FALSE(Notifications("name=ShopSells").ok());
  EXPECT_FALSE(Notifications(R"({"alerts":[{"status":"firi)").ok());
}

}  // namespace
}  // namespace shop
