// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/prometheus/prometheus_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace telltale {
namespace {

using ::testing::ElementsAre;
using Kind = PrometheusAnswer::Kind;

constexpr const char* kTargetsAnswer = R"({"status":"success","data":{"activeTargets":[
 {"discoveredLabels":{"__address__":"10.0.0.1:80","__meta_telltale_target":"shop/shop",
   "__meta_telltale_pod_uid":"u1","__meta_telltale_endpoint":"0","namespace":"shop"},
  "labels":{"job":"shop/shop"},"scrapePool":"telltale","lastError":"","health":"up"},
 {"discoveredLabels":{"__meta_telltale_target":"shop/shop","__meta_telltale_pod_uid":"u2",
   "__meta_telltale_endpoint":"0"},"lastError":"connection refused \"]}","health":"down"},
 {"discoveredLabels":{"__meta_telltale_target":"shop/shop","__meta_telltale_pod_uid":"u3",
   "__meta_telltale_endpoint":"sidecar","namespace":"shop"},"lastError":"","health":"unknown"},
 {"discoveredLabels":{"__address__":"localhost:9090"},"lastError":"","health":"up"}],
 "droppedTargets":[{"a":1}]}})";

Status Read(Kind kind, std::string_view text, std::size_t piece, PrometheusView& view) {
  JsonParser parser;
  PrometheusAnswer answer(kind, parser, view);
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    TELLTALE_TRY(answer.Feed(text.substr(0, piece)));
  }
  return answer.Finish();
}

// What is said of the pod's first endpoint.
std::optional<PrometheusView::Report> Find(const PrometheusView& view, std::string_view uid) {
  return PrometheusView::OfTarget(view, "shop/shop").Find(uid, 0);
}

TEST(PrometheusAnswerTest, TellsUpFromDownFromNotYetScrapedHoweverTheAnswerIsCut) {
  for (std::size_t piece :
       {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{100}, std::size_t{100'000}}) {
    PrometheusView view;
    const Status read = Read(Kind::kActiveTargets, kTargetsAnswer, piece, view);
    ASSERT_TRUE(read.ok()) << read.error().message << " in pieces of " << piece;
    view.Seal();
    ASSERT_EQ(view.reports(), 3u);
    EXPECT_EQ(Find(view, "u1")->state, ScrapeState::kUp);
    EXPECT_EQ(Find(view, "u2")->state, ScrapeState::kDown);
    EXPECT_EQ(Find(view, "u2")->reason, Reason::kConnectionRefused);
    EXPECT_EQ(Find(view, "u2")->error, "connection refused \"]}");
    EXPECT_EQ(view.FindSidecar("u3")->state, ScrapeState::kUnknown);
    EXPECT_FALSE(Find(view, "u4"));
  }
}

TEST(PrometheusAnswerTest, AnErrorAboutAnotherPageThanTheTargetsIsARedirect) {
  const auto reason = [](const std::string& url) {
    PrometheusView view;
    const std::string text =
        R"({"data":{"activeTargets":[{"discoveredLabels":{"__meta_telltale_target":"shop/shop",)"
        R"("__meta_telltale_pod_uid":"u1","__meta_telltale_endpoint":"0"},"scrapeUrl":")" +
        url +
        R"(","lastError":"Get \"https://127.0.0.1:8443/login\": dial tcp: connection refused",)"
        R"("health":"down"}]}})";
    EXPECT_TRUE(Read(Kind::kActiveTargets, text, 100, view).ok());
    view.Seal();
    return Find(view, "u1")->reason;
  };
  EXPECT_EQ(reason("http://10.0.0.1:8080/metrics"), Reason::kRedirect);
  EXPECT_EQ(reason("https://127.0.0.1:8443/login"), Reason::kConnectionRefused);
}

TEST(PrometheusAnswerTest, AnAnswerWithoutTargetsIsAnErrorAndNotAnEmptyList) {
  PrometheusView view;
  for (const char* text :
       {R"({"status":"error","error":"x"})", "<html>", "", "[]", "7", R"({"data":[]})",
        R"({"data":{"activeTargets":{}}})", R"({"activeTargets":[]})",
        R"({"other":{"activeTargets":[]}})", R"({"data":{"other":{"activeTargets":[]}}})",
        R"({"data":{"activeTargets":[]}} x)", R"({"data":{"x":"activeTargets"}})"}) {
    EXPECT_FALSE(Read(Kind::kActiveTargets, text, 3, view).ok()) << text;
  }
  EXPECT_TRUE(Read(Kind::kActiveTargets, R"({"data":{"activeTargets":[]}})", 3, view).ok());
  EXPECT_EQ(view.reports(), 0u);
}

TEST(PrometheusAnswerTest, AnAnswerThatIsCutAnywhereIsAnError) {
  const std::string whole = kTargetsAnswer;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    PrometheusView view;
    EXPECT_FALSE(Read(Kind::kActiveTargets, whole.substr(0, length), 64, view).ok()) << length;
  }
}

TEST(PrometheusAnswerTest, AnElementThatIsNoJsonOrTooLongIsAnError) {
  PrometheusView view;
  EXPECT_FALSE(Read(Kind::kActiveTargets, R"({"data":{"activeTargets":[{"a" 1}]}})", 9, view).ok());
  const std::string huge =
      R"({"data":{"activeTargets":[{"a":")" + std::string(2u << 20, 'x') + R"("}]}})";
  EXPECT_EQ(Read(Kind::kActiveTargets, huge, 10'000, view).error().code, Code::kTooLarge);
}

TEST(PrometheusAnswerTest, NamesThePodOfEachSeries) {
  PrometheusView view;
  ASSERT_TRUE(Read(Kind::kLoggingPods,
                   R"({"status":"success","data":{"resultType":"vector","result":[
 {"metric":{"__name__":"m","namespace":"shop","pod":"shop-1"},"value":[1,"5"]}]}})",
                   10, view)
                  .ok());
  view.Seal();
  EXPECT_TRUE(view.Logging("shop", "shop-1"));
  EXPECT_FALSE(view.Logging("shop", "shop-2"));
}

