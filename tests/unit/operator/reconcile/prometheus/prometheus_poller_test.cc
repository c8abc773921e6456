// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/prometheus/prometheus_poller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <latch>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/strings.h"
#include "common/net/http/http_server.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/wait_until.h"

namespace telltale {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Target(const std::string& uid, const std::string& health) {
  return R"({"discoveredLabels":{"__meta_telltale_target":"shop/shop","__meta_telltale_pod_uid":")" +
         uid + R"(","__meta_telltale_endpoint":"0"},"lastError":"x","health":")" + health + "\"}";
}

std::string NodeLabels(const std::string& pod) {
  return R"(","log_namespace":"shop","log_pod":")" + pod;
}

const std::string kPromtailRead = "promtail_read_lines_total{path=~\".*/pods/.+\"} > 0";
const std::string kPushes = "increase(promtail_request_duration_seconds_count{status_code";
const std::string kPromtailFails =
    "(" + kPushes + "!~\"2..\"}[6m]) > 0 unless on (instance) " + kPushes + "=~\"2..\"}[1m]) > 0)";
const std::map<std::string, std::string> kQuestions = {
    {"telltale_logs_acked_lines_total > 0", "flows"},
    {"telltale_logs_target_acked_lines_total{log_pod!=\"\"} > 0", "flows-node"},
    {"timestamp(telltale_logs_oldest_unacked_age_seconds) - "
     "telltale_logs_oldest_unacked_age_seconds "
     "and telltale_logs_oldest_unacked_age_seconds > 120",
     "stalls"},
    {"timestamp(telltale_logs_target_oldest_unacked_age_seconds{log_pod!=\"\"}) - "
     "telltale_logs_target_oldest_unacked_age_seconds{log_pod!=\"\"} and "
     "telltale_logs_target_oldest_unacked_age_seconds{log_pod!=\"\"} > 120",
     "stalls-node"},
    {"telltale_podlog_forbidden > 0", "refused"},
    {"telltale_logs_files_unread{reason!~\"ignored_older|compressed|binary\"} > 0", "unread"},
    {"telltale_logs_target_files_unread{reason!~\"ignored_older|compressed|binary\"} > 0 and "
     "telltale_logs_target_files_unread{log_pod!=\"\"}",
     "unread-node"},
    {"sum by (namespace, pod) (telltale_logs_files) == 0", "empty"},
    {"scrape_samples_scraped == 0 and up == 1", "page"},
    {"telltale_config_target_refused > 0", "config"},
    {"min by (target) (telltale_config_target_generation)", "generation"},
    {"telltale_node_pods or promtail_targets_active_total", "agent"},
    {kPromtailRead + " and on (instance) promtail_sent_entries_total > 0 unless on (instance) " +
         kPromtailFails,
     "read"},
    {kPromtailRead + " and on (instance) " + kPromtailFails, "held"},
};

class PrometheusPollerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    HttpServerOptions options;
    options.listen = "127.0.0.1:0";
    server_ = std::make_unique<HttpServer>(options, [this](const HttpRequest& request) {
      clock_.Advance(took_);
      if (status_ != 200) return TextResponse(status_, "no");
      if (request.path() == "/prom/api/v1/targets") {
        pools_asked_.push_back(QueryParameter(request.query(), "scrapePool"));
        if (const std::string* sent = FindHeader(request.headers, "Authorization")) {
          authorization_ = *sent;
        }
        if (const std::string* sent = FindHeader(request.headers, "X-Scope-OrgID")) {
          tenant_ = *sent;
        }
        return JsonResponse(200, R"({"data":{"activeTargets":[)" + targets_ + "]}}");
      }
      // Each question has a pod of its own.
      const std::string query = QueryParameter(request.query(), "query");
      const auto known = kQuestions.find(query);
      const std::string pod = known == kQuestions.end() ? "unknown: " + query : known->second;
      return JsonResponse(
          200,
          R"({"data":{"result":[{"metric":{"namespace":"shop","target":"shop/shop","job":"shop/shop",)"
          R"("reason":"link","instance":"10.0.0.1:80/other?a","path":"/var/log/pods/shop_)" +
              pod + R"(_5-f/app/0.log","pod":")" + pod +
              (pod.ends_with("node") ? NodeLabels(pod) : "") + R"("},"value":[1000,"660.5"]}]}})");
    });
    ASSERT_TRUE(server_->Start().ok());
    poller_ = Poller({"http://127.0.0.1:" + std::to_string(server_->port()) + "/prom"});
  }
  std::unique_ptr<PrometheusPoller> Poller(std::vector<std::string> urls, Access access = {}) {
    auto made = PrometheusPoller::Make(
        {std::move(urls), std::move(access)}, view_, [this] { return wanted_.load(); },
        [this](const ReportChanges& changes) { changes_.push_back(changes); }, registry_, clock_);
    EXPECT_TRUE(made.ok());
    return *std::move(made);
  }

  std::atomic<int> status_ = 200;
  std::string targets_ = Target("u1", "up") + "," + Target("u2", "down");
  std::vector<std::string> pools_asked_;
  std::string authorization_, tenant_;
  std::chrono::milliseconds took_{0};
  std::atomic<bool> wanted_{true};
  std::vector<ReportChanges> changes_;
  FakeClock clock_;
  Registry registry_;
  Published<PrometheusView> view_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<PrometheusPoller> poller_;
};

