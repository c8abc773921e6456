// SPDX-License-Identifier: Apache-2.0
// TLS, credentials and proxies on the way to Loki, and the other form of a push.
#include <gmock/gmock.h>

#include <algorithm>

#include "common/base/files.h"
#include "common/base/log.h"
#include "tests/unit/sidecar/ship/pipeline_fixture.h"

namespace telltale {
namespace {

using testing::ElementsAre;

class PipelineAccessTest : public PipelineTest {
 protected:
  std::string File(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(temp_ / "secret");
    std::string path = temp_ / ("secret/" + name);
    EXPECT_TRUE(WriteFileAtomic(path, text).ok());
    return path;
  }
  std::string Folder() const { return temp_ / "secret"; }
  // Starts with a line that must arrive at `loki`.
  void ExpectArrival(FakeLoki& loki) {
    Append("a.log", "one\n");
    Start();
    ASSERT_TRUE(Flush());
    EXPECT_THAT(loki.lines(), ElementsAre("one"));
  }
};

TEST_F(PipelineAccessTest, TlsTrustsTheAuthorityOfTheFile) {
  FakeLoki loki({.tls = true});
  options_.loki_url = loki.url();
  options_.access.tls_files.ca = File("ca.crt", loki.ca_pem());
  ExpectArrival(loki);
}

TEST_F(PipelineAccessTest, WithoutTheAuthorityNothingIsSentAndNothingLost) {
  FakeLoki loki({.tls = true});
  options_.loki_url = loki.url();
  Append("a.log", "one\n");
  Start();
  ASSERT_TRUE(WaitForMetric("requests_total{code=\"error\"}", 2));
  EXPECT_EQ(loki.push_count(), 0u);
  EXPECT_EQ(Metric("pending_lines"), 1);
  options_.access.insecure_skip_verify = true;
  pipeline_->Reconfigure(sources_, options_);
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki.lines(), ElementsAre("one"));
}

TEST_F(PipelineAccessTest, AnotherNameOfTheServerCanBeExpected) {
  FakeLoki loki({.tls = true});
  options_.loki_url = "https://127.0.0.1" + loki.url().substr(loki.url().rfind(':'));
  options_.access.tls_files.ca = File("ca.crt", loki.ca_pem());
  options_.access.server_name = "loki.example";
  ExpectArrival(loki);
}

TEST_F(PipelineAccessTest, TheClientsCertificateIsShownAndItsSuccessorAfterARefusal) {
  FakeLoki loki({.tls = true, .client_certificate = true});
  FakeLoki stranger({.tls = true});
  options_.loki_url = loki.url();
  KeyPair wrong = stranger.MakeClientPair("wrong");
  KeyPair right = loki.MakeClientPair("shop");
  options_.access.tls_files = {File("ca.crt", loki.ca_pem()), File("tls.crt", wrong.certificate),
                               File("tls.key", wrong.private_key)};
  Append("a.log", "one\n");
  Start();
  ASSERT_TRUE(WaitForMetric("requests_total{code=\"error\"}", 1));
  File("tls.crt", right.certificate);
  File("tls.key", right.private_key);
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki.lines(), ElementsAre("one"));
  EXPECT_EQ(loki.client_names().back(), "shop");
}

TEST_F(PipelineAccessTest, APasswordFromAFileIsSentAndReadAgainWhenItIsRefused) {
  loki_.ExpectAuthorization("Basic " + Base64Encode("me:new one"));
  options_.access.username = "me";
  options_.access.password_file = File("password", "old\n");
  Append("a.log", "one\n");
  Start();
  ASSERT_TRUE(WaitForMetric("requests_total{code=\"401\"}", 1));
  EXPECT_EQ(loki_.pushes()[0].Header("authorization"), "Basic " + Base64Encode("me:old"));
  File("password", "new one\n");
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAre("one"));
  EXPECT_EQ(Metric("lost_lines_total"), -1);
}

TEST_F(PipelineAccessTest, ATokenThatRotatesIsFollowed) {
  loki_.ExpectAuthorization("Bearer one");
  options_.access.bearer_token_file = File("token", "one");
  ExpectArrival(loki_);
  loki_.ExpectAuthorization("Bearer two");
  File("token", "two");
  Append("a.log", "two\n");
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAre("one", "two"));
}

TEST_F(PipelineAccessTest, AMissingTokenHoldsTheLinesAndSendsNothing) {
  options_.access.bearer_token_file = Folder() + "/token";
  Append("a.log", "one\n");
  Start();
  ASSERT_TRUE(WaitForMetric("pending_lines", 1));
  EXPECT_FALSE(pipeline_->Flush(Millis(100)));
  EXPECT_EQ(loki_.push_count(), 0u);
  File("token", "t");
  ASSERT_TRUE(Flush());
  EXPECT_EQ(loki_.pushes()[0].Header("authorization"), "Bearer t");
}

