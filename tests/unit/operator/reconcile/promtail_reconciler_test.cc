// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/promtail_reconciler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator/reconcile/held_world.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PromtailReconcilerTest : public ::testing::Test, protected HeldWorld {
 protected:
  PromtailReconcilerTest() {
    PutNamespace("shop");
    auto& target = PutTarget("shop", "shop");
    target.sidecar.reset();
    target.logs.emplace();
    target.logs->source = LogsSpec::Source::kStdout;
    target.logs->collector = LogsSpec::Collector::kNode;
  }
  ReconcileResult Reconcile() { return reconciler_.Reconcile(PromtailReconciler::kKey); }

  static constexpr const char* kPath = "/api/v1/namespaces/telltale/configmaps/telltale-promtail";
  ConfigMapCache held_;
  ConfigOutcomes outcomes_;
  PromtailReconciler reconciler_{"telltale",
                                 {"http://loki:3100"},
                                 [this] { return Snapshot(); },
                                 held_,
                                 outcomes_,
                                 api,
                                 registry,
                                 clock};
};

TEST_F(PromtailReconcilerTest, WritesTheConfigurationOnceAndNotAgainWhileItIsHeld) {
  EXPECT_TRUE(Reconcile().status.ok());
  EXPECT_THAT(fake.objects[kPath], HasSubstr("job_name: \\\"shop/shop\\\""));
  WatchWritten(held_, kPath);
  for (int i = 0; i < 3; ++i) {
    clock.Advance(std::chrono::minutes(10));
    EXPECT_TRUE(Reconcile().status.ok());
  }
  EXPECT_EQ(Writes(kPath), 1);
}

TEST_F(PromtailReconcilerTest, PutsBackAtOnceWhatSomebodyEditedOrDeleted) {
  Reconcile();
  WatchWritten(held_, kPath);
  clock.Advance(std::chrono::seconds(1));
  Watch(held_, R"({"metadata":{"namespace":"telltale"},"data":{"promtail.yaml":"mine"}})");
  Reconcile();
  EXPECT_EQ(Writes(kPath), 2);
  WatchWritten(held_, kPath);
  clock.Advance(std::chrono::seconds(1));
  WatchEnd(held_, "telltale");
  Reconcile();
  EXPECT_EQ(Writes(kPath), 3);
}

TEST_F(PromtailReconcilerTest, FollowsTheTargets) {
  Reconcile();
  WatchWritten(held_, kPath);
  clock.Advance(std::chrono::seconds(1));
  targets["shop/shop"]->suspend = true;
  targets["shop/shop"]->meta.generation = 2;
  Reconcile();
  EXPECT_THAT(fake.objects[kPath], ::testing::Not(HasSubstr("job_name: \\\"shop/shop\\\"")));
}

TEST_F(PromtailReconcilerTest, AFailedWriteIsAnError) {
  fake.fail[kPath] = 500;
  EXPECT_FALSE(Reconcile().status.ok());
  fake.fail.clear();
  EXPECT_TRUE(Reconcile().status.ok());
  EXPECT_TRUE(fake.objects.contains(kPath));
}

}  // namespace
}  // namespace telltale
