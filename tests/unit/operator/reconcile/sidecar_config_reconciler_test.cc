// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/sidecar_config_reconciler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/operator/reconcile/held_world.h"

namespace telltale {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class SidecarConfigReconcilerTest : public ::testing::Test, protected HeldWorld {
 protected:
  SidecarConfigReconcilerTest() {
    PutNamespace("shop");
    PutTarget("shop", "shop");
  }
  static std::string Path(const std::string& ns) {
    return "/api/v1/namespaces/" + ns + "/configmaps/telltale-sidecar";
  }
  std::set<std::string> Stale() {
    stale_.clear();
    EXPECT_TRUE(reconciler_.Reconcile(SidecarConfigReconciler::kAll).status.ok());
    return stale_;
  }
  // Reconciles, lets the watch bring what was written, and lets some time pass.
  void Settle(const std::string& ns = "shop") {
    ASSERT_TRUE(reconciler_.Reconcile(ns).status.ok());
    WatchWritten(held_, Path(ns));
    clock.Advance(std::chrono::seconds(10));
    fake.writes.clear();
  }

  ConfigMapCache held_;
  ConfigOutcomes outcomes_;
  std::set<std::string> stale_;
  SidecarConfigReconciler reconciler_{{.loki_url = "http://loki:3100"},
                                      [this] { return Snapshot(); },
                                      held_,
                                      outcomes_,
                                      api,
                                      [this](const std::string& ns) { stale_.insert(ns); },
                                      registry,
                                      clock};
};

TEST_F(SidecarConfigReconcilerTest, WritesWhatTheTargetsAskForAndNothingMoreWhenItIsThere) {
  EXPECT_THAT(Stale(), ElementsAre("shop"));
  EXPECT_TRUE(reconciler_.Reconcile("shop").status.ok());
  EXPECT_THAT(fake.objects[Path("shop")], HasSubstr("shop.shop.json"));
  Settle();
  EXPECT_TRUE(reconciler_.Reconcile("shop").status.ok());
  EXPECT_THAT(fake.writes, IsEmpty());
  reconciler_.AllKeys();
  EXPECT_THAT(Stale(), IsEmpty());
}

TEST_F(SidecarConfigReconcilerTest, DoesNotWriteTwiceBeforeItsWriteIsSeen) {
  reconciler_.Reconcile("shop");
  clock.Advance(std::chrono::seconds(2));
  const auto again = reconciler_.Reconcile("shop");
  EXPECT_TRUE(again.status.ok());
  EXPECT_GT(again.requeue_after.count(), 0);
  EXPECT_EQ(Writes(Path("shop")), 1);
  // An event that never comes, or a write that was lost after all.
  clock.Advance(std::chrono::seconds(6));
  reconciler_.Reconcile("shop");
  EXPECT_EQ(Writes(Path("shop")), 2);
}

TEST_F(SidecarConfigReconcilerTest, ChangesThatFollowEachOtherAreWrittenTogether) {
  Settle();
  targets["shop/shop"]->meta.generation = 2;
  EXPECT_EQ(reconciler_.Reconcile("shop").requeue_after.count(), 0);
  targets["shop/shop"]->meta.generation = 3;
  const auto wait = reconciler_.Reconcile("shop").requeue_after;
  EXPECT_GT(wait.count(), 0);
  EXPECT_EQ(Writes(Path("shop")), 1);
  clock.Advance(wait);
  reconciler_.Reconcile("shop");
  EXPECT_THAT(fake.writes.back().body, HasSubstr("generation\\\":3"));
}

TEST_F(SidecarConfigReconcilerTest, ATargetThatMovesOnLeavesNoneOfTheNamespacesBehind) {
  PutNamespace("other");
  auto& target = PutTarget("trusted", "wide");
  target.namespaces.emplace();
  target.namespaces->any = true;
  EXPECT_THAT(Stale(), ElementsAre("other", "shop"));
  Settle("other");
  Settle("shop");
  // It now looks into namespaces with a label, which none has: nobody remembers the old ones.
  targets["trusted/wide"]->namespaces->any = false;
  targets["trusted/wide"]->namespaces->names = {"nowhere"};
  targets["trusted/wide"]->meta.generation = 2;
  EXPECT_THAT(Stale(), ElementsAre("other", "shop"));
  reconciler_.Reconcile("other");
  EXPECT_EQ(fake.writes.back().method, "DELETE");
  reconciler_.Reconcile("shop");
  EXPECT_THAT(fake.writes.back().body, HasSubstr("shop.shop.json"));
  EXPECT_THAT(fake.writes.back().body, Not(HasSubstr("trusted.wide.json")));
}

TEST_F(SidecarConfigReconcilerTest, AnyNamespaceOrLabelThatChangesIsLookedAtAgain) {
  auto& target = PutTarget("trusted", "wide");
  target.namespaces.emplace();
  target.namespaces->labels.emplace();
  target.namespaces->labels->match_labels = {{"team", "a"}};
  Settle("shop");
  EXPECT_THAT(Stale(), IsEmpty());
  PutNamespace("new", {{"team", "a"}});
  EXPECT_THAT(Stale(), ElementsAre("new"));
  PutNamespace("new", {{"team", "b"}});
  EXPECT_THAT(Stale(), IsEmpty());
}

TEST_F(SidecarConfigReconcilerTest, PutsBackAConfigMapThatSomebodyEdited) {
  Settle();
  Watch(held_, R"({"metadata":{"namespace":"shop"},"data":{"shop.shop.json":"{}"}})");
  reconciler_.Reconcile("shop");
  EXPECT_EQ(Writes(Path("shop")), 1);
}

TEST_F(SidecarConfigReconcilerTest, MakesAgainAConfigMapThatSomebodyDeleted) {
  Settle();
  WatchEnd(held_, "shop");
  reconciler_.Reconcile("shop");
  EXPECT_EQ(Writes(Path("shop")), 1);
}

TEST_F(SidecarConfigReconcilerTest, AKeyThatSomebodyAddedIsLeftAloneAndStopsNothing) {
  Settle();
  std::string edited = fake.objects[Path("shop")];
  const std::string data = R"("data":{)";
  edited.insert(edited.find(data) + data.size(), R"("note":"mine",)");
  Watch(held_, edited);
  reconciler_.Reconcile("shop");
  EXPECT_THAT(fake.writes, IsEmpty());
}

TEST_F(SidecarConfigReconcilerTest, DeletesTheConfigMapWithTheLastResourceThatNeedsIt) {
  Settle();
  targets.clear();
  EXPECT_THAT(Stale(), ElementsAre("shop"));
  reconciler_.Reconcile("shop");
  ASSERT_EQ(fake.writes.size(), 1u);
  EXPECT_EQ(fake.writes[0].method, "DELETE");
  EXPECT_EQ(fake.writes[0].path, Path("shop"));
  reconciler_.Reconcile("shop");  // before the watch knows
  EXPECT_EQ(fake.writes.size(), 1u);
  WatchEnd(held_, "shop");
  reconciler_.Reconcile("shop");
  EXPECT_EQ(fake.writes.size(), 1u);
}

TEST_F(SidecarConfigReconcilerTest, OnlyTheConfigMapThatWasSeenIsDeletedElseItLooksAgain) {
  PutNamespace("other");
  const auto see = [&](const std::string& uid) {
    Watch(held_, R"({"metadata":{"namespace":"other","name":"telltale-sidecar","uid":")" + uid +
                     R"(","labels":{"app.kubernetes.io/managed-by":"telltale-operator"}}})");
  };
  see("first");
  fake.fail[Path("other")] = 409;  // there is another one by now
  const auto result = reconciler_.Reconcile("other");
  EXPECT_TRUE(result.status.ok());
  EXPECT_GT(result.requeue_after.count(), 0);
  ASSERT_EQ(fake.writes.size(), 1u);
  EXPECT_THAT(fake.writes[0].body, HasSubstr(R"("preconditions":{"uid":"first",)"
                                             R"("resourceVersion":")" +
                                             std::to_string(version) + "\"}"));
  std::string page;
  registry.Render(page);
  EXPECT_THAT(page,
              HasSubstr("telltale_writes_total{kind=\"sidecar-config\",result=\"error\"} 0\n"));
  EXPECT_GT(reconciler_.Reconcile("other").requeue_after.count(), 0);
  EXPECT_EQ(fake.writes.size(), 1u) << "not again at any other event";
  clock.Advance(result.requeue_after);
  EXPECT_TRUE(reconciler_.Reconcile("other").status.ok());
  EXPECT_EQ(fake.writes.size(), 2u);
  page.clear();
  registry.Render(page);
  EXPECT_THAT(page,
              HasSubstr("telltale_writes_total{kind=\"sidecar-config\",result=\"error\"} 1\n"));
  fake.fail.clear();
  see("second");  // ours again
  fake.objects[Path("other")] = "{}";
  EXPECT_TRUE(reconciler_.Reconcile("other").status.ok());
  EXPECT_THAT(fake.writes.back().body, HasSubstr(R"("uid":"second")"));
  EXPECT_THAT(fake.objects, IsEmpty());
}

