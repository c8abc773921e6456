// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/fakes/fake_api.h"
#include "tests/fakes/fake_clock.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;

class WriterTest : public ::testing::Test {
 protected:
  WriterTest() {
    auto ns = std::make_shared<Namespace>();
    ns->meta.name = "shop";
    caches_.namespaces.Put(ns);
    PutTarget("");
  }

  void PutTarget(const std::string& status) {
    auto target = std::make_shared<MonitoringTarget>();
    target->meta.ns = "shop";
    target->meta.name = "shop";
    target->meta.uid = "uid-1";
    target->selector.match_labels = {{"app", "shop"}};
    target->sidecar.emplace();
    target->sidecar->collectors = {"network"};
    target->status_json = status;
    caches_.targets.Put(target);
  }

  bool Round() {
    planner_.PlanOnce();
    return writer_.WriteOnce();
  }

  // What the watch would bring back after our writes.
  void Observe() {
    ConfigMap held;
    JsonParser parser;
    ASSERT_TRUE(parser
                    .Parse(api_.objects.at(kConfigMap),
                           [&](JsonValue root) { return DecodeConfigMap(root, held); })
                    .ok());
    caches_.config_maps.Put(std::make_shared<ConfigMap>(held));
    const std::string& body = api_.objects.at(kStatus);
    const auto at = body.find("\"status\":") + 9;
    PutTarget(body.substr(at, body.size() - at - 1));
  }

  static constexpr const char* kConfigMap = "/api/v1/namespaces/shop/configmaps/telltale-sidecar";
  static constexpr const char* kStatus =
      "/apis/telltale.dev/v1alpha1/namespaces/shop/monitoringtargets/shop/status";
  static constexpr const char* kPromtail =
      "/api/v1/namespaces/telltale/configmaps/telltale-promtail";

  FakeApi fake_;
  FakeApi& api_ = fake_;
  Api client_{fake_};
  FakeClock clock_;
  Caches caches_;
  Published<std::string> document_;
  Published<Plan> plan_;
  Published<PrometheusView> view_;
  Registry registry_;
  Planner planner_{caches_, [] { return true; }, document_, plan_, [] {}, registry_};
  Writer writer_{
      {"telltale", "http://loki:3100", true}, client_, caches_, plan_, view_, registry_, clock_};
};

TEST_F(WriterTest, WritesConfigMapsAndStatusOfAPlan) {
  EXPECT_TRUE(Round());
  EXPECT_THAT(api_.objects[kConfigMap], HasSubstr("shop.shop.json"));
  EXPECT_THAT(api_.objects[kPromtail], HasSubstr("promtail.yaml"));
  EXPECT_THAT(api_.objects[kStatus], HasSubstr("NoPodsMatched"));
  EXPECT_THAT(api_.objects[kStatus], HasSubstr(R"("uid":"uid-1")"));
}

TEST_F(WriterTest, WritesNothingWhereNothingChanged) {
  EXPECT_TRUE(Round());
  Observe();
  api_.writes.clear();
  EXPECT_TRUE(Round());
  EXPECT_THAT(api_.writes, ::testing::IsEmpty());
}

TEST_F(WriterTest, PutsBackAConfigMapThatSomebodyEdited) {
  EXPECT_TRUE(Round());
  Observe();
  auto edited = std::make_shared<ConfigMap>(*caches_.config_maps.Get("shop/telltale-sidecar"));
  edited->data["shop.shop.json"] = "{}";
  caches_.config_maps.Put(edited);
  api_.writes.clear();
  EXPECT_TRUE(Round());
  ASSERT_EQ(api_.writes.size(), 1u);
  EXPECT_EQ(api_.writes[0].path, kConfigMap);
}

TEST_F(WriterTest, DeletesTheConfigMapWithTheLastResourceThatNeedsIt) {
  EXPECT_TRUE(Round());
  Observe();
  caches_.targets.Erase("shop/shop");
  api_.writes.clear();
  EXPECT_TRUE(Round());
  ASSERT_FALSE(api_.writes.empty());
  EXPECT_EQ(api_.writes[0].method, "DELETE");
  EXPECT_EQ(api_.writes[0].path, kConfigMap);
}

TEST_F(WriterTest, AFailedWriteIsReportedAndDoesNotHoldUpTheOthers) {
  api_.fail[kConfigMap] = 500;
  EXPECT_FALSE(Round());
  EXPECT_THAT(api_.objects[kStatus], HasSubstr("conditions"));
  std::string page;
  registry_.Render(page);
  EXPECT_THAT(page,
              HasSubstr("telltale_writes_total{kind=\"sidecar-config\",result=\"error\"} 1\n"));
  api_.fail.clear();
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_TRUE(Round());
  EXPECT_TRUE(api_.objects.contains(kConfigMap));
}

TEST_F(WriterTest, AWriteThatKeepsFailingIsNotTriedAtEveryRound) {
  api_.fail[kConfigMap] = 403;
  EXPECT_FALSE(Round());
  auto tries = [&] {
    return std::count_if(api_.writes.begin(), api_.writes.end(),
                         [](const auto& write) { return write.path == kConfigMap; });
  };
  for (int i = 0; i < 100; ++i) Round();
  EXPECT_EQ(tries(), 1);
  for (int i = 0; i < 60; ++i) {
    clock_.Advance(std::chrono::seconds(1));
    Round();
  }
  EXPECT_GE(tries(), 3);
  EXPECT_LE(tries(), 10);
}

TEST_F(WriterTest, PromtailsConfigMapIsWrittenOnceAndAgainAfterFiveMinutes) {
  auto writes = [&] {
    return std::count_if(api_.writes.begin(), api_.writes.end(),
                         [](const auto& write) { return write.path == kPromtail; });
  };
  for (int i = 0; i < 20; ++i) {
    Round();
    clock_.Advance(std::chrono::seconds(5));
  }
  EXPECT_EQ(writes(), 1);
  clock_.Advance(std::chrono::minutes(5));
  Round();
  Round();
  EXPECT_EQ(writes(), 2);
}

TEST_F(WriterTest, AKeyThatSomebodyAddedIsLeftAloneAndStopsNothing) {
  EXPECT_TRUE(Round());
  Observe();
  auto edited = std::make_shared<ConfigMap>(*caches_.config_maps.Get("shop/telltale-sidecar"));
  edited->data["note"] = "mine";
  caches_.config_maps.Put(edited);
  api_.writes.clear();
  EXPECT_TRUE(Round());
  EXPECT_THAT(api_.writes, ::testing::IsEmpty());
}

TEST_F(WriterTest, AConfigMapOfSomebodyElseIsNotDeleted) {
  auto foreign = std::make_shared<ConfigMap>();
  foreign->meta.ns = "other";
  foreign->meta.name = "telltale-sidecar";
  caches_.config_maps.Put(foreign);
  EXPECT_TRUE(Round());
  for (const auto& write : api_.writes) EXPECT_NE(write.method, "DELETE");
}

TEST_F(WriterTest, ANamespaceThatIsGoingAwayGetsNoConfigMap) {
  auto ns = std::make_shared<Namespace>();
  ns->meta.name = "shop";
  ns->meta.deleting = true;
  caches_.namespaces.Put(ns);
  EXPECT_TRUE(Round());
  EXPECT_FALSE(api_.objects.contains(kConfigMap));
}

TEST_F(WriterTest, AResourceDeletedMeanwhileIsNoError) {
  api_.fail[kStatus] = 404;
  EXPECT_TRUE(Round());
}

}  // namespace
}  // namespace telltale
