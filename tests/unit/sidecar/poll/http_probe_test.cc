// SPDX-License-Identifier: Apache-2.0
#include "sidecar/poll/http_probe.h"

#include <gmock/gmock.h>

#include <atomic>

#include "tests/unit/sidecar/poll/poll_servers.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

class HttpProbeTest : public PollServers {
 protected:
  PollResult Run(const HttpPollConfig& config) {
    return HttpProbe(config, RealClock()).Run(milliseconds(config.timeout_ms));
  }
};

HttpResponse Echo(const HttpRequest& request) {
  if (request.path() == "/204") return TextResponse(204, {});
  if (request.path() == "/500") return TextResponse(500, "state: broken\n");
  if (request.path() == "/loop") return Redirect("/loop");
  if (request.path() == "/ftp") return Redirect("ftp://localhost/");
  if (request.path() == "/moved") return Redirect("ok?x=1");
  return TextResponse(200, "state: ok, " + request.method + " " + request.target + "\n");
}

TEST_F(HttpProbeTest, SucceedsWithAStatusAndABodyThatAreWanted) {
  const auto port = Serve(&Echo);
  auto poll = Poll(Http(port, "/health?full=1"));
  EXPECT_EQ(Run(poll).failure, "");
  EXPECT_EQ(Run(poll).status, 200);
  EXPECT_FALSE(Run(poll).body_matched.has_value());
  EXPECT_FALSE(Run(poll).expiry.has_value());
  poll.body = "^state: ok, GET /health.full=1\n$";
  EXPECT_EQ(Run(poll).failure, "");
  EXPECT_TRUE(Run(poll).body_matched.value_or(false));
  poll.body = "state: (bad|worse)";
  EXPECT_EQ(Run(poll).failure, "body");
  EXPECT_FALSE(Run(poll).body_matched.value_or(true));
  poll.body.clear();
  poll.method = "HEAD";
  EXPECT_EQ(Run(poll).failure, "");
}

TEST_F(HttpProbeTest, AnotherStatusIsAFailureUnlessItIsAskedFor) {
  const auto port = Serve(&Echo);
  EXPECT_EQ(Run(Poll(Http(port, "/204"))).failure, "");
  auto poll = Poll(Http(port, "/500"));
  const PollResult failed = Run(poll);
  EXPECT_EQ(failed.failure, "status");
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(failed.error, "the answer is HTTP 500");
  poll.status = {404, 500};
  poll.body = "broken";
  EXPECT_EQ(Run(poll).failure, "");
  poll.url = Http(port, "/200");
  poll.body.clear();
  EXPECT_EQ(Run(poll).failure, "status");
}

TEST_F(HttpProbeTest, RedirectsAreFollowedIfThatIsWanted) {
  const auto port = Serve(&Echo);
  auto poll = Poll(Http(port, "/moved"));
  poll.body = "GET /ok.x=1";
  EXPECT_EQ(Run(poll).failure, "");
  poll.follow_redirects = false;
  EXPECT_EQ(Run(poll).failure, "status");
  EXPECT_EQ(Run(poll).status, 302);
  EXPECT_EQ(Run(Poll(Http(port, "/loop"))).failure, "redirect");
  EXPECT_EQ(Run(Poll(Http(port, "/ftp"))).failure, "redirect");
}

TEST_F(HttpProbeTest, CredentialsGoToTheServerOfTheUrlAlone) {
  std::atomic<int> with{0}, without{0};
  const auto count = [&](const HttpRequest& request) {
    ++(FindHeader(request.headers, "Authorization") != nullptr ? with : without);
  };
  const auto other = Serve([&](const HttpRequest& request) {
    count(request);
    return TextResponse(200, "other");
  });
  const auto first = Serve([&](const HttpRequest& request) {
    count(request);
    return request.path() == "/here" ? Redirect(Http(other)) : Redirect("/here");
  });
  folder_.Write("token", "secret");
  auto poll = Poll(Http(first));
  poll.access.bearer_token_file = folder_ / "token";
  EXPECT_EQ(Run(poll).failure, "");
  EXPECT_EQ(with, 2);
  EXPECT_EQ(without, 1);
  std::filesystem::remove(folder_ / "token");
  const PollResult failed = Run(poll);
  EXPECT_EQ(failed.failure, "credentials");
  EXPECT_THAT(failed.error, HasSubstr("bearerTokenFile"));
}