TEST_F(PrometheusPollerTest, PublishesWhatPrometheusScrapesUnderThePathOfItsUrl) {
  poller_->PollOnce();
  ASSERT_NE(view_.Get(), nullptr);
  EXPECT_TRUE(view_.Get()->known);
  EXPECT_EQ(view_.Get()->reports(), 2u);
  EXPECT_TRUE(view_.Get()->Logging("shop", "flows"));
  EXPECT_FALSE(view_.Get()->Logging("shop", "stalls"));
  EXPECT_EQ(view_.Get()->StalledSince("shop", "stalls"), 660);
  EXPECT_TRUE(view_.Get()->Forbidden("shop", "refused"));
  EXPECT_TRUE(view_.Get()->Logging("shop", "flows-node/node"));
  EXPECT_FALSE(view_.Get()->Logging("shop", "flows-node"));
  EXPECT_EQ(view_.Get()->StalledSince("shop", "stalls-node/node"), 660);
  EXPECT_EQ(view_.Get()->Unreadable("shop", "unread"), "link");
  EXPECT_EQ(view_.Get()->Unreadable("shop", "unread-node/node"), "link");
  EXPECT_EQ(view_.Get()->Unreadable("shop", "flows"), "");
  EXPECT_TRUE(view_.Get()->NoFiles("shop", "empty"));
  EXPECT_TRUE(view_.Get()->Empty("shop", "page", "shop/shop", "10.0.0.1:80/other?a"));
  EXPECT_FALSE(view_.Get()->Empty("shop", "page", "shop/shop", "10.0.0.1:80"));
  EXPECT_FALSE(view_.Get()->Empty("shop", "page", "shop/beside", "10.0.0.1:80/other?a"));
  EXPECT_TRUE(view_.Get()->Refused("shop/shop", "shop", "config"));
  EXPECT_EQ(view_.Get()->LowestGeneration("shop/shop"), 660);
  EXPECT_EQ(view_.Get()->node_agents(), 1u);
  EXPECT_TRUE(view_.Get()->Logging("shop", "read/node"));
  EXPECT_FALSE(view_.Get()->Logging("shop", "held/node"));
  EXPECT_EQ(view_.Get()->StalledSince("shop", "held/node"), 0);
  ASSERT_EQ(changes_.size(), 1u);
  EXPECT_TRUE(changes_[0].all);
}

std::string InPool(const std::string& pool, std::string target) {
  return target.insert(1, R"("scrapePool":")" + pool + R"(",)");
}

std::string Foreign(const std::string& pool) {
  return R"({"discoveredLabels":{"__address__":"a:1"},"scrapePool":")" + pool +
         R"(","health":"up"})";
}

TEST_F(PrometheusPollerTest, OurTargetsAreFoundInPoolsOfAnyName) {
  targets_ = Foreign("kubelet") + "," + InPool("scrapeConfig/shop/telltale", Target("u1", "up")) +
             "," + InPool("my-apps", Target("u2", "down"));
  const SteadyTime began = clock_.Steady();
  took_ = std::chrono::seconds(1);
  poller_->PollOnce();
  took_ = std::chrono::seconds(0);
  EXPECT_EQ(view_.Get()->reports(), 2u);
  EXPECT_EQ(view_.Get()->note, "");
  EXPECT_THAT(pools_asked_, ElementsAre(""));
  // Then only their pools are asked for, and once a minute all, as that takes long.
  pools_asked_.clear();
  clock_.Advance(began + std::chrono::seconds(59) - clock_.Steady());
  poller_->PollOnce();
  EXPECT_THAT(pools_asked_, ElementsAre("my-apps", "scrapeConfig/shop/telltale"));
  EXPECT_EQ(view_.Get()->reports(), 2u);
  pools_asked_.clear();
  clock_.Advance(std::chrono::seconds(1));
  poller_->PollOnce();
  EXPECT_THAT(pools_asked_, ElementsAre(""));
}