TEST_F(SidecarConfigReconcilerTest, AConfigMapOfSomebodyElseIsNotDeleted) {
  PutNamespace("other");
  Watch(held_, R"({"metadata":{"namespace":"other","name":"telltale-sidecar"},"data":{}})");
  EXPECT_THAT(Stale(), Not(testing::Contains("other")));
  reconciler_.Reconcile("other");
  EXPECT_THAT(fake.writes, IsEmpty());
}

TEST_F(SidecarConfigReconcilerTest, ANamespaceThatIsGoingAwayOrGoneGetsNoConfigMap) {
  namespaces["shop"]->meta.deleting = true;
  EXPECT_THAT(Stale(), IsEmpty());
  EXPECT_TRUE(reconciler_.Reconcile("shop").status.ok());
  namespaces.clear();
  EXPECT_THAT(Stale(), IsEmpty());
  EXPECT_TRUE(reconciler_.Reconcile("shop").status.ok());
  EXPECT_THAT(fake.writes, IsEmpty());
}

TEST_F(SidecarConfigReconcilerTest, ANamespaceOfWhichTheServerKnowsMoreThanWeIsNoError) {
  fake.fail[Path("shop")] = 403;
  fake.fail_body = R"({"reason":"Forbidden","message":"configmaps \"telltale-sidecar\" is )"
                   R"(forbidden: unable to create new content in namespace shop because it )"
                   R"(is being terminated"})";
  EXPECT_TRUE(reconciler_.Reconcile("shop").status.ok());
  fake.fail[Path("shop")] = 404;
  EXPECT_TRUE(reconciler_.Reconcile("shop").status.ok());
  fake.fail[Path("shop")] = 409;
  EXPECT_TRUE(reconciler_.Reconcile("shop").status.ok());
  clock.Advance(OwnWrites::kRest);
  fake.fail_body = "{}";
  fake.fail[Path("shop")] = 403;
  EXPECT_FALSE(reconciler_.Reconcile("shop").status.ok());
}

TEST_F(SidecarConfigReconcilerTest, AFailedWriteIsAnErrorAndIsCounted) {
  fake.fail[Path("shop")] = 500;
  EXPECT_FALSE(reconciler_.Reconcile("shop").status.ok());
  std::string page;
  registry.Render(page);
  EXPECT_THAT(page,
              HasSubstr("telltale_writes_total{kind=\"sidecar-config\",result=\"error\"} 1\n"));
  EXPECT_THAT(page,
              HasSubstr("telltale_writes_total{kind=\"sidecar-config\",result=\"success\"} 0\n"));
  fake.fail.clear();
  EXPECT_TRUE(reconciler_.Reconcile("shop").status.ok());
  EXPECT_TRUE(fake.objects.contains(Path("shop")));
}

}  // namespace
}  // namespace telltale
