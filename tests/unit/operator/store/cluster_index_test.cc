// SPDX-License-Identifier: Apache-2.0
#include "operator/store/cluster_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/cluster_events.h"
#include "tests/fakes/fake_clock.h"

namespace telltale {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Selecting(const std::string& key, const std::string& value) {
  return R"({"selector":{"matchLabels":{")" + key + R"(":")" + value +
         R"("}},"sidecar":{},"metrics":{"endpoints":[{"port":"http"}]}})";
}

class ClusterIndexTest : public ::testing::Test {
 protected:
  ReflectorSink& pods() { return index_.pod_sink(); }
  ReflectorSink& targets() { return index_.target_sink(); }
  ReflectorSink& namespaces() { return index_.namespace_sink(); }

  std::vector<std::string> MatchedBy(const std::string& key) {
    std::vector<std::string> names;
    const auto matched = index_.Matched(key);
    if (!matched) return {"no such target"};
    for (const auto& pod : matched->pods) names.push_back(pod.Key());
    return names;
  }
  std::vector<std::string> ChangedTargets() {
    std::vector<std::string> keys;
    for (const auto& change : index_.TakeChanges().targets) keys.push_back(change.key);
    return keys;
  }

  FakeClock clock_;
  ClusterIndex index_{{"infra"}, clock_};
};

TEST_F(ClusterIndexTest, TheClustersNameIsALabelOfTheStreamsThatAreAskedFor) {
  ClusterIndex named({"infra"}, clock_);
  named.UseCluster("east");
  for (auto* index : {&named, &index_}) {
    Send(index->target_sink(), TargetJson("shop", "web", R"({"selector":{"matchAll":true},
           "logs":{"source":"Stdout","labels":{"team":"a"}}})"));
    Send(index->target_sink(), TargetJson("shop", "zz", Selecting("app", "web")));
  }
  EXPECT_EQ(named.Snapshot().targets[0]->logs->labels,
            (Labels{{"cluster", "east"}, {"team", "a"}}));
  EXPECT_EQ(index_.Snapshot().targets[0]->logs->labels, (Labels{{"team", "a"}}));
  EXPECT_FALSE(named.Snapshot().targets[1]->logs);
}

TEST_F(ClusterIndexTest, IsSyncedWhenEveryKindWasReplaced) {
  SendEmpty(pods());
  SendEmpty(targets());
  EXPECT_FALSE(index_.synced());
  namespaces().ReplaceBegin();
  namespaces().ReplaceAbort();
  EXPECT_FALSE(index_.synced());
  SendEmpty(namespaces());
  EXPECT_TRUE(index_.synced());
}

TEST_F(ClusterIndexTest, APodsEventTouchesOnlyTargetsThatCanMatchIt) {
  for (int i = 0; i < 1'000; ++i) {
    const std::string n = std::to_string(i);
    Send(targets(), TargetJson("ns-" + n, "by-namespace", R"({"selector":{"matchAll":true}})"));
    Send(targets(), TargetJson("shop", "by-label-" + n, Selecting("app", "app-" + n)));
  }
  PodSpec pod;
  pod.labels = {{"app", "app-7"}, {"tier", "web"}};
  const auto before = index_.sizes().evaluations;
  Send(pods(), PodJson(pod));
  EXPECT_EQ(index_.sizes().evaluations - before, 1u);
  EXPECT_THAT(MatchedBy("shop/by-label-7"), ElementsAre("shop/shop-1"));
  // Its brothers, and what happens to it later, are evaluated no more.
  for (int i = 2; i < 50; ++i) {
    pod.name = "shop-" + std::to_string(i);
    Send(pods(), PodJson(pod));
    pod.ip = "10.0.1." + std::to_string(i);
    Send(pods(), PodJson(pod));
  }
  EXPECT_EQ(index_.sizes().evaluations - before, 1u);
  EXPECT_EQ(index_.sizes().groups, 1u);
}

