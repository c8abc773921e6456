// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/status_reconciler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/whole_plan.h"
#include "tests/unit/operator/reconcile/held_world.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class StatusReconcilerTest : public ::testing::Test, protected HeldWorld {
 protected:
  StatusReconcilerTest() {
    auto& target = PutTarget("shop", "shop");
    target.sidecar.reset();
    target.metrics.emplace();
    target.metrics->endpoints.emplace_back().port.number = 80;
  }
  void PutPod(const std::string& name) {
    auto pod = std::make_shared<Pod>();
    pod->meta.ns = "shop";
    pod->meta.name = name;
    pod->meta.uid = "uid-" + name;
    pod->phase = "Running";
    pod->ip = "10.0.0.1";
    pod->containers.emplace_back().name = "shop";
    pods_.push_back(pod);
  }
  std::optional<MatchedPods> Matched(const std::string& key) {
    ++computed_;
    clock.Advance(computing_);
    const auto found = targets.find(key);
    if (found == targets.end()) return std::nullopt;
    return MatchedPods{found->second, ViewsOf(pods_), {}};
  }
  ReconcileResult Reconcile() { return reconciler_.Reconcile("shop/shop"); }
  // What the watch brings back of our write.
  void See() {
    const std::string& body = fake.objects.at(kPath);
    const auto at = body.find("\"status\":") + 9;
    targets["shop/shop"]->status_json = body.substr(at, body.size() - at - 1);
    targets["shop/shop"]->meta.resource_version = std::to_string(++version);
  }
  void SetView(ScrapeState state, int pods) {
    auto view = std::make_shared<PrometheusView>();
    view->known = true;
    for (int i = 0; i < pods; ++i) {
      view->Add("shop/shop", "uid-" + std::to_string(i), "0", "shop", state, "refused");
    }
    view->Seal();
    view_.Set(std::move(view));
  }

  static constexpr const char* kPath =
      "/apis/telltale.dev/v1alpha1/namespaces/shop/monitoringtargets/shop/status";
  int computed_ = 0;
  milliseconds computing_{0};
  std::vector<std::shared_ptr<const Pod>> pods_;
  Published<PrometheusView> view_;
  std::vector<std::string> turned_;
  StatusReconciler MakeReconciler(bool asks_prometheus = false) {
    return StatusReconciler(
        {.matched = [this](const std::string& key) { return Matched(key); },
         .all_keys = [] { return std::vector<std::string>{"shop/shop"}; },
         .view = view_,
         .asks_prometheus = asks_prometheus,
         .trusted_namespaces = {}},
        api,
        [this](const StatusTransition& transition) {
          const auto& change = transition.change;
          turned_.push_back(transition.target.meta.Key() + " " + change.type + " " +
                            change.old_status + ">" + change.status + " " + change.reason);
        },
        registry, clock);
  }
  StatusReconciler reconciler_ = MakeReconciler();
};

TEST_F(StatusReconcilerTest, WritesTheStatusWithTheUidAsAPreconditionAndThenNothingMore) {
  EXPECT_TRUE(Reconcile().status.ok());
  EXPECT_THAT(fake.objects[kPath], HasSubstr("NoPodsMatched"));
  EXPECT_THAT(fake.objects[kPath], HasSubstr(R"("uid":"uid-shop")"));
  See();
  for (int i = 0; i < 3; ++i) {
    clock.Advance(std::chrono::minutes(20));
    const auto result = Reconcile();
    EXPECT_TRUE(result.status.ok());
    EXPECT_EQ(result.requeue_after, std::chrono::minutes(10));
  }
  EXPECT_EQ(Writes(kPath), 1);
}

TEST_F(StatusReconcilerTest, DoesNotWriteOrTellTwiceBeforeItsWriteIsSeen) {
  Reconcile();
  const auto told = turned_.size();
  EXPECT_GT(told, 0u);
  clock.Advance(milliseconds(900));
  EXPECT_GT(Reconcile().requeue_after.count(), 0);
  EXPECT_EQ(Writes(kPath), 1);
  EXPECT_EQ(turned_.size(), told);
  clock.Advance(seconds(6));  // an event that never comes
  Reconcile();
  EXPECT_EQ(Writes(kPath), 2);
}

