// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/fake_loki.h"

#include <gmock/gmock.h>

#include <thread>

#include "common/net/http/http_client.h"

namespace telltale {
namespace {

using Millis = std::chrono::milliseconds;
using Then = LokiReply::Then;
using testing::ElementsAre;
using testing::HasSubstr;

Result<HttpResponse> Send(const FakeLoki& loki, HttpRequest request, TlsIdentity identity = {}) {
  HttpClientOptions options;
  options.server = *ParseUrl(loki.url());
  options.tls.identity = std::move(identity);
  HttpClient client(std::move(options));
  return client.Send(request, Millis(5'000));
}

Result<HttpResponse> PushLine(const FakeLoki& loki, const std::string& line,
                              TlsIdentity identity = {}) {
  HttpRequest request;
  request.method = "POST";
  request.target = "/loki/api/v1/push";
  request.headers = {{"Content-Type", "application/json"}};
  request.body = R"({"streams":[{"stream":{"app":"a"},"values":[["1800000000000000001",")" + line +
                 R"(",{"k":"v"}]]}]})";
  return Send(loki, request, std::move(identity));
}

int StatusOf(const Result<HttpResponse>& response) { return response.ok() ? response->status : 0; }

TEST(FakeLoki, AnswersByScriptAndThenWell) {
  FakeLoki loki;
  LokiReply stored;
  stored.status = 500;
  stored.store = true;
  loki.Script({LokiReply{.status = 503}, stored});
  EXPECT_EQ(StatusOf(PushLine(loki, "one")), 503);
  EXPECT_TRUE(loki.lines().empty());
  EXPECT_EQ(StatusOf(PushLine(loki, "one")), 500);
  EXPECT_THAT(loki.lines(), ElementsAre("one"));
  EXPECT_EQ(StatusOf(PushLine(loki, "one")), 204);
  EXPECT_EQ(loki.duplicates(), 1u);
  EXPECT_EQ(loki.push_count(), 3u);
}

TEST(FakeLoki, EndsConnectionsInEveryBadWay) {
  FakeLoki loki;
  for (Then then :
       {Then::kCloseMidResponse, Then::kCloseWithoutResponse, Then::kReset, Then::kGarbage}) {
    loki.Script({LokiReply{.then = then, .store = true}});
    EXPECT_FALSE(PushLine(loki, "one").ok());
  }
  loki.Script({LokiReply{.then = Then::kDrip, .drip = Millis(1)}});
  EXPECT_EQ(StatusOf(PushLine(loki, "one")), 204);
  EXPECT_EQ(loki.duplicates(), 4u);
}

TEST(FakeLoki, TakesTlsWithACertificateThatIsAskedFor) {
  FakeLoki loki({.tls = true, .client_certificate = true});
  TlsIdentity identity{.ca = loki.ca_pem()};
  EXPECT_FALSE(PushLine(loki, "one", identity).ok());
  KeyPair pair = loki.MakeClientPair("shop");
  identity.certificate = pair.certificate;
  identity.key = pair.private_key;
  EXPECT_EQ(StatusOf(PushLine(loki, "one", identity)), 204);
  EXPECT_THAT(loki.client_names(), ElementsAre("shop"));
  loki.Script({LokiReply{.then = Then::kCloseMidResponse}});
  EXPECT_FALSE(PushLine(loki, "two", identity).ok());
}

TEST(FakeLoki, WantsTheTenantAndTheCredentialsThatItWasTold) {
  FakeLoki loki({.tenants = true});
  EXPECT_EQ(StatusOf(PushLine(loki, "one")), 401);
  FakeLoki other;
  other.ExpectAuthorization("Bearer x");
  EXPECT_EQ(StatusOf(PushLine(other, "one")), 401);
  other.ExpectAuthorization("");
  EXPECT_EQ(StatusOf(PushLine(other, "one")), 204);
}

TEST(FakeLoki, MisbehavesTheSameWayWithTheSameSeed) {
  std::vector<int> statuses[2];
  for (std::vector<int>& run : statuses) {
    FakeLoki loki;
    loki.Misbehave({.seed = 3, .share = 0.6, .kinds = LokiFaults::Quick(), .until = 40});
    for (int i = 0; i < 50; ++i) run.push_back(StatusOf(PushLine(loki, std::to_string(i))));
  }
  EXPECT_EQ(statuses[0], statuses[1]);
  EXPECT_GT(std::count_if(statuses[0].begin(), statuses[0].end(), [](int s) { return s != 204; }),
            15);
  EXPECT_EQ(std::count(statuses[0].begin() + 40, statuses[0].end(), 204), 10);
}

