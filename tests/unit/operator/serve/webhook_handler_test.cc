// SPDX-License-Identifier: Apache-2.0
#include "operator/serve/webhook_handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace telltale {
namespace {

using ::testing::HasSubstr;

class WebhookHandlerTest : public ::testing::Test {
 protected:
  HttpResponse Post(std::string body, std::string target = "/inject") {
    HttpRequest request;
    request.method = "POST";
    request.target = std::move(target);
    request.body = std::move(body);
    return handler_(request);
  }
  std::string Page() {
    std::string page;
    registry_.Render(page);
    return page;
  }

  Registry registry_;
  std::vector<std::shared_ptr<const MonitoringTarget>> targets_;
  WebhookHandler handler_{{"ghcr.io/telltale/telltale-sidecar:1", "IfNotPresent"},
                          [this](const std::string&, const Labels&) { return targets_; },
                          registry_};
};

constexpr const char* kReview =
    R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u-1",)"
    R"("kind":{"group":"","version":"v1","kind":"Pod"},"namespace":"shop","operation":"CREATE",)"
    R"("object":{"metadata":{"generateName":"shop-","labels":{"app":"shop"}},)"
    R"("spec":{"containers":[{"name":"shop","image":"x"}]}}}})";

TEST_F(WebhookHandlerTest, APodThatNobodySelectsPassesUnchanged) {
  const auto response = Post(kReview);
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr(R"("uid":"u-1")"));
  EXPECT_THAT(response.body, HasSubstr(R"("allowed":true)"));
  EXPECT_THAT(response.body, ::testing::Not(HasSubstr("patch")));
  EXPECT_THAT(Page(), HasSubstr("telltale_injections_total{outcome=\"not_selected\"} 1\n"));
}

TEST_F(WebhookHandlerTest, ASelectedPodGetsAPatch) {
  auto target = std::make_shared<MonitoringTarget>();
  target->meta.ns = "shop";
  target->meta.name = "shop";
  target->sidecar.emplace();
  targets_ = {target};
  const auto response = Post(kReview);
  EXPECT_THAT(response.body, HasSubstr(R"("patchType":"JSONPatch")"));
  EXPECT_THAT(Page(), HasSubstr("telltale_injections_total{outcome=\"injected\"} 1\n"));
}

TEST_F(WebhookHandlerTest, GarbageIsRefusedWithASentenceAndCounted) {
  const auto response = Post("\x00\xff garbage");
  EXPECT_EQ(response.status, 400);
  EXPECT_FALSE(response.body.empty());
  EXPECT_THAT(Page(), HasSubstr("telltale_injections_total{outcome=\"unreadable\"} 1\n"));
}

TEST_F(WebhookHandlerTest, IsCountedAsControllerRuntimeCountsItsWebhooks) {
  const std::string requests = "controller_runtime_webhook_requests_total";
  EXPECT_THAT(Page(), HasSubstr(requests + "{code=\"200\",webhook=\"/inject\"} 0\n"));
  Post(kReview);
  Post("garbage");
  Post(kReview);
  EXPECT_THAT(Page(), HasSubstr(requests + "{code=\"200\",webhook=\"/inject\"} 2\n"));
  EXPECT_THAT(Page(), HasSubstr(requests + "{code=\"400\",webhook=\"/inject\"} 1\n"));
  EXPECT_THAT(Page(), HasSubstr("webhook_latency_seconds_count{webhook=\"/inject\"} 3\n"));
  EXPECT_THAT(Page(), HasSubstr("webhook_requests_in_flight{webhook=\"/inject\"} 0\n"));
}

TEST_F(WebhookHandlerTest, EightMebibytesOfGarbageAreRefused) {
  EXPECT_EQ(Post(std::string(8u << 20, '[')).status, 400);
  EXPECT_EQ(Post(std::string(8u << 20, 'x')).status, 400);
}

TEST_F(WebhookHandlerTest, AReviewCutInTheMiddleNeverCrashes) {
  const std::string whole = kReview;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto response = Post(whole.substr(0, size));
    EXPECT_TRUE(response.status == 400 || response.status == 200) << size;
  }
}

TEST_F(WebhookHandlerTest, OtherPathsAndMethodsAreRefused) {
  EXPECT_EQ(Post(kReview, "/other").status, 404);
  HttpRequest get;
  get.target = "/inject";
  EXPECT_EQ(handler_(get).status, 405);
}

}  // namespace
}  // namespace telltale