TEST_F(StatusReconcilerTest, CountsAreWrittenAtMostEveryFiveSeconds) {
  SetView(ScrapeState::kUp, 100);
  PutPod("0");
  Reconcile();
  See();
  for (int i = 1; i <= 50; ++i) {  // a rollout: ten pods a second
    PutPod(std::to_string(i));
    const auto result = Reconcile();
    ASSERT_TRUE(result.status.ok());
    if (result.requeue_after > seconds(10)) See();
    clock.Advance(milliseconds(100));
  }
  EXPECT_LE(Writes(kPath), 2);
  clock.Advance(seconds(5));
  Reconcile();
  EXPECT_THAT(fake.objects[kPath], HasSubstr(R"("matched":51)"));
}

TEST_F(StatusReconcilerTest, AConditionThatTurnsIsWrittenSoonAndTold) {
  SetView(ScrapeState::kUp, 1);
  PutPod("0");
  Reconcile();
  See();
  EXPECT_THAT(turned_, Contains("shop/shop Ready >True Ready"));
  turned_.clear();
  clock.Advance(milliseconds(500));
  SetView(ScrapeState::kDown, 1);
  Reconcile();
  EXPECT_EQ(Writes(kPath), 2);
  EXPECT_THAT(turned_, ElementsAre("shop/shop Ready True>False ScrapeFailed"));
}

// Ten pods a second in each of a hundred resources, whose status takes ten milliseconds.
TEST_F(StatusReconcilerTest, ComputingTakesATwentiethOfTheTimeHoweverOftenItIsAskedFor) {
  computing_ = milliseconds(10);
  for (int i = 0; i < 100; ++i) PutTarget("shop", std::to_string(i));
  const auto round = [&] {
    for (int i = 0; i < 100; ++i) reconciler_.Reconcile("shop/" + std::to_string(i));
  };
  round();
  EXPECT_EQ(computed_, 100);
  const SteadyTime began = clock.Steady();
  for (int i = 0; i < 1'200; ++i) {
    clock.Advance(milliseconds(100));
    round();
  }
  const auto passed = std::chrono::duration<double>(clock.Steady() - began).count();
  EXPECT_GE(computed_, 500);
  // A twentieth of the time is 20 s for the hundred of them.
  EXPECT_LE(computed_, 100 + 100 * (passed / 20 + 1));
}

