// SPDX-License-Identifier: Apache-2.0
#include "operator/serve/operator_handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/text_pieces.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;

class OperatorHandlerTest : public ::testing::Test {
 protected:
  HttpResponse Get(const std::string& target) {
    HttpRequest request;
    request.target = target;
    return handler_(request);
  }

  std::shared_ptr<const BodyPieces> document_;
  std::string not_ready_ = "the caches are not synced yet";
  Registry registry_;
  OperatorHandler handler_{[this] { return document_; }, [this] { return not_ready_; },
                           [](const HttpRequest& request) {
                             return TextResponse(200, "pods " + std::string(request.query()));
                           },
                           registry_};
};

TEST_F(OperatorHandlerTest, APrometheusThatAsksBeforeTheCachesAreSyncedGets503) {
  const auto response = Get("/sd/v1/targets");
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr("not synced"));
}

TEST_F(OperatorHandlerTest, DiscoveryServesThePublishedBytesWithoutACopy) {
  document_ = InPieces("[]");
  const auto response = Get("/sd/v1/targets");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.pieces, document_);
  EXPECT_EQ(*FindHeader(response.headers, "content-type"), "application/json");
}

TEST_F(OperatorHandlerTest, DiscoveryCountsItsRequestsByCode) {
  Get("/sd/v1/targets");
  document_ = InPieces("[]");
  Get("/sd/v1/targets");
  const auto page = Get("/metrics");
  EXPECT_THAT(page.body, HasSubstr("telltale_discovery_requests_total{code=\"200\"} 1\n"));
  EXPECT_THAT(page.body, HasSubstr("telltale_discovery_requests_total{code=\"503\"} 1\n"));
  EXPECT_EQ(*FindHeader(page.headers, "Content-Type"), kTextContentType);
}

TEST_F(OperatorHandlerTest, NodeAgentsAskForTheirPods) {
  EXPECT_EQ(Get("/logs/v1/pods?node=n1").body, "pods node=n1");
}

TEST_F(OperatorHandlerTest, ReadinessSaysWhatIsMissing) {
  EXPECT_EQ(Get("/readyz").status, 503);
  EXPECT_EQ(Get("/readyz").body, "the caches are not synced yet\n");
  not_ready_.clear();
  EXPECT_EQ(Get("/readyz").status, 200);
}

TEST_F(OperatorHandlerTest, LivenessDoesNotDependOnReadiness) {
  EXPECT_EQ(Get("/healthz").status, 200);
}

TEST_F(OperatorHandlerTest, OtherPathsAndMethodsAreRefused) {
  EXPECT_EQ(Get("/sd/v2").status, 404);
  HttpRequest post;
  post.method = "POST";
  post.target = "/metrics";
  EXPECT_EQ(handler_(post).status, 405);
}

}  // namespace
}  // namespace telltale