TEST_F(PipelineAccessTest, AFolderOfCredentialsIsUsedAsFarAsItIsThere) {
  FakeLoki loki({.tls = true});
  loki.ExpectAuthorization("Basic " + Base64Encode("me:secret"));
  options_.loki_url = loki.url();
  options_.access.credentials = Folder();
  Append("a.log", "one\n");
  Start();
  ASSERT_TRUE(WaitForMetric("requests_total{code=\"error\"}", 1));  // the folder is not there yet
  File("ca.crt", loki.ca_pem());
  ASSERT_TRUE(WaitForMetric("requests_total{code=\"401\"}", 1));
  File("username", "me\n");
  File("password", "secret\n");
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki.lines(), ElementsAre("one"));
}

TEST_F(PipelineAccessTest, TenantAndHeadersGoWithEachPush) {
  options_.tenant = "team-a";
  options_.access.headers = {{"X-Cluster", "blue"}};
  ExpectArrival(loki_);
  EXPECT_EQ(loki_.pushes()[0].tenant, "team-a");
  EXPECT_EQ(loki_.pushes()[0].Header("x-cluster"), "blue");
}

TEST_F(PipelineAccessTest, AProxyGetsTheWholeAddress) {
  options_.access.proxy_url = loki_.url();
  options_.loki_url = "http://loki.example:3100/prefix";
  ExpectArrival(loki_);
  EXPECT_EQ(loki_.pushes()[0].target, "POST http://loki.example:3100/prefix/loki/api/v1/push");
}

TEST_F(PipelineAccessTest, AProxyGetsTheCredentialsOfItsUrlAndLokiItsOwn) {
  options_.access.proxy_url = "http://me:p%40ss@" + loki_.url().substr(7);
  options_.access.bearer_token_file = File("token", "t");
  options_.loki_url = "http://loki.example:3100";
  ExpectArrival(loki_);
  const FakeLoki::Push push = loki_.pushes()[0];
  EXPECT_EQ(push.Header("proxy-authorization"), "Basic " + Base64Encode("me:p@ss"));
  EXPECT_EQ(push.Header("authorization"), "Bearer t");
}

TEST_F(PipelineAccessTest, AProxysPasswordFromAFileIsReadAgainWhenItIsRefused) {
  const std::string right = "Basic " + Base64Encode("me:new");
  loki_.SetHandler([&](const FakeLoki::Push& push) {
    return push.Header("proxy-authorization") == right ? LokiReply{} : LokiReply{.status = 407};
  });
  options_.access.proxy_url = loki_.url();
  options_.access.proxy_username_file = File("proxy-username", "me\n");
  options_.access.proxy_password_file = File("proxy-password", "old\n");
  options_.loki_url = "http://loki.example:3100";
  Append("a.log", "one\n");
  Start();
  ASSERT_TRUE(WaitForMetric("requests_total{code=\"407\"}", 1));
  EXPECT_EQ(loki_.pushes()[0].Header("proxy-authorization"), "Basic " + Base64Encode("me:old"));
  File("proxy-password", "new\n");
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAre("one"));
}

std::string logged;  // changed under the log's lock

TEST_F(PipelineAccessTest, ATunnelIsAskedForWithThePasswordThatIsThereNowAndNoLogHasIt) {
  logged.clear();
  SetLogSinkForTest([](std::string_view line) { logged.append(line); });
  loki_.SetHandler([](const FakeLoki::Push&) { return LokiReply{.status = 407}; });
  options_.access.proxy_url = loki_.url();
  options_.access.proxy_username = "me";
  options_.access.proxy_password_file = File("proxy-password", "old-secret");
  options_.loki_url = "https://loki.example:3100";
  const auto asked = [](const std::string& password) {
    const std::string wanted = "Basic " + Base64Encode("me:" + password);
    return [wanted](const std::vector<FakeLoki::Push>& pushes) {
      return std::ranges::any_of(pushes, [&](const FakeLoki::Push& push) {
        return push.target == "CONNECT loki.example:3100" &&
               push.Header("proxy-authorization") == wanted;
      });
    };
  };
  Append("a.log", "one\n");
  Start();
  ASSERT_TRUE(loki_.WaitFor(asked("old-secret")));
  File("proxy-password", "new-secret");
  EXPECT_TRUE(loki_.WaitFor(asked("new-secret")));
  loki_.SetHandler(nullptr);
  options_.access = {};
  options_.loki_url = loki_.url();
  pipeline_->Reconfigure(sources_, options_);
  EXPECT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAre("one"));
  Stop();
  SetLogSinkForTest(nullptr);
  EXPECT_NE(logged.find("it refused with HTTP 407"), std::string::npos) << logged;
  EXPECT_EQ(logged.find("secret"), std::string::npos) << logged;
}

TEST_F(PipelineAccessTest, TlsThatIsCutInTheMiddleLosesNothing) {
  FakeLoki loki({.tls = true});
  options_.loki_url = loki.url();
  options_.access.tls_files.ca = File("ca.crt", loki.ca_pem());
  loki.Script({{.then = Then::kCloseMidResponse, .store = true}, {.then = Then::kReset}});
  ExpectArrival(loki);
  EXPECT_EQ(loki.push_count(), 3u);
}

}  // namespace
}  // namespace telltale