// However little it costs: what it leads to is a write.
TEST_F(StatusReconcilerTest, ThousandResourcesAreLookedAtEveryTwentySecondsAndThreeAtOnce) {
  for (int i = 0; i < 1'000; ++i) {
    const std::string key = "shop/" + std::to_string(i);
    PutTarget("shop", std::to_string(i));
    reconciler_.Reconcile(key);
    if (i < 3) {
      EXPECT_EQ(reconciler_.MustWait(key), milliseconds(0));
    }
  }
  EXPECT_EQ(computed_, 1'000);
  EXPECT_EQ(reconciler_.MustWait("shop/0"), seconds(20));
  EXPECT_EQ(reconciler_.Reconcile("shop/0").requeue_after, seconds(20));
  EXPECT_EQ(computed_, 1'000);
  clock.Advance(seconds(20));
  EXPECT_EQ(reconciler_.MustWait("shop/0"), milliseconds(0));
}

TEST_F(StatusReconcilerTest, ARestartTellsNothingAgain) {
  SetView(ScrapeState::kUp, 1);
  PutPod("0");
  Reconcile();
  See();
  turned_.clear();
  StatusReconciler restarted = MakeReconciler();
  restarted.Reconcile("shop/shop");
  EXPECT_THAT(turned_, IsEmpty());
  EXPECT_EQ(Writes(kPath), 1);
}

TEST_F(StatusReconcilerTest, ARestartDoesNotTurnEverythingToUnknownBeforePrometheusWasAsked) {
  StatusReconciler restarted = MakeReconciler(true);
  EXPECT_GT(restarted.Reconcile("shop/shop").requeue_after.count(), 0);
  EXPECT_THAT(fake.writes, IsEmpty());
  view_.Set(std::make_shared<PrometheusView>());  // it was, and did not answer
  restarted.Reconcile("shop/shop");
  EXPECT_EQ(Writes(kPath), 1);
}

TEST_F(StatusReconcilerTest, ANewGenerationIsObservedSoon) {
  Reconcile();
  See();
  clock.Advance(milliseconds(500));
  targets["shop/shop"]->meta.generation = 2;
  Reconcile();
  EXPECT_THAT(fake.objects[kPath], HasSubstr(R"("observedGeneration":2)"));
}

TEST_F(StatusReconcilerTest, AStatusThatSomebodyEditedIsPutRight) {
  Reconcile();
  See();
  clock.Advance(seconds(5));
  targets["shop/shop"]->status_json = R"({"conditions":[]})";
  Reconcile();
  EXPECT_EQ(Writes(kPath), 2);
}

TEST_F(StatusReconcilerTest, WhatAnotherManagerPutsIntoTheStatusIsLeftAloneAndStopsNothing) {
  Reconcile();
  See();
  clock.Advance(seconds(10));
  std::string& status = targets["shop/shop"]->status_json;
  status.insert(1, R"("config":{"hash":"x"},)");
  const std::string conditions = R"("conditions":[)";
  status.insert(status.find(conditions) + conditions.size(),
                R"({"type":"Theirs","status":"True"},)");
  Reconcile();
  EXPECT_EQ(Writes(kPath), 1);
}

TEST_F(StatusReconcilerTest, AResourceThatIsDeletedOrMadeAnewMeanwhileIsNoError) {
  fake.fail[kPath] = 404;
  const auto not_found = Reconcile();
  EXPECT_TRUE(not_found.status.ok());
  EXPECT_GE(not_found.requeue_after, seconds(10));  // in case it is there all the same
  EXPECT_LE(not_found.requeue_after, seconds(60));
  clock.Advance(not_found.requeue_after);
  fake.fail[kPath] = 409;
  const auto conflict = Reconcile();
  EXPECT_TRUE(conflict.status.ok());
  EXPECT_GE(conflict.requeue_after, seconds(10)) << "its event comes sooner, if there is one";
  EXPECT_LE(conflict.requeue_after, seconds(60));
  EXPECT_THAT(turned_, IsEmpty());
  fake.writes.clear();
  targets["shop/shop"]->meta.deleting = true;
  EXPECT_TRUE(Reconcile().status.ok());
  targets.clear();
  const auto gone = Reconcile();
  EXPECT_TRUE(gone.status.ok());
  EXPECT_EQ(gone.requeue_after.count(), 0);
  EXPECT_THAT(fake.writes, IsEmpty());
}

TEST_F(StatusReconcilerTest, AFailedWriteIsAnErrorTellsNothingAndIsCounted) {
  fake.fail[kPath] = 500;
  EXPECT_FALSE(Reconcile().status.ok());
  EXPECT_THAT(turned_, IsEmpty());
  std::string page;
  registry.Render(page);
  EXPECT_THAT(page, HasSubstr("telltale_writes_total{kind=\"status\",result=\"error\"} 1\n"));
  fake.fail.clear();
  EXPECT_TRUE(Reconcile().status.ok());
  EXPECT_THAT(turned_, Not(IsEmpty()));
}

TEST(TargetsConcernedTest, AreThoseWithReportsAndThoseWhoShareTheSidecars) {
  HeldWorld held;
  for (const char* name : {"a", "b"}) held.PutNamespace(name);
  held.PutTarget("a", "reported").sidecar.reset();
  held.PutTarget("a", "shares");
  held.PutTarget("a", "neither").sidecar.reset();
  held.PutTarget("b", "elsewhere");
  auto& wide = held.PutTarget("trusted", "wide");
  wide.namespaces.emplace();
  wide.namespaces->any = true;
  ReportChanges changes;
  changes.targets = {"a/reported", "gone/gone"};
  EXPECT_THAT(TargetsConcerned(changes, held.Snapshot()), ElementsAre("a/reported"));
  changes.sidecars = {"a"};
  EXPECT_THAT(TargetsConcerned(changes, held.Snapshot()),
              ElementsAre("a/reported", "a/shares", "trusted/wide"));
  changes.all = true;
  EXPECT_EQ(TargetsConcerned(changes, held.Snapshot()).size(), 5u);
}

// The queue, the controller and the pace of many keys, which each wait in their own way.
class FailingStatusTest : public StatusReconcilerTest {
 protected:
  FailingStatusTest() {
    for (int i = 0; i < 20; ++i) {
      const std::string name = "other-" + std::to_string(i);
      PutTarget("shop", name);
      keys_.push_back("shop/" + name);
    }
    controller_.Open();
    fake.fail[kPath] = 422;  // as for an admission policy
  }
  // Runs for a time of the clock; an event comes for every key every 100 ms.
  void Run(seconds time) {
    const SteadyTime end = clock.Steady() + time;
    while (clock.Steady() < end) {
      for (const auto& key : keys_) controller_.queue().Add(key);
      while (controller_.ProcessOne()) {
      }
      clock.Advance(milliseconds(100));
    }
  }
  std::vector<std::string> keys_ = {"shop/shop"};
  Controller controller_{{.name = "status", .workers = 1, .all_keys = [this] { return keys_; }},
                         [this](const std::string& key) { return reconciler_.Reconcile(key); },
                         registry,
                         clock};
};

TEST_F(FailingStatusTest, AWriteThatIsRefusedForEverIsTriedLessAndLessOften) {
  Run(seconds(20));
  const long early = Writes(kPath);
  EXPECT_GE(early, 8);
  EXPECT_LE(early, 16);  // 5 ms, doubled each time
  Run(seconds(300));
  EXPECT_LE(Writes(kPath) - early, 12);  // at most each 30 s, from when it is that long
  EXPECT_GE(Writes(kPath) - early, 9);
}

TEST_F(FailingStatusTest, AConflictOrNotFoundThatLastsIsTriedEachHalfMinuteAndCounted) {
  for (const int code : {409, 404}) {
    const std::string name = "shop/lasting-" + std::to_string(code);
    PutTarget("shop", name.substr(5));
    keys_.push_back(name);
    const std::string path = "/apis/telltale.dev/v1alpha1/namespaces/shop/monitoringtargets/" +
                             name.substr(5) + "/status";
    fake.fail.clear();
    fake.fail[path] = code;
    Run(seconds(300));
    EXPECT_GE(Writes(path), 8) << code;
    EXPECT_LE(Writes(path), 12) << code;
    std::string page;
    registry.Render(page);
    EXPECT_THAT(page,
                Not(HasSubstr("telltale_writes_total{kind=\"status\",result=\"error\"} 0\n")));
    const long refused = Writes(path);
    targets[name]->meta.generation = 9;  // an edit is tried at once
    Run(seconds(2));
    EXPECT_EQ(Writes(path), refused + 1) << code;
    fake.fail.clear();
    Run(seconds(35));
    EXPECT_GT(Writes(path), refused + 1) << code;
  }
}

TEST_F(FailingStatusTest, AfterASuccessTheNextFailureIsTriedSoonAgain) {
  Run(seconds(100));
  fake.fail.clear();
  Run(seconds(60));
  See();
  fake.fail[kPath] = 422;
  targets["shop/shop"]->meta.generation = 7;
  const long before = Writes(kPath);
  Run(seconds(10));
  EXPECT_GE(Writes(kPath) - before, 5);
}

TEST_F(StatusReconcilerTest, WhatAnotherReplicaSawDeletedIsForgottenWhenATermBegins) {
  const std::string path =
      "/apis/telltale.dev/v1alpha1/namespaces/shop/monitoringtargets/gone/status";
  PutTarget("shop", "gone");
  reconciler_.Reconcile("shop/gone");
  reconciler_.Reconcile("shop/gone");
  EXPECT_EQ(Writes(path), 1);  // the watch has not echoed it
  reconciler_.AllKeys();       // which names shop/shop alone
  reconciler_.Reconcile("shop/gone");
  EXPECT_EQ(Writes(path), 2);
}

}  // namespace
}  // namespace telltale