TEST_F(ClusterIndexTest, ATargetIsEvaluatedOnlyWithPodsThatHaveItsRarestLabel) {
  PodSpec pod;
  for (int i = 0; i < 500; ++i) {
    pod.name = "shop-" + std::to_string(i);
    pod.labels = {{"app", "app-" + std::to_string(i)}, {"env", "prod"}};
    Send(pods(), PodJson(pod));
  }
  const auto before = index_.sizes().evaluations;
  Send(targets(), TargetJson("shop", "one", R"({"selector":{"matchLabels":{"env":"prod",
      "app":"app-3"}},"metrics":{"endpoints":[{"port":"http"}]}})"));
  EXPECT_EQ(index_.sizes().evaluations - before, 1u);
  EXPECT_THAT(MatchedBy("shop/one"), ElementsAre("shop/shop-3"));
}

TEST_F(ClusterIndexTest, LabelsThatNearlyAllPodsHaveStillMatch) {
  PodSpec pod;
  for (int i = 0; i < 2'500; ++i) {
    pod.name = "shop-" + std::to_string(i);
    pod.labels = {{"env", "prod"}, {"pod", std::to_string(i)}};
    Send(pods(), PodJson(pod));
  }
  Send(targets(), TargetJson("shop", "all", Selecting("env", "prod")));
  Send(targets(), TargetJson("infra", "labelled", R"({"selector":{"matchLabels":{"env":"prod"}},
      "namespaceSelector":{"matchLabels":{"team":"x"}}})"));
  EXPECT_EQ(MatchedBy("shop/all").size(), 2'500u);
  EXPECT_THAT(MatchedBy("infra/labelled"), IsEmpty());
  Send(namespaces(), NamespaceJson("shop", {{"team", "x"}}));
  EXPECT_EQ(MatchedBy("infra/labelled").size(), 2'500u);
  for (int i = 0; i < 2'499; ++i) {
    pod.name = "shop-" + std::to_string(i);
    SendDeleted(pods(), PodJson(pod));
  }
  Send(targets(), TargetJson("shop", "late", Selecting("env", "prod")));
  for (const auto* key : {"shop/all", "infra/labelled", "shop/late"}) {
    EXPECT_THAT(MatchedBy(key), ElementsAre("shop/shop-2499"));
  }
}

TEST_F(ClusterIndexTest, OnlyTheTargetsOfAPodThatChangedAreToldAndOnce) {
  Send(targets(), TargetJson("shop", "a", Selecting("app", "a")));
  Send(targets(), TargetJson("shop", "b", Selecting("app", "b")));
  EXPECT_THAT(ChangedTargets(), ElementsAre("shop/a", "shop/b"));
  PodSpec pod;
  pod.labels = {{"app", "a"}};
  Send(pods(), PodJson(pod));
  pod.ip = "10.0.0.2";
  Send(pods(), PodJson(pod));
  const Changes changes = index_.TakeChanges();
  ASSERT_EQ(changes.targets.size(), 1u);
  ASSERT_EQ(changes.targets[0].pods.size(), 1u);
  EXPECT_TRUE(changes.targets[0].pods[0].present);
  EXPECT_TRUE(changes.targets[0].pods[0].owns_sidecar);
  EXPECT_EQ(changes.targets[0].pods[0].pod->ip(), "10.0.0.2");
  EXPECT_TRUE(index_.TakeChanges().empty());
}

TEST_F(ClusterIndexTest, APodThatIsRelabelledLeavesOneTargetAndComesToAnother) {
  Send(targets(), TargetJson("shop", "a", Selecting("app", "a")));
  Send(targets(), TargetJson("shop", "b", Selecting("app", "b")));
  PodSpec pod;
  pod.labels = {{"app", "a"}};
  Send(pods(), PodJson(pod));
  index_.TakeChanges();
  pod.labels = {{"app", "b"}};
  Send(pods(), PodJson(pod));
  EXPECT_THAT(MatchedBy("shop/a"), IsEmpty());
  EXPECT_THAT(MatchedBy("shop/b"), ElementsAre("shop/shop-1"));
  const Changes changes = index_.TakeChanges();
  ASSERT_EQ(changes.targets.size(), 2u);
  EXPECT_FALSE(changes.targets[0].pods[0].present);
  EXPECT_TRUE(changes.targets[1].pods[0].present);
}

TEST_F(ClusterIndexTest, FinishedPodsMatchNothingAndThoseThatWaitDo) {
  Send(targets(), TargetJson("shop", "all", R"({"selector":{"matchAll":true}})"));
  PodSpec pod;
  for (const auto* phase : {"Pending", "Running", "Succeeded", "Failed", "Unknown"}) {
    pod.name = pod.phase = phase;
    Send(pods(), PodJson(pod));
  }
  EXPECT_THAT(MatchedBy("shop/all"), ElementsAre("shop/Pending", "shop/Running", "shop/Unknown"));
  pod.name = "Running";
  pod.phase = "Failed";
  Send(pods(), PodJson(pod));
  EXPECT_THAT(MatchedBy("shop/all"), ElementsAre("shop/Pending", "shop/Unknown"));
  pod.phase = "Running";
  Send(pods(), PodJson(pod));
  EXPECT_THAT(MatchedBy("shop/all"), ElementsAre("shop/Pending", "shop/Running", "shop/Unknown"));
}

TEST_F(ClusterIndexTest, FinishedPodsAreCountedAndTheirCountIsToldToThoseWhoSelectThem) {
  Send(targets(), TargetJson("shop", "a", Selecting("app", "a")));
  Send(targets(), TargetJson("shop", "b", Selecting("app", "b")));
  index_.TakeChanges();
  PodSpec pod;
  pod.labels = {{"app", "a"}};
  pod.phase = "Succeeded";
  for (const auto* name : {"run-1", "run-2"}) {
    pod.name = name;
    Send(pods(), PodJson(pod));
    EXPECT_THAT(ChangedTargets(), ElementsAre("shop/a"));
  }
  pod.ns = "other";
  Send(pods(), PodJson(pod));
  EXPECT_THAT(ChangedTargets(), IsEmpty());
  EXPECT_EQ(index_.Matched("shop/a")->finished, 2u);
  EXPECT_EQ(index_.Matched("shop/b")->finished, 0u);
  pod.ns = "shop";
  pod.labels = {{"app", "b"}};
  Send(pods(), PodJson(pod));
  EXPECT_THAT(ChangedTargets(), ElementsAre("shop/a", "shop/b"));
  EXPECT_EQ(index_.Matched("shop/b")->finished, 1u);
  pod.name = "run-1";
  SendDeleted(pods(), PodJson(pod));
  EXPECT_THAT(ChangedTargets(), ElementsAre("shop/a"));
  EXPECT_EQ(index_.Matched("shop/a")->finished, 0u);
}

TEST_F(ClusterIndexTest, AFinishedPodThatIsDeletedCountsNoMoreAlsoWhileAFinalizerKeepsIt) {
  Send(targets(), TargetJson("shop", "a", Selecting("app", "a")));
  PodSpec pod;
  pod.labels = {{"app", "a"}};
  pod.phase = "Failed";
  for (const auto* name : {"run-1", "run-2"}) {
    pod.name = name;
    Send(pods(), PodJson(pod));
  }
  index_.TakeChanges();
  pod.deleting = true;
  Send(pods(), PodJson(pod));
  EXPECT_THAT(ChangedTargets(), ElementsAre("shop/a"));
  EXPECT_EQ(index_.Matched("shop/a")->finished, 1u);
}

TEST_F(ClusterIndexTest, FinishedPodsOfANamespaceAreCountedAnewWhenItsLabelsChange) {
  const std::string chosen = R"("namespaceSelector":{"matchLabels":{"team":"NAME"}}})";
  for (const std::string name : {"red", "blue"}) {
    std::string spec = R"({"selector":{"matchLabels":{"app":"a"}},)" + chosen;
    spec.replace(spec.find("NAME"), 4, name);
    Send(targets(), TargetJson("infra", name, spec));
  }
  Send(namespaces(), NamespaceJson("shop", {{"team", "red"}}));
  Send(namespaces(), NamespaceJson("other", {{"team", "green"}}));
  PodSpec pod;
  pod.labels = {{"app", "a"}};
  pod.phase = "Succeeded";
  Send(pods(), PodJson(pod));
  index_.TakeChanges();
  Send(namespaces(), NamespaceJson("shop", {{"team", "blue"}}));
  EXPECT_THAT(ChangedTargets(), ElementsAre("infra/blue", "infra/red"));
  EXPECT_EQ(index_.Matched("infra/red")->finished, 0u);
  EXPECT_EQ(index_.Matched("infra/blue")->finished, 1u);
  SendDeleted(namespaces(), NamespaceJson("shop", {{"team", "blue"}}));
  EXPECT_THAT(ChangedTargets(), ElementsAre("infra/blue"));
}

TEST_F(ClusterIndexTest, ThatAJobsPodHasFinishedIsKnownAfterItIsGone) {
  Send(targets(), TargetJson("shop", "a", Selecting("app", "a")));
  Send(targets(), TargetJson("shop", "b", Selecting("app", "b")));
  PodSpec pod;
  pod.labels = {{"app", "b"}};
  pod.phase = "Succeeded";
  Send(pods(), PodJson(pod));
  SendDeleted(pods(), PodJson(pod));
  EXPECT_FALSE(index_.Matched("shop/b")->runs_jobs) << "as the pods of a Deployment that is scaled";
  pod.labels = {{"app", "a"}, {"job-name", "nightly-1"}};
  Send(pods(), PodJson(pod));
  SendDeleted(pods(), PodJson(pod));
  EXPECT_EQ(index_.Matched("shop/a")->finished, 0u);
  EXPECT_TRUE(index_.Matched("shop/a")->runs_jobs);
  EXPECT_FALSE(index_.Matched("shop/b")->runs_jobs);
  Send(targets(), TargetJson("shop", "a", Selecting("app", "c")));
  EXPECT_FALSE(index_.Matched("shop/a")->runs_jobs) << "it is about other pods now";
}

TEST_F(ClusterIndexTest, AReplacementTakesEffectAtItsEndAndWhatIsMissingIsGone) {
  Send(targets(), TargetJson("shop", "all", R"({"selector":{"matchAll":true}})"));
  Send(pods(), PodJson({"shop", "old"}));
  Send(pods(), PodJson({"shop", "stays"}));
  index_.TakeChanges();
  pods().ReplaceBegin();
  Send(pods(), PodJson({"shop", "new"}));
  Send(pods(), PodJson({"shop", "stays"}));
  Send(pods(), PodJson({"shop", "passing"}));
  SendDeleted(pods(), PodJson({"shop", "passing"}));
  EXPECT_THAT(MatchedBy("shop/all"), ElementsAre("shop/old", "shop/stays"));
  EXPECT_TRUE(index_.TakeChanges().empty());
  pods().ReplaceEnd();
  EXPECT_THAT(MatchedBy("shop/all"), ElementsAre("shop/new", "shop/stays"));
  const Changes changes = index_.TakeChanges();
  ASSERT_EQ(changes.targets.size(), 1u);
  EXPECT_EQ(changes.targets[0].pods.size(), 2u);  // not the one that stays
}

TEST_F(ClusterIndexTest, AnAbortedReplacementLeavesEverythingAsItWas) {
  Send(targets(), TargetJson("shop", "all", R"({"selector":{"matchAll":true}})"));
  Send(pods(), PodJson({"shop", "old"}));
  index_.TakeChanges();
  for (auto* sink : {&pods(), &targets()}) {
    sink->ReplaceBegin();
    sink->ReplaceAbort();
  }
  EXPECT_THAT(MatchedBy("shop/all"), ElementsAre("shop/old"));
  EXPECT_TRUE(index_.TakeChanges().empty());
  Send(pods(), PodJson({"shop", "after"}));
  EXPECT_THAT(MatchedBy("shop/all"), ElementsAre("shop/after", "shop/old"));
}

TEST_F(ClusterIndexTest, APodThatDoesNotDecodeIsNotKeptAsItOnceWas) {
  Send(targets(), TargetJson("shop", "all", R"({"selector":{"matchAll":true}})"));
  Send(pods(), PodJson({}));
  EXPECT_EQ(Send(pods(), R"({"metadata":{"name":"shop-1","namespace":"shop","resourceVersion":"9"},
      "spec":{"containers":7}})"),
            "9");
  EXPECT_THAT(MatchedBy("shop/all"), IsEmpty());
}

TEST_F(ClusterIndexTest, ATargetWithABrokenPartStandsThereWithWhatIsWrong) {
  Send(targets(), TargetJson("shop", "t", R"({"selector":{"matchAll":true},"metrics":7})"));
  ASSERT_NE(index_.Target("shop/t"), nullptr);
  EXPECT_FALSE(index_.Target("shop/t")->invalid.empty());
}

TEST_F(ClusterIndexTest, AMistakeIsLoggedOnceAndNotWithEachEventOfItsTarget) {
  const auto logged = [&](const std::string& spec) {
    testing::internal::CaptureStderr();
    Send(targets(), TargetJson("shop", "t", spec));
    return testing::internal::GetCapturedStderr();
  };
  const std::string wrong = R"({"selector":{"matchAll":true},"metrics":7})";
  EXPECT_THAT(logged(wrong),
              testing::AllOf(testing::HasSubstr("shop/t"), testing::HasSubstr("spec.metrics")));
  EXPECT_EQ(logged(wrong), "") << "as when the status was written";
  targets().ReplaceBegin();
  EXPECT_EQ(logged(wrong), "") << "as when everything is read again";
  targets().ReplaceEnd();
  EXPECT_NE(logged(R"({"selector":{"matchAll":true},"logs":7})"), "") << "another mistake";
  EXPECT_EQ(logged(R"({"selector":{"matchAll":true}})"), "");
}

TEST_F(ClusterIndexTest, TheSidecarBelongsToTheFirstTargetThatWantsOne) {
  PodSpec pod;
  pod.sidecar = true;
  Send(pods(), PodJson(pod));
  Send(targets(), TargetJson("shop", "b", Selecting("app", "shop")));
  EXPECT_TRUE(index_.TakeChanges().targets[0].pods[0].owns_sidecar);
  Send(targets(), TargetJson("shop", "a", Selecting("app", "shop")));
  Changes changes = index_.TakeChanges();
  ASSERT_EQ(changes.targets.size(), 2u);
  EXPECT_TRUE(changes.targets[0].pods[0].owns_sidecar);
  EXPECT_FALSE(changes.targets[1].pods[0].owns_sidecar);
  SendDeleted(targets(), TargetJson("shop", "a", "{}"));
  changes = index_.TakeChanges();
  ASSERT_EQ(changes.targets.size(), 2u);
  EXPECT_EQ(changes.targets[0].target, nullptr);
  EXPECT_TRUE(changes.targets[1].pods[0].owns_sidecar);
}

TEST_F(ClusterIndexTest, ChangesThatNobodyTakesDoNotPileUp) {
  Send(targets(), TargetJson("shop", "all", R"({"selector":{"matchAll":true}})"));
  index_.TakeChanges();
  PodSpec pod;
  for (int i = 0; i < 5'000; ++i) {
    pod.ip = "10.0." + std::to_string(i / 200) + "." + std::to_string(i % 200);
    Send(pods(), PodJson(pod));
  }
  const Changes changes = index_.TakeChanges();
  EXPECT_TRUE(changes.targets[0].whole);
  EXPECT_EQ(changes.targets[0].pods.size(), 1u);
}

TEST_F(ClusterIndexTest, TellsOfChangesAndOfObjects) {
  int changes = 0;
  std::vector<std::string> objects;
  index_.OnChange([&] { ++changes; });
  index_.OnObject([&](ClusterIndex::Kind, const std::string& key, ClusterIndex::Change) {
    objects.push_back(key);
  });
  Send(targets(), TargetJson("shop", "t", Selecting("app", "shop")));
  Send(namespaces(), NamespaceJson("shop"));
  EXPECT_EQ(changes, 1);
  EXPECT_THAT(objects, ElementsAre("shop/t", "shop"));
  Send(pods(), PodJson({}));
  Send(pods(), PodJson({}));
  EXPECT_EQ(changes, 2);
  PodSpec stranger;
  stranger.labels = {};
  stranger.name = "stranger";
  Send(pods(), PodJson(stranger));
  EXPECT_EQ(changes, 2);
  SendDeleted(targets(), TargetJson("shop", "t", "{}"));
  EXPECT_EQ(changes, 3);
  EXPECT_THAT(objects, ElementsAre("shop/t", "shop", "shop/t"));
}

TEST_F(ClusterIndexTest, TellsWhetherATargetAsksForSomethingElseOrOnlyItsStatusChanged) {
  std::vector<std::string> told;
  index_.OnObject([&](ClusterIndex::Kind, const std::string& key, ClusterIndex::Change change) {
    told.push_back(key + (change == ClusterIndex::Change::kContent ? " content" : " status"));
  });
  const auto expect_told = [&](std::vector<std::string> wanted) {
    EXPECT_EQ(told, wanted);
    told.clear();
  };
  const std::string json = TargetJson("shop", "t", Selecting("app", "shop"));
  std::string with_status = json;
  with_status.insert(1, R"("status":{"observedGeneration":1},)");
  Send(targets(), json);
  Send(targets(), with_status);
  expect_told({"shop/t content", "shop/t status"});
  // Another one of this name and of the same content.
  Send(targets(), TargetJson("shop", "t", Selecting("app", "shop"), "made-anew"));
  Send(targets(), TargetJson("shop", "t", Selecting("app", "cart"), "made-anew"));
  expect_told({"shop/t content", "shop/t content"});
  Send(targets(), json);
  told.clear();
  targets().ReplaceBegin();
  Send(targets(), with_status);
  Send(targets(), TargetJson("shop", "new", Selecting("app", "shop")));
  targets().ReplaceEnd();
  expect_told({"shop/new content", "shop/t status"});
  SendEmpty(targets());
  expect_told({"shop/new content", "shop/t content"});
  SendDeleted(targets(), json);
  expect_told({"shop/t status"});
  Send(targets(), json);
  SendDeleted(targets(), json);
  expect_told({"shop/t content", "shop/t content"});
  // Whether it lives is not in its labels.
  Send(namespaces(), NamespaceJson("shop"));
  Send(namespaces(), NamespaceJson("shop"));
  expect_told({"shop content", "shop content"});
}

TEST_F(ClusterIndexTest, ANamespaceMayTakeAllItsPodsOutOfInjection) {
  Send(namespaces(), NamespaceJson("shop", {{"telltale.dev/inject", "false"}}));
  Send(namespaces(), NamespaceJson("other", {{"telltale.dev/inject", "true"}}));
  for (const auto* ns : {"shop", "other"}) {
    Send(targets(), TargetJson(ns, "t", R"({"selector":{"matchAll":true},"sidecar":{}})"));
    Send(pods(), PodJson({.ns = ns}));
  }
  EXPECT_TRUE(index_.OptedOut("shop"));
  EXPECT_TRUE(index_.Matched("shop/t")->pods.at(0).opted_out);
  EXPECT_FALSE(index_.OptedOut("other"));
  EXPECT_FALSE(index_.Matched("other/t")->pods.at(0).opted_out);
  EXPECT_FALSE(index_.OptedOut("nowhere"));
}

TEST_F(ClusterIndexTest, OpenShiftSaysOfANamespaceThatItAssignsUsers) {
  Send(namespaces(), R"({"metadata":{"name":"shop","annotations":{"a":"b",)"
                     R"("openshift.io/sa.scc.uid-range":"1000680000/10000"}}})");
  Send(namespaces(), NamespaceJson("other"));
  EXPECT_TRUE(index_.AssignsUsers("shop"));
  EXPECT_FALSE(index_.AssignsUsers("other"));
}

TEST_F(ClusterIndexTest, ANamespaceLivesUntilItIsBeingDeleted) {
  EXPECT_FALSE(index_.NamespaceLives("shop"));
  Send(namespaces(), NamespaceJson("shop"));
  EXPECT_TRUE(index_.NamespaceLives("shop"));
  Send(namespaces(), R"({"metadata":{"name":"shop","deletionTimestamp":"2026-11-21T00:00:00Z"}})");
  EXPECT_FALSE(index_.NamespaceLives("shop"));
}

TEST_F(ClusterIndexTest, LetsGoOfWhatNoPodHoldsAnyMore) {
  PodSpec pod;
  for (int i = 0; i < 20'000; ++i) {
    pod.labels = {{"app", "x"}, {"hash", std::to_string(i)}};
    Send(pods(), PodJson(pod));
  }
  EXPECT_EQ(index_.sizes().groups, 1u);
  EXPECT_LT(index_.sizes().label_sets, 3'000u);
  EXPECT_LT(index_.sizes().strings, 3'000u);
}

}  // namespace
}  // namespace telltale