TEST_F(PrometheusPollerTest, ANewPoolIsFoundByTheNextPollWhereAllAnswersAreQuick) {
  took_ = std::chrono::milliseconds(20);
  targets_ = InPool("telltale", Target("u1", "up"));
  poller_->PollOnce();
  targets_ += "," + InPool("telltale-secure", Target("u2", "up"));
  clock_.Advance(std::chrono::seconds(5));
  poller_->PollOnce();
  EXPECT_EQ(view_.Get()->reports(), 2u);
}

TEST_F(PrometheusPollerTest, AJobThatWasRenamedIsFoundAtOnce) {
  targets_ = InPool("old", Target("u1", "up"));
  took_ = std::chrono::seconds(1);
  poller_->PollOnce();
  targets_ = Foreign("old") + "," + Foreign("new");
  pools_asked_.clear();
  poller_->PollOnce();
  EXPECT_THAT(pools_asked_, ElementsAre("old", ""));
  EXPECT_EQ(view_.Get()->reports(), 0u);
}

TEST_F(PrometheusPollerTest, WhenNothingOfOursIsScrapedTheViewSaysWhichPoolsThereAre) {
  for (const char* pool : {"a", "b", "c", "d", "e", "f"}) {
    targets_ = (pool == std::string("a") ? "" : targets_ + ",") + Foreign(pool);
  }
  poller_->PollOnce();
  EXPECT_TRUE(view_.Get()->known);
  EXPECT_THAT(view_.Get()->note,
              ::testing::HasSubstr("/prom scrapes nothing that Telltale discovers; its scrape "
                                   "pools are a, b, c, d, e and 1 more: give it a job"));
  targets_ = "";
  poller_->PollOnce();
  EXPECT_THAT(view_.Get()->note, ::testing::EndsWith("/prom scrapes nothing at all"));
  EXPECT_TRUE(changes_.back().all);
  targets_ = R"({"discoveredLabels":{},"labels":{"pod":"x"},"health":"up"})";
  poller_->PollOnce();
  EXPECT_THAT(view_.Get()->note, ::testing::HasSubstr("dropOriginalLabels"));
}

TEST_F(PrometheusPollerTest, AnHaPairAndShardsAreMergedAndOneThatIsAwayIsSaid) {
  HttpServerOptions options;
  options.listen = "127.0.0.1:0";
  bool answers = true;
  HttpServer other(options, [&](const HttpRequest& request) {
    if (!answers) {
      clock_.Advance(std::chrono::seconds(5));
      return TextResponse(503, "no");
    }
    const std::string array = request.path() == "/api/v1/targets" ? "activeTargets" : "result";
    const std::string content =
        array == "result" ? "" : Target("u2", "up") + "," + Target("u3", "up");
    return JsonResponse(200, R"({"data":{")" + array + R"(":[)" + content + "]}}");
  });
  ASSERT_TRUE(other.Start().ok());
  poller_ = Poller({"http://127.0.0.1:" + std::to_string(server_->port()) + "/prom",
                    "http://127.0.0.1:" + std::to_string(other.port())});
  poller_->PollOnce();
  ASSERT_TRUE(view_.Get()->known);
  EXPECT_EQ(view_.Get()->reports(), 3u);
  const auto state = [&](const char* uid) {
    return PrometheusView::OfTarget(*view_.Get(), "shop/shop").Find(uid, 0)->state;
  };
  EXPECT_EQ(state("u1"), ScrapeState::kUp);
  EXPECT_EQ(state("u2"), ScrapeState::kUp);  // down in the first, up in the second
  EXPECT_EQ(state("u3"), ScrapeState::kUp);
  EXPECT_EQ(view_.Get()->note, "");
  answers = false;
  poller_->PollOnce();
  EXPECT_TRUE(view_.Get()->known);
  EXPECT_EQ(view_.Get()->reports(), 2u);
  EXPECT_THAT(view_.Get()->note, ::testing::HasSubstr("/api/v1/targets answered HTTP status 503"));
  EXPECT_EQ(poller_->Pause(), std::chrono::seconds(5));
  status_ = 500;
  poller_->PollOnce();
  EXPECT_FALSE(view_.Get()->known);
}