TEST(FakeLoki, CutsConnectionsByTheSeed) {
  FakeLoki loki;
  loki.Misbehave({.seed = 1, .share = 0, .broken_connections = 100});
  int broken = 0;
  for (int i = 0; i < 20; ++i) broken += PushLine(loki, "x").ok() ? 0 : 1;
  EXPECT_GT(broken, 3);  // those that end after more than a push get through
  loki.Misbehave({.seed = 1, .share = 0});
  EXPECT_TRUE(PushLine(loki, "x").ok());
}

TEST(FakeLoki, RefusesForGoodTheLinesThatItIsTold) {
  FakeLoki loki;
  loki.Script({LokiReply{.refuse_from = 0, .refuse = 1}});
  auto first = PushLine(loki, "one");
  EXPECT_EQ(StatusOf(first), 400);
  EXPECT_THAT(first->body, HasSubstr("total ignored: 1 out of 1"));
  EXPECT_EQ(StatusOf(PushLine(loki, "one")), 400);
  EXPECT_EQ(StatusOf(PushLine(loki, "two")), 204);
  EXPECT_EQ(loki.refused(), 1u);
}

TEST(FakeLoki, RefusesLinesOfAnyStreamOfAPush) {
  FakeLoki loki;
  loki.Script({LokiReply{.refuse_from = 1, .refuse = 1}});
  HttpRequest request;
  request.method = "POST";
  request.target = "/loki/api/v1/push";
  request.headers = {{"Content-Type", "application/json"}};
  request.body = R"({"streams":[{"stream":{"app":"a"},"values":[["1","one"]]},)"
                 R"({"stream":{"app":"b"},"values":[["2","two"],["3","three"]]}]})";
  auto answer = Send(loki, request);
  EXPECT_EQ(StatusOf(answer), 400);
  EXPECT_THAT(answer->body, HasSubstr("total ignored: 1 out of 2 for stream: {app=\"b\"}"));
  EXPECT_THAT(loki.lines(), ElementsAre("one", "three"));
  EXPECT_EQ(loki.pushes()[0].line_count(), 3u);
}

TEST(FakeLoki, AnswersAsOtherSoftwareDoesAndStoresNothingThen) {
  FakeLoki loki;
  for (LokiReply::Software software : LokiReply::AllSoftware()) {
    loki.SetDefault(LokiReply::From(software));
    auto answer = PushLine(loki, "one");
    ASSERT_TRUE(answer.ok()) << static_cast<int>(software);
    EXPECT_NE(answer->status, 204);
    EXPECT_EQ(answer->body, LokiReply::From(software).body);
  }
  EXPECT_TRUE(loki.lines().empty());
  loki.SetDefault({});
  EXPECT_EQ(StatusOf(PushLine(loki, "one")), 204);
}

TEST(FakeLoki, AnswersAfterTheDelay) {
  FakeLoki loki({.delay = Millis(50)});
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(StatusOf(PushLine(loki, "one")), 204);
  EXPECT_GE(std::chrono::steady_clock::now() - start, Millis(50));
}

TEST(FakeLoki, SeveralConnectionsWaitForTheirAnswersAtTheSameTime) {
  FakeLoki loki({.delay = std::chrono::minutes(1)});
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&, i] { EXPECT_FALSE(PushLine(loki, std::to_string(i)).ok()); });
  }
  EXPECT_TRUE(loki.WaitForPushes(4));  // although none of them is answered
  EXPECT_EQ(loki.most_in_flight(), 4u);
  EXPECT_EQ(loki.connections(), 4u);
  loki.GoDown();
  for (std::thread& client : clients) client.join();
}

TEST(FakeLoki, IsReadBackAsLokiIs) {
  FakeLoki loki;
  EXPECT_EQ(StatusOf(PushLine(loki, "say \\\"hi\\\"")), 204);
  HttpRequest request;
  request.target = "/loki/api/v1/query_range?query=%7Bapp%3D%22a%22%7D";
  auto answer = Send(loki, request);
  ASSERT_EQ(StatusOf(answer), 200);
  EXPECT_EQ(answer->body,
            R"({"status":"success","data":{"resultType":"streams","result":[)"
            R"({"stream":{"app":"a","k":"v"},"values":[["1800000000000000001","say \"hi\""]]}]}})");
  request.target = "/loki/api/v1/query_range?query=%7Bapp%3D%22b%22%7D";
  EXPECT_THAT(Send(loki, request)->body, HasSubstr("\"result\":[]"));
}

}  // namespace
}  // namespace telltale