// Case H1.
TEST_F(HttpProbeTest, TheExpiryIsOfTheServerOfTheUrlNotOfWhereItRedirectsTo) {
  const auto b = Serve(&Echo, 2 * 86'400);
  const auto a = Serve(
      [&](const HttpRequest&) { return Redirect("https://localhost:" + std::to_string(b) + "/"); },
      5 * 86'400);
  const PollResult result = Run(TlsPoll(a));
  EXPECT_EQ(result.failure, "") << result.error;
  EXPECT_EQ(result.expiry, now_ + 5 * 86'400);
  EXPECT_EQ(Run(TlsPoll(b)).expiry, now_ + 2 * 86'400);
}

TEST_F(HttpProbeTest, TheExpiryIsKnownAlsoOfACertificateThatIsNotTrusted) {
  const auto port = Serve(&Echo, 86'400);
  const auto expired = Serve(&Echo, -60);
  auto poll = TlsPoll(port);
  poll.access.ca_file.clear();
  EXPECT_EQ(Run(poll).failure, "tls");
  EXPECT_EQ(Run(poll).expiry, now_ + 86'400);
  poll.access.insecure_skip_verify = true;
  EXPECT_EQ(Run(poll).failure, "");
  EXPECT_EQ(Run(poll).expiry, now_ + 86'400);
  EXPECT_EQ(Run(TlsPoll(expired)).failure, "tls");
  EXPECT_EQ(Run(TlsPoll(expired)).expiry, now_ - 60);
  poll = TlsPoll(port);
  poll.url.replace(poll.url.find("localhost"), 9, "127.0.0.1");  // not in the certificate
  EXPECT_EQ(Run(poll).failure, "tls");
  poll.access.server_name = "localhost";
  EXPECT_EQ(Run(poll).failure, "");
}

// Case H3.
TEST_F(HttpProbeTest, OfALongBodyOnlyTheFirstBytesAreRead) {
  const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  Script server([&](RawListener& listener) {
    for (int i = 0; i < 2; ++i) {
      RawSocket peer = listener.Accept();
      peer.ReadUntil("\r\n\r\n");
      peer.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nready\r\n");
      int sent = 0;
      while (sent < 800 && peer.Send(chunk)) ++sent;  // 50 MB
      EXPECT_LT(sent, 800);
    }
  });
  auto poll = Poll(Http(server.port()));
  poll.url.replace(poll.url.find("localhost"), 9, "127.0.0.1");
  poll.body = "^ready";
  EXPECT_EQ(Run(poll).failure, "");
  poll.body = "y$";
  const PollResult result = Run(poll);
  EXPECT_EQ(result.failure, "body");
  EXPECT_TRUE(result.truncated);
  EXPECT_THAT(result.error, HasSubstr("in its first 65536 bytes"));
}

// Case H5: the server listens on 127.0.0.1 alone, and localhost is also ::1 where there is IPv6.
TEST_F(HttpProbeTest, OneOfTwoAddressesIsEnough) {
  EXPECT_EQ(Run(Poll(Http(Serve(&Echo)))).failure, "");
}

TEST_F(HttpProbeTest, WhatIsNoServerIsSaidApart) {
  std::uint16_t closed = 0;
  {
    const RawListener listener;
    closed = listener.port();
  }
  EXPECT_EQ(Run(Poll(Http(closed))).failure, "connect");
  EXPECT_EQ(Run(Poll(Http(closed))).status, 0);
  Script garbage([](RawListener& listener) {
    RawSocket peer = listener.Accept();
    peer.ReadUntil("\r\n\r\n");
    peer.Send("220 mail ready\r\n");
  });
  EXPECT_EQ(Run(Poll("http://127.0.0.1:" + std::to_string(garbage.port()))).failure, "answer");
  auto poll = TlsPoll(Serve(&Echo));  // it does not speak TLS
  EXPECT_EQ(Run(poll).failure, "tls");
}

}  // namespace
}  // namespace telltale