TEST_F(PrometheusPollerTest, CredentialsAndHeadersAreSentAndWhatRefusesThemIsNamed) {
  std::string folder = "/tmp/telltale-prometheus-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  std::ofstream(folder + "/token") << "s3cret\n";
  Access access;
  access.credentials = folder;
  access.headers = {{"X-Scope-OrgID", "team-a"}};
  const std::string url = "http://127.0.0.1:" + std::to_string(server_->port()) + "/prom/";
  poller_ = Poller({url}, access);
  poller_->PollOnce();
  EXPECT_TRUE(view_.Get()->known) << view_.Get()->error;
  EXPECT_EQ(authorization_, "Bearer s3cret");
  EXPECT_EQ(tenant_, "team-a");
  std::remove((folder + "/token").c_str());
  std::ofstream(folder + "/username") << "me";
  std::ofstream(folder + "/password") << "p w";
  clock_.Advance(std::chrono::minutes(2));
  poller_->PollOnce();
  EXPECT_EQ(authorization_, "Basic " + Base64Encode("me:p w"));
  for (const auto& [status, text] : {std::pair(401, "give the operator a token or a password"),
                                     std::pair(403, "give the operator a token or a password"),
                                     std::pair(302, "name the URL of Prometheus itself"),
                                     std::pair(404, "the one below which /api/v1 is")}) {
    status_ = status;
    poller_->PollOnce();
    EXPECT_FALSE(view_.Get()->known);
    EXPECT_THAT(view_.Get()->error, ::testing::HasSubstr(text));
    EXPECT_THAT(view_.Get()->error, ::testing::HasSubstr(url + "api/v1/targets answered"));
  }
  std::filesystem::remove_all(folder);
}

TEST_F(PrometheusPollerTest, TellsOnlyWhatChanged) {
  poller_->PollOnce();
  changes_.clear();
  poller_->PollOnce();
  EXPECT_THAT(changes_, IsEmpty());
  targets_ = Target("u1", "up") + "," + Target("u2", "up");
  poller_->PollOnce();
  ASSERT_EQ(changes_.size(), 1u);
  EXPECT_FALSE(changes_[0].all);
  EXPECT_THAT(changes_[0].targets, ElementsAre("shop/shop"));
  EXPECT_THAT(changes_[0].sidecars, IsEmpty());
}

TEST_F(PrometheusPollerTest, AnAnswerOfManyMegabytesIsRead) {
  targets_.clear();
  const std::string padding(1000, 'x');
  for (int i = 0; i < 20'000; ++i) {
    targets_ += (i ? "," : "") + Target(padding + std::to_string(i), "up");
  }
  poller_->PollOnce();
  EXPECT_TRUE(view_.Get()->known) << view_.Get()->error;
  EXPECT_EQ(view_.Get()->reports(), 20'000u);
}

TEST_F(PrometheusPollerTest, APrometheusThatFailsMakesTheViewUnknownWithTheReason) {
  status_ = 500;
  poller_->PollOnce();
  EXPECT_FALSE(view_.Get()->known);
  EXPECT_THAT(view_.Get()->error, ::testing::HasSubstr("500"));
  EXPECT_EQ(view_.Get()->reports(), 0u);
  status_ = 200;
  targets_ = "{]";
  poller_->PollOnce();
  EXPECT_FALSE(view_.Get()->known);
  targets_ = Target("u1", "up");
  poller_->PollOnce();
  EXPECT_TRUE(view_.Get()->known);
}

TEST_F(PrometheusPollerTest, WhatTakesLongIsAskedForLessOften) {
  poller_->PollOnce();
  EXPECT_EQ(poller_->Pause(), std::chrono::seconds(5));
  took_ = std::chrono::seconds(1);  // each of the fifteen answers
  poller_->PollOnce();
  EXPECT_EQ(poller_->Pause(), std::chrono::seconds(300));
}

TEST_F(PrometheusPollerTest, WhileNobodyWantsToKnowItDoesNotAskAndNoOldViewRemains) {
  view_.Set(std::make_shared<PrometheusView>());
  wanted_ = false;
  std::thread runner([this] { poller_->Run(); });
  WaitUntil("the old view is gone", [&] { return view_.Get() == nullptr; });
  poller_->Stop();
  runner.join();
  EXPECT_THAT(changes_, IsEmpty());
}

}  // namespace
}  // namespace telltale