TEST(PrometheusAnswerTest, NamesThePodsThatWaitForLokiAndSinceWhen) {
  PrometheusView view;
  ASSERT_TRUE(Read(Kind::kStalledPods,
                   R"({"data":{"result":[
 {"metric":{"namespace":"shop","pod":"shop-1"},"value":[1795262523.1,"1795262399.966"]},
 {"value":[1795262523.1,"1795262400.034"],"metric":{"namespace":"shop","pod":"shop-2"}},
 {"metric":{"namespace":"shop","pod":"shop-3"},"value":[1,"NaN"]},
 {"metric":{"namespace":"shop","pod":"shop-4"},"value":[]}]}})",
                   10, view)
                  .ok());
  view.Seal();
  EXPECT_EQ(view.StalledSince("shop", "shop-1"), 1795262340);
  EXPECT_EQ(view.StalledSince("shop", "shop-2"), 1795262400);
  EXPECT_FALSE(view.StalledSince("shop", "shop-3"));
  EXPECT_FALSE(view.StalledSince("shop", "shop-4"));
  EXPECT_FALSE(view.Logging("shop", "shop-1"));
}

std::unique_ptr<PrometheusView> View(const std::vector<std::vector<std::string>>& reports) {
  auto view = std::make_unique<PrometheusView>();
  view->known = true;
  for (const auto& report : reports) {
    const ScrapeState state = report[3] == "up"     ? ScrapeState::kUp
                              : report[3] == "down" ? ScrapeState::kDown
                                                    : ScrapeState::kUnknown;
    view->Add(report[0], report[1], report[2], "ns-" + report[1], state, report[4]);
  }
  view->Seal();
  return view;
}

TEST(PrometheusViewTest, OfTwoOwnersOfASidecarTheOneThatWasScrapedKnowsMore) {
  for (const auto& view :
       {View({{"a/a", "u", "sidecar", "?", ""}, {"b/b", "u", "sidecar", "up", ""}}),
        View({{"b/b", "u", "sidecar", "up", ""}, {"a/a", "u", "sidecar", "?", ""}})}) {
    EXPECT_EQ(view->FindSidecar("u")->state, ScrapeState::kUp);
    EXPECT_EQ(view->reports(), 1u);
  }
}

TEST(PrometheusViewTest, OnlyWhatIsReportedDifferentlyHasChanged) {
  const auto before = View({{"a/a", "1", "0", "up", ""},
                            {"b/b", "2", "0", "down", "refused"},
                            {"c/c", "3", "0", "up", ""},
                            {"c/c", "4", "sidecar", "up", ""}});
  const auto reordered = View({{"c/c", "4", "sidecar", "up", ""},
                               {"c/c", "3", "0", "up", ""},
                               {"b/b", "2", "0", "down", "refused"},
                               {"a/a", "1", "0", "up", ""}});
  EXPECT_TRUE(reordered->ChangesSince(before.get()).empty());
  const auto after = View({{"a/a", "1", "0", "down", ""},
                           {"b/b", "2", "0", "down", "timeout"},
                           {"d/d", "5", "0", "up", ""},
                           {"c/c", "4", "sidecar", "down", ""}});
  const auto changes = after->ChangesSince(before.get());
  EXPECT_FALSE(changes.all);
  EXPECT_THAT(changes.targets, ElementsAre("a/a", "b/b", "c/c", "d/d"));
  EXPECT_THAT(changes.sidecars, ElementsAre("ns-4"));
  EXPECT_TRUE(after->ChangesSince(nullptr).all);
  auto unknown = View({});
  unknown->known = false;
  EXPECT_TRUE(unknown->ChangesSince(after.get()).all);
}

TEST(PrometheusViewTest, ASidecarThatStallsLongerIsNoChangeAndOneThatGoesOnIs) {
  const auto stalled = [](std::int64_t since) {
    auto view = std::make_unique<PrometheusView>();
    view->known = true;
    if (since != 0) view->AddStalled("shop", "p", since);
    view->Seal();
    return view;
  };
  EXPECT_TRUE(stalled(601)->ChangesSince(stalled(600).get()).empty());
  EXPECT_THAT(stalled(660)->ChangesSince(stalled(600).get()).sidecars, ElementsAre("shop"));
  EXPECT_THAT(stalled(0)->ChangesSince(stalled(600).get()).sidecars, ElementsAre("shop"));
}

TEST(PrometheusViewTest, ARightThatIsGivenConcernsTheSidecarsOfItsNamespace) {
  PrometheusView before;
  before.known = true;
  before.AddForbidden("shop", "p");
  before.Seal();
  EXPECT_TRUE(before.Forbidden("shop", "p"));
  EXPECT_FALSE(before.Forbidden("shop", "q"));
  EXPECT_THAT(View({})->ChangesSince(&before).sidecars, ElementsAre("shop"));
}

TEST(PrometheusViewTest, ALogThatBeginsToFlowConcernsTheSidecarsOfItsNamespace) {
  const auto before = View({});
  PrometheusView after;
  after.known = true;
  after.AddLogging("shop", "p");
  after.Seal();
  EXPECT_THAT(after.ChangesSince(before.get()).sidecars, ElementsAre("shop"));
}

}  // namespace
}  // namespace telltale
