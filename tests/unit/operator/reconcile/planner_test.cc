// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

namespace telltale {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<const Pod> RunningPod(const std::string& name, const std::string& ip) {
  auto pod = std::make_shared<Pod>();
  pod->meta.ns = "shop";
  pod->meta.name = name;
  pod->meta.uid = "uid-" + name;
  pod->meta.labels = {{"app", "shop"}};
  pod->phase = "Running";
  pod->ip = ip;
  pod->containers = {{"shop", false, false, {{"http", 8080}}}};
  return pod;
}

std::shared_ptr<const MonitoringTarget> ShopTarget() {
  auto target = std::make_shared<MonitoringTarget>();
  target->meta.ns = "shop";
  target->meta.name = "shop";
  target->selector.match_labels = {{"app", "shop"}};
  target->metrics.emplace();
  target->metrics->endpoints.emplace_back().port.name = "http";
  return target;
}

class PlannerTest : public ::testing::Test {
 protected:
  PlannerTest() {
    caches_.targets.Put(ShopTarget());
    caches_.pods.Put(RunningPod("shop-1", "10.0.0.1"));
  }

  Caches caches_;
  bool synced_ = true;
  Published<std::string> document_;
  Published<Plan> plan_;
  Registry registry_;
  std::function<void()> planned_ = [] {};
  Planner planner_{caches_, [this] { return synced_; }, document_,
                   plan_,   [this] { planned_(); },     registry_};
};

TEST_F(PlannerTest, PublishesNothingBeforeEveryCacheIsSynced) {
  synced_ = false;
  planner_.PlanOnce();
  EXPECT_EQ(document_.Get(), nullptr);
  EXPECT_EQ(plan_.Get(), nullptr);
}

TEST_F(PlannerTest, PublishesTheTargetsOfTheCaches) {
  planner_.PlanOnce();
  EXPECT_THAT(*document_.Get(), HasSubstr("10.0.0.1:8080"));
  EXPECT_EQ(plan_.Get()->matched.size(), 1u);
}

TEST_F(PlannerTest, APodThatIsGoneIsGoneFromTheNextDocument) {
  planner_.PlanOnce();
  auto before = document_.Get();
  caches_.pods.Erase("shop/shop-1");
  planner_.PlanOnce();
  EXPECT_EQ(*document_.Get(), "[]");
  EXPECT_THAT(*before, HasSubstr("10.0.0.1"));  // a reader keeps what it got
}

TEST_F(PlannerTest, ABurstOfChangesIsPlannedAfterItSettled) {
  std::promise<void> planned;
  bool told = false;
  planned_ = [&] {
    if (plan_.Get()->scrapes.targets.size() == 49 && !std::exchange(told, true))
      planned.set_value();
  };
  std::thread thread([this] { planner_.Run(); });
  for (int i = 2; i < 50; ++i) {
    caches_.pods.Put(RunningPod("shop-" + std::to_string(i), "10.0.1." + std::to_string(i)));
    planner_.Changed();
  }
  planned.get_future().wait();
  planner_.Stop();
  thread.join();
  EXPECT_EQ(plan_.Get()->scrapes.targets.size(), 49u);
}

TEST_F(PlannerTest, PlansOnceTheCachesAreSyncedThoughNobodySaysSo) {
  std::atomic<bool> synced{false};
  std::promise<void> planned;
  Registry registry;
  Planner planner(
      caches_, [&] { return synced.load(); }, document_, plan_,
      [&, told = false]() mutable {
        if (!std::exchange(told, true)) planned.set_value();
      },
      registry);
  std::thread thread([&] { planner.Run(); });
  planner.Changed();
  synced = true;
  planned.get_future().wait();
  planner.Stop();
  thread.join();
  EXPECT_NE(document_.Get(), nullptr);
}

TEST(TriggerTest, StopEndsAWaitThatNobodyFires) {
  Trigger trigger;
  std::thread thread([&] { EXPECT_FALSE(trigger.Wait(std::chrono::hours(1))); });
  trigger.Stop();
  thread.join();
}

TEST(TriggerTest, AFireBeforeTheWaitIsNotLost) {
  Trigger trigger;
  trigger.Fire();
  EXPECT_TRUE(trigger.Wait(std::chrono::hours(1)));
}

}  // namespace
}  // namespace telltale
