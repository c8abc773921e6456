// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/prometheus_poller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/net/http_server.h"

namespace telltale {
namespace {

constexpr const char* kTargetsAnswer = R"({"status":"success","data":{"activeTargets":[
 {"discoveredLabels":{"__address__":"10.0.0.1:80","__meta_telltale_target":"shop/shop",
   "__meta_telltale_pod_uid":"u1","__meta_telltale_endpoint":"0"},
  "labels":{"job":"shop/shop"},"scrapePool":"telltale","lastError":"","health":"up"},
 {"discoveredLabels":{"__meta_telltale_target":"shop/shop","__meta_telltale_pod_uid":"u2",
   "__meta_telltale_endpoint":"0"},"lastError":"connection refused","health":"down"},
 {"discoveredLabels":{"__meta_telltale_target":"shop/shop","__meta_telltale_pod_uid":"u3",
   "__meta_telltale_endpoint":"sidecar"},"lastError":"","health":"unknown"},
 {"discoveredLabels":{"__address__":"localhost:9090"},"lastError":"","health":"up"}],
 "droppedTargets":[]}})";
constexpr const char* kQueryAnswer =
    R"({"status":"success","data":{"resultType":"vector","result":[
 {"metric":{"__name__":"m","namespace":"shop","pod":"shop-1"},"value":[1,"5"]}]}})";

TEST(ParseActiveTargetsTest, TellsUpFromDownFromNotYetScraped) {
  JsonParser parser;
  PrometheusView view;
  ASSERT_TRUE(ParseActiveTargets(parser, kTargetsAnswer, view).ok());
  ASSERT_EQ(view.reports.size(), 3u);
  EXPECT_TRUE(view.reports["shop/shop|u1|0"].up);
  EXPECT_FALSE(view.reports["shop/shop|u2|0"].up);
  EXPECT_TRUE(view.reports["shop/shop|u2|0"].scraped);
  EXPECT_EQ(view.reports["shop/shop|u2|0"].last_error, "connection refused");
  EXPECT_FALSE(view.reports["shop/shop|u3|sidecar"].scraped);
}

TEST(ParseActiveTargetsTest, AnAnswerWithoutTargetsIsAnErrorAndNotAnEmptyList) {
  JsonParser parser;
  PrometheusView view;
  EXPECT_FALSE(ParseActiveTargets(parser, R"({"status":"error","error":"x"})", view).ok());
  EXPECT_FALSE(ParseActiveTargets(parser, "<html>", view).ok());
  EXPECT_FALSE(ParseActiveTargets(parser, "", view).ok());
}

TEST(ParseLoggingPodsTest, NamesThePodOfEachSeries) {
  JsonParser parser;
  PrometheusView view;
  ASSERT_TRUE(ParseLoggingPods(parser, kQueryAnswer, view).ok());
  EXPECT_THAT(view.logging_pods, ::testing::ElementsAre("shop/shop-1"));
}

class PrometheusPollerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    HttpServerOptions options;
    options.listen = "127.0.0.1:0";
    server_ = std::make_unique<HttpServer>(options, [this](const HttpRequest& request) {
      if (status_ != 200) return TextResponse(status_, "no");
      const bool targets = request.path() == "/prom/api/v1/targets";
      return JsonResponse(200, targets ? kTargetsAnswer : kQueryAnswer);
    });
    ASSERT_TRUE(server_->Start().ok());
    auto url = ParseUrl("http://127.0.0.1:" + std::to_string(server_->port()) + "/prom");
    poller_ = std::make_unique<PrometheusPoller>(*url, view_, [this] { ++changes_; }, registry_);
  }

  int status_ = 200;
  int changes_ = 0;
  Registry registry_;
  Published<PrometheusView> view_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<PrometheusPoller> poller_;
};

TEST_F(PrometheusPollerTest, PublishesWhatPrometheusScrapesUnderThePathOfItsUrl) {
  poller_->PollOnce();
  ASSERT_NE(view_.Get(), nullptr);
  EXPECT_TRUE(view_.Get()->known);
  EXPECT_EQ(view_.Get()->reports.size(), 3u);
  EXPECT_EQ(view_.Get()->logging_pods.size(), 1u);
  EXPECT_EQ(changes_, 1);
}

TEST_F(PrometheusPollerTest, APrometheusThatFailsMakesTheViewUnknownWithTheReason) {
  status_ = 500;
  poller_->PollOnce();
  EXPECT_FALSE(view_.Get()->known);
  EXPECT_THAT(view_.Get()->error, ::testing::HasSubstr("500"));
  status_ = 200;
  poller_->PollOnce();
  EXPECT_TRUE(view_.Get()->known);
}

}  // namespace
}  // namespace telltale
