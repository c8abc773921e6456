// SPDX-License-Identifier: Apache-2.0
//
// What a MonitoringTarget is told of the ConfigMaps that carry its configuration, through the
// reconcilers that write them.
#include "operator/reconcile/config_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "operator/reconcile/promtail_reconciler.h"
#include "operator/reconcile/sidecar_config_reconciler.h"
#include "tests/unit/operator/reconcile/held_world.h"

namespace telltale {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const std::string kQuota =
    R"({"message":"configmaps \"telltale-sidecar\" is forbidden: exceeded quota: q, )"
    R"(requested: count/configmaps=1, used: count/configmaps=1, limited: count/configmaps=1"})";

class ConfigReportTest : public ::testing::Test, protected HeldWorld {
 protected:
  ConfigReportTest() {
    outcomes_.OnChange([this](const std::string& key) { told_.insert(key); });
    for (const auto* ns : {"other", "shop", "telltale"}) PutNamespace(ns);
  }
  static std::string Path(const std::string& ns) {
    return "/api/v1/namespaces/" + ns + "/configmaps/telltale-sidecar";
  }
  // A target whose part has about `bytes` bytes, by default 36 KB.
  MonitoringTarget& PutLarge(const std::string& name, std::size_t bytes = 36'000,
                             const std::string& ns = "shop") {
    auto& target = PutTarget(ns, name);
    target.logs.emplace();
    target.logs->directory = "/l";
    target.logs->include = {std::string(bytes, 'x')};
    return target;
  }
  // Reconciles, and lets the watch bring what was written.
  ReconcileResult Settle(const std::string& ns = "shop") {
    clock.Advance(std::chrono::seconds(10));
    ReconcileResult result = sidecars_.Reconcile(ns);
    if (fake.objects.contains(Path(ns))) WatchWritten(held_, Path(ns));
    return result;
  }
  std::vector<std::string> Problems(const std::string& target) {
    std::vector<std::string> texts;
    for (const auto& problem : outcomes_.Of(target).problems) {
      texts.push_back(std::string(Info(problem.reason).code) + ": " + problem.message);
    }
    return texts;
  }
  std::optional<std::int64_t> Written(const std::string& target) {
    return outcomes_.Of(target).written;
  }
  int WithProblems() {
    int count = 0;
    for (const auto& [key, target] : targets) count += Problems(key).empty() ? 0 : 1;
    return count;
  }
  std::set<std::string> Told() { return std::exchange(told_, {}); }

  std::set<std::string> told_, stale_;
  ConfigOutcomes outcomes_;
  ConfigMapCache held_, promtail_held_;
  SidecarConfigReconciler sidecars_{{.loki_url = "http://loki:3100"},
                                    [this] { return Snapshot(); },
                                    held_,
                                    outcomes_,
                                    api,
                                    [this](const std::string& ns) { stale_.insert(ns); },
                                    registry,
                                    clock};
  PromtailReconciler promtail_{"telltale",
                               {"http://loki:3100"},
                               [this] { return Snapshot(); },
                               promtail_held_,
                               outcomes_,
                               api,
                               registry,
                               clock};
};

TEST_F(ConfigReportTest, ARefusedConfigMapIsToldToEachResourceOfTheNamespaceUntilItIsMended) {
  PutTarget("shop", "a");
  PutTarget("shop", "b");
  PutTarget("other", "c");
  fake.fail[Path("shop")] = 403;
  fake.fail_body = kQuota;
  EXPECT_FALSE(Settle("shop").status.ok());
  EXPECT_TRUE(Settle("other").status.ok());
  for (const auto* target : {"shop/a", "shop/b"}) {
    EXPECT_THAT(Problems(target),
                ElementsAre(AllOf(HasSubstr("ConfigNotWritten: ConfigMap shop/telltale-sidecar"),
                                  HasSubstr("exceeded quota: q"), HasSubstr("raise the quota"))));
    EXPECT_EQ(Written(target), 0);
  }
  EXPECT_THAT(Problems("other/c"), IsEmpty());
  EXPECT_EQ(Written("other/c"), 1);
  EXPECT_THAT(Told(), ElementsAre("other/c", "shop/a", "shop/b"));
  EXPECT_FALSE(Settle("shop").status.ok());
  EXPECT_THAT(Told(), IsEmpty()) << "nothing new";

  fake.fail.clear();  // the quota is raised
  EXPECT_TRUE(Settle("shop").status.ok());
  for (const auto* target : {"shop/a", "shop/b"}) {
    EXPECT_THAT(Problems(target), IsEmpty());
    EXPECT_EQ(Written(target), 1);
  }
  EXPECT_THAT(Told(), ElementsAre("shop/a", "shop/b"));
}

