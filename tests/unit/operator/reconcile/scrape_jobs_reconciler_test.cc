// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/scrape_jobs_reconciler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/model/metric_filter.h"
#include "tests/unit/operator/reconcile/held_world.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;

class ScrapeJobsReconcilerTest : public ::testing::Test, protected HeldWorld {
 protected:
  Endpoint& Filtered(const std::string& name, const std::string& pattern) {
    Endpoint& endpoint = PutTarget("shop", name).metrics.emplace().endpoints.emplace_back();
    endpoint.filter.drop = {pattern};
    return endpoint;
  }

  static constexpr const char* kPath =
      "/api/v1/namespaces/telltale/configmaps/telltale-scrape-jobs";
  int differs_ = 0;
  ScrapeJobsReconciler reconciler_{"telltale",
                                   {{"", R"({"j":"%FILTER%","m":["%RULES%"]})"}},
                                   [this] { return Snapshot(); },
                                   [this] { ++differs_; },
                                   api,
                                   registry,
                                   clock};
};

TEST_F(ScrapeJobsReconcilerTest, WritesTheJobsOnceAndFollowsTheTargets) {
  const Endpoint& endpoint = Filtered("web", "go_.*");
  EXPECT_TRUE(reconciler_.Reconcile().status.ok());
  EXPECT_THAT(fake.objects[kPath], HasSubstr(FilterName(endpoint.filter)));
  WatchWritten(reconciler_.cache(), kPath);
  clock.Advance(std::chrono::minutes(10));
  EXPECT_TRUE(reconciler_.Reconcile().status.ok());
  EXPECT_EQ(Writes(kPath), 1);
  targets["shop/web"]->suspend = true;
  EXPECT_TRUE(reconciler_.Reconcile().status.ok());
  EXPECT_EQ(Writes(kPath), 2);
  EXPECT_THAT(fake.objects[kPath], ::testing::Not(HasSubstr("go_")));
  EXPECT_EQ(differs_, 0);
}

TEST_F(ScrapeJobsReconcilerTest, SaysOnceWhichJobsDoNotFitAndThatTheyFitAgain) {
  std::string name;
  for (int i = 0; i < 5; ++i) {
    name = "big-" + std::to_string(i);
    Filtered(name, std::string(300'000, static_cast<char>('a' + i)));
  }
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(reconciler_.Reconcile().status.ok());
  ASSERT_NE(reconciler_.LeftOut(), nullptr);
  EXPECT_EQ(reconciler_.LeftOut()->size(), 2u);
  EXPECT_EQ(differs_, 1);
  for (const auto& [key, target] : targets) target->suspend = key != "shop/" + name;
  EXPECT_TRUE(reconciler_.Reconcile().status.ok());
  EXPECT_EQ(reconciler_.LeftOut(), nullptr);
  EXPECT_EQ(differs_, 2);
}

TEST_F(ScrapeJobsReconcilerTest, WithoutTemplatesThereIsNothingToDo) {
  Registry other;
  ScrapeJobsReconciler none(
      "telltale", {}, [this] { return Snapshot(); }, [] {}, api, other, clock);
  EXPECT_FALSE(none.enabled());
  none.Changed();
  EXPECT_EQ(Writes(kPath), 0);
}

}  // namespace
}  // namespace telltale
