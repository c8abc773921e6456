// SPDX-License-Identifier: Apache-2.0
#include "operator/serve/operator_handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include "common/base/files.h"
#include "tests/fakes/text_pieces.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;

class TempFile {
 public:
  explicit TempFile(const std::string& text) {
    UniqueFd(mkstemp(path_.data()));
    Write(text);
  }
  ~TempFile() { std::remove(path_.c_str()); }
  void Write(const std::string& text) { std::ofstream(path_) << text; }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/telltale-token-XXXXXX";
};

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

TEST_F(OperatorHandlerTest, AParameterThatIsNotKnownIs400AndNotIgnored) {
  document_ = InPieces("[]");
  for (const char* query : {"?shard=0&shards=2", "?profile=x", "?class", "?node=n1"}) {
    EXPECT_EQ(Get("/sd/v1/targets" + std::string(query)).status, 400) << query;
  }
  EXPECT_THAT(Get("/sd/v1/targets?shards=2").body, HasSubstr("unknown query parameter shards:"));
  EXPECT_EQ(Get("/sd/v1/targets?").status, 200);
  EXPECT_EQ(Get("/logs/v1/pods?node=n1&namespace=shop").status, 400);
  EXPECT_THAT(Get("/metrics").body,
              HasSubstr("telltale_discovery_requests_total{code=\"400\"} 5\n"));
}

TEST_F(OperatorHandlerTest, AScrapeClassHasADocumentOfItsOwn) {
  const std::shared_ptr<const BodyPieces> tls = InPieces("[1]");
  handler_.ServeClasses([&](const std::string& name) { return name == "tls" ? tls : nullptr; });
  document_ = InPieces("[]");
  EXPECT_EQ(Get("/sd/v1/targets?class=tls").pieces, tls);
  EXPECT_EQ(Get("/sd/v1/targets").pieces, document_);
  EXPECT_EQ(Get("/sd/v1/targets?class=early").status, 503);
  for (const char* query : {"?class=", "?class=TLS", "?class=a/b", "?class=tls&class=tls",
                            "?class=tls&", "?class=-a", "?class=a%20b"}) {
    EXPECT_EQ(Get("/sd/v1/targets" + std::string(query)).status, 400) << query;
  }
}

TEST_F(OperatorHandlerTest, AFilterHasADocumentOfItsOwnInEachClass) {
  std::vector<std::string> asked;
  handler_.ServeClasses([&](const std::string& name) {
    asked.push_back(name);
    return InPieces("[1]");
  });
  const std::string filter = "0123456789abcdef0123456789abcdef";
  for (const std::string& query :
       {"filter=" + filter, "class=tls&filter=" + filter, "filter=" + filter + "&class=tls"}) {
    EXPECT_EQ(Get("/sd/v1/targets?" + query).status, 200) << query;
  }
  EXPECT_EQ(asked, (std::vector<std::string>{"/" + filter, "tls/" + filter, "tls/" + filter}));
  for (const std::string& query :
       {"filter=" + filter + "&filter=" + filter, "filter=" + filter + "0", std::string("filter="),
        std::string("filter=../x")}) {
    EXPECT_EQ(Get("/sd/v1/targets?" + query).status, 400) << query;
  }
}

TEST_F(OperatorHandlerTest, WithATokenOnlyMetricsAndHealthAreOpen) {
  document_ = InPieces("[]");
  not_ready_.clear();
  const TempFile file("s3cret\n");
  handler_.RequireToken(std::make_shared<TokenSource>("", file.path(), RealClock(), "the token"));
  const auto ask = [this](const char* path, const char* authorization) {
    HttpRequest request;
    request.target = path;
    if (authorization != nullptr) request.headers = {{"authorization", authorization}};
    return handler_(request);
  };
  for (const char* path : {"/sd/v1/targets", "/logs/v1/pods?node=n1"}) {
    for (const char* wrong : {static_cast<const char*>(nullptr), "", "Bearer", "Bearer ", "s3cret",
                              "Basic s3cret", "Bearer s3cre", "Bearer s3crett", "Bearer S3CRET"}) {
      const auto refused = ask(path, wrong);
      EXPECT_EQ(refused.status, 401) << path << (wrong ? wrong : "nothing");
      EXPECT_EQ(*FindHeader(refused.headers, "WWW-Authenticate"), "Bearer");
    }
    EXPECT_EQ(ask(path, "Bearer s3cret").status, 200);
  }
  for (const char* open : {"/metrics", "/healthz", "/readyz", "/"}) {
    EXPECT_EQ(ask(open, nullptr).status, 200) << open;
  }
}

TEST_F(OperatorHandlerTest, ANewTokenIsTakenAtOnceAndTheOldOneNoLonger) {
  document_ = InPieces("[]");
  TempFile file("old");
  handler_.RequireToken(std::make_shared<TokenSource>("", file.path(), RealClock(), "the token"));
  HttpRequest request;
  request.target = "/sd/v1/targets";
  request.headers = {{"Authorization", "Bearer old"}};
  EXPECT_EQ(handler_(request).status, 200);
  file.Write("new");
  request.headers = {{"Authorization", "Bearer new"}};
  EXPECT_EQ(handler_(request).status, 200);
  request.headers = {{"Authorization", "Bearer old"}};
  EXPECT_EQ(handler_(request).status, 401);
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