TEST_F(ConfigReportTest, AResourceWhoseConfigurationIsThereIsNotToldOfAnothersRefusedEdit) {
  PutTarget("shop", "a");
  PutTarget("shop", "b");
  Settle();
  targets["shop/a"]->meta.generation = 2;
  fake.fail[Path("shop")] = 422;
  Settle();
  EXPECT_THAT(Problems("shop/a"), SizeIs(1));
  EXPECT_EQ(Written("shop/a"), 1);
  EXPECT_THAT(Problems("shop/b"), IsEmpty());
  EXPECT_EQ(Written("shop/b"), 1);
  targets["shop/a"]->meta.generation = 1;  // taken back: what is there is right again
  Settle();
  EXPECT_THAT(Problems("shop/a"), IsEmpty());
}

TEST_F(ConfigReportTest, AServerThatCannotAnswerForAMomentIsNoProblem) {
  PutTarget("shop", "a");
  fake.fail[Path("shop")] = 503;
  sidecars_.Reconcile("shop");
  clock.Advance(std::chrono::seconds(9));
  sidecars_.Reconcile("shop");
  EXPECT_THAT(Problems("shop/a"), IsEmpty());
  EXPECT_EQ(Written("shop/a"), 0);
  clock.Advance(std::chrono::seconds(2));
  sidecars_.Reconcile("shop");
  EXPECT_THAT(Problems("shop/a"), SizeIs(1));
  fake.fail.clear();
  Settle();
  EXPECT_THAT(Problems("shop/a"), IsEmpty());
  fake.fail[Path("shop")] = 503;  // and the time begins anew
  targets["shop/a"]->meta.generation = 2;
  sidecars_.Reconcile("shop");
  EXPECT_THAT(Problems("shop/a"), IsEmpty());
}

TEST_F(ConfigReportTest, WhatDoesNotFitIsLeftOutAndToldAndStopsNothing) {
  for (int i = 10; i < 50; ++i) PutLarge("team-" + std::to_string(i));
  PutTarget("shop", "zz-small");
  EXPECT_TRUE(Settle().status.ok());
  EXPECT_LE(fake.objects[Path("shop")].size(), std::size_t{1} << 20);
  const int left_out = WithProblems();
  EXPECT_THAT(left_out, ::testing::AllOf(::testing::Ge(11), ::testing::Le(13)));
  EXPECT_THAT(Problems("shop/team-49"),
              ElementsAre(AllOf(HasSubstr("ConfigTooLarge: The configuration that this resource "
                                          "asks for has 36"),
                                HasSubstr("ConfigMap shop/telltale-sidecar"))));
  EXPECT_EQ(Written("shop/team-49"), 0);
  EXPECT_THAT(Problems("shop/zz-small"), IsEmpty());
  EXPECT_EQ(Written("shop/team-10"), 1);

  targets["shop/team-10"]->meta.generation = 2;
  Settle();
  EXPECT_EQ(Written("shop/team-10"), 2);
  EXPECT_EQ(WithProblems(), left_out) << "the same ones";
  stale_.clear();
  sidecars_.Reconcile(SidecarConfigReconciler::kAll);
  EXPECT_THAT(stale_, IsEmpty());

  for (int i = 10; i < 30; ++i) targets.erase("shop/team-" + std::to_string(i));
  Settle();
  EXPECT_EQ(WithProblems(), 0);
  EXPECT_EQ(Written("shop/team-49"), 1);
}

TEST_F(ConfigReportTest, OneThatIsTooLargeAloneStopsNoOtherOfItsNamespace) {
  PutLarge("a", 2'000'000);
  PutTarget("shop", "b");
  EXPECT_TRUE(Settle().status.ok());
  EXPECT_THAT(fake.objects[Path("shop")],
              AllOf(HasSubstr("shop.b.json"), Not(HasSubstr("shop.a.json"))));
  EXPECT_THAT(Problems("shop/a"), SizeIs(1));
  EXPECT_THAT(Problems("shop/b"), IsEmpty());
  targets["shop/a"]->logs->include = {"*.log"};
  targets["shop/a"]->meta.generation = 2;
  Settle();
  EXPECT_THAT(Problems("shop/a"), IsEmpty());
  EXPECT_EQ(Written("shop/a"), 2);
}

TEST_F(ConfigReportTest, WhatOthersKeepInTheConfigMapTakesRoom) {
  PutLarge("a", 600'000);
  PutTarget("shop", "b");
  Settle();
  EXPECT_THAT(Problems("shop/a"), IsEmpty());
  for (const std::string& theirs :
       {R"("data":{"note":")" + std::string(500'000, 'n') + "\"}",
        R"("binaryData":{"note":")" + std::string(800'000, 'n') + "\"}"}) {
    Watch(held_, R"({"metadata":{"namespace":"shop","name":"telltale-sidecar"},)" + theirs + "}");
    clock.Advance(std::chrono::seconds(10));
    EXPECT_TRUE(sidecars_.Reconcile("shop").status.ok());
    EXPECT_THAT(Problems("shop/a"), SizeIs(1)) << theirs.substr(0, 20);
    EXPECT_THAT(Problems("shop/b"), IsEmpty());
  }
}

TEST_F(ConfigReportTest, AReplicaThatBeginsToLeadTellsWhatIsThereWithoutAWrite) {
  PutTarget("shop", "a");
  PutLarge("b", 2'000'000);
  Settle();
  outcomes_.Clear();
  EXPECT_EQ(Written("shop/a"), std::nullopt);
  fake.writes.clear();
  sidecars_.Reconcile(SidecarConfigReconciler::kAll);
  EXPECT_THAT(fake.writes, IsEmpty());
  EXPECT_EQ(Written("shop/a"), 1);
  EXPECT_THAT(Problems("shop/b"), SizeIs(1));
}

TEST_F(ConfigReportTest, ANamespaceThatGoesOrThatAResourceNoLongerLooksIntoIsForgotten) {
  auto& wide = PutTarget("trusted", "wide");
  PutNamespace("trusted");
  wide.namespaces.emplace();
  wide.namespaces->names = {"other", "shop"};
  fake.fail[Path("shop")] = 403;
  fake.fail_body = kQuota;
  Settle("shop");
  Settle("other");
  EXPECT_THAT(Problems("trusted/wide"), SizeIs(1));
  EXPECT_EQ(Written("trusted/wide"), 0) << "not in both";
  namespaces["shop"]->meta.deleting = true;
  EXPECT_TRUE(sidecars_.Reconcile("shop").status.ok());
  EXPECT_THAT(Problems("trusted/wide"), IsEmpty());
  EXPECT_EQ(Written("trusted/wide"), 1);
  namespaces["shop"]->meta.deleting = false;
  Settle("shop");
  EXPECT_THAT(Problems("trusted/wide"), SizeIs(1));
  targets["trusted/wide"]->namespaces->names = {"other"};
  EXPECT_TRUE(sidecars_.Reconcile("shop").status.ok());
  EXPECT_THAT(Problems("trusted/wide"), IsEmpty());
}

class PromtailReportTest : public ConfigReportTest {
 protected:
  static constexpr const char* kPath = "/api/v1/namespaces/telltale/configmaps/telltale-promtail";
  MonitoringTarget& PutStdout(const std::string& ns, const std::string& name,
                              std::size_t bytes = 10) {
    auto& target = PutLarge(name, 0, ns);
    target.sidecar.reset();
    target.logs->source = LogsSpec::Source::kStdout;
    target.logs->collector = LogsSpec::Collector::kNode;
    target.logs->labels = {{"note", std::string(bytes, 'x')}};
    return target;
  }
  ReconcileResult SettlePromtail() {
    clock.Advance(std::chrono::seconds(10));
    ReconcileResult result = promtail_.Reconcile(PromtailReconciler::kKey);
    if (fake.objects.contains(kPath)) WatchWritten(promtail_held_, kPath);
    return result;
  }
};

TEST_F(PromtailReportTest, WhatDoesNotFitForPromtailIsLeftOutAndToldAndStopsNoOtherTenant) {
  PutStdout("shop", "hostile", 1'100'000);
  PutStdout("other", "modest");
  EXPECT_TRUE(SettlePromtail().status.ok());
  EXPECT_THAT(fake.objects[kPath], AllOf(HasSubstr("other/modest"), Not(HasSubstr("hostile"))));
  EXPECT_THAT(Problems("shop/hostile"),
              ElementsAre(AllOf(HasSubstr("ConfigTooLarge"),
                                HasSubstr("ConfigMap telltale/telltale-promtail"))));
  EXPECT_THAT(Problems("other/modest"), IsEmpty());
  EXPECT_EQ(Written("other/modest"), 1);
  targets["shop/hostile"]->logs->labels.clear();
  SettlePromtail();
  EXPECT_THAT(fake.objects[kPath], HasSubstr("shop/hostile"));
  EXPECT_THAT(Problems("shop/hostile"), IsEmpty());
}

TEST_F(PromtailReportTest, AThousandSmallResourcesFitAndThreeThousandAreCutToWhatFits) {
  for (int i = 1000; i < 2000; ++i) PutStdout("shop", "t" + std::to_string(i));
  EXPECT_TRUE(SettlePromtail().status.ok());
  EXPECT_EQ(WithProblems(), 0);
  for (int i = 2000; i < 4000; ++i) PutStdout("shop", "t" + std::to_string(i));
  EXPECT_TRUE(SettlePromtail().status.ok());
  const int left_out = WithProblems();
  EXPECT_GT(left_out, 100);
  EXPECT_LT(left_out, 2000);
  EXPECT_LE(fake.objects[kPath].size(), std::size_t{1'200'000}) << "with JSON's escapes";
}

TEST_F(PromtailReportTest, WhatPromtailWouldRefuseIsLeftOutAndToldAndStopsNoOtherTenant) {
  PutStdout("other", "good");
  auto& bad = PutStdout("shop", "bad");
  // No rule of the decoder knows such a stage: the file itself is checked.
  bad.logs->pipeline = {{PipelineStage::Kind::kTimestamp, {}}};
  EXPECT_TRUE(SettlePromtail().status.ok());
  EXPECT_THAT(fake.objects[kPath], AllOf(HasSubstr("other/good"), Not(HasSubstr("shop/bad"))));
  EXPECT_THAT(Problems("shop/bad"),
              ElementsAre("Invalid: spec.logs.pipeline[0].timestamp.format: is required."));
  EXPECT_EQ(Written("shop/bad"), 0);
  EXPECT_THAT(Problems("other/good"), IsEmpty());
  targets["shop/bad"]->logs->pipeline.clear();
  SettlePromtail();
  EXPECT_THAT(fake.objects[kPath], HasSubstr("shop/bad"));
  EXPECT_THAT(Problems("shop/bad"), IsEmpty());
}

TEST_F(PromtailReportTest, ARefusedConfigurationIsToldToThoseWhosePartOfItIsNotThere) {
  PutStdout("shop", "a");
  PutStdout("other", "b");
  SettlePromtail();
  targets["shop/a"]->logs->labels = {{"note", "other"}};
  targets["shop/a"]->meta.generation = 2;
  fake.fail[kPath] = 403;
  EXPECT_FALSE(SettlePromtail().status.ok());
  EXPECT_THAT(Problems("shop/a"), ElementsAre(HasSubstr("ConfigNotWritten")));
  EXPECT_EQ(Written("shop/a"), 1);
  EXPECT_THAT(Problems("other/b"), IsEmpty());
  fake.fail.clear();
  SettlePromtail();
  EXPECT_THAT(Problems("shop/a"), IsEmpty());
  EXPECT_EQ(Written("shop/a"), 2);
}

}  // namespace
}  // namespace telltale
