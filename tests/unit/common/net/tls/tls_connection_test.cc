// SPDX-License-Identifier: Apache-2.0
//
// Our TLS server and our TLS client with certificates of our own authority.
#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <memory>

#include "common/net/http/http_client.h"
#include "common/net/http/http_server.h"
#include "tests/fakes/text_pieces.h"
#include "tests/unit/common/net/http/raw_socket.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::int64_t kDay = 86'400;
constexpr seconds kLong{20};

// OpenSSL verifies against the real time.
std::int64_t Now() { return static_cast<std::int64_t>(std::time(nullptr)); }

class TlsConnectionTest : public testing::Test {
 protected:
  static KeyPair Authority() { return *MakeAuthority("test CA", Now(), kDay); }
  static KeyPair Leaf(const KeyPair& authority, const std::string& name = "localhost") {
    return *MakeServerCertificate(authority, {name}, Now(), kDay);
  }
  void Start(const KeyPair& pair, milliseconds read_timeout = seconds(10)) {
    HttpServerOptions options;
    options.listen = "127.0.0.1:0";
    options.read_timeout = read_timeout;
    options.max_body = 16u << 20;
    options.tls = pair;
    server_ = std::make_unique<HttpServer>(options, [](const HttpRequest& request) {
      HttpResponse response;
      response.pieces = InPieces(request.body + request.target, 1000);
      return response;
    });
    const Status started = server_->Start();
    ASSERT_TRUE(started.ok()) << started.error().message;
  }
  HttpClientOptions Trusting(const KeyPair& authority) {
    HttpClientOptions options;
    options.server = *ParseUrl("https://localhost:" + std::to_string(server_->port()));
    options.tls.identity = TlsIdentity{.ca = authority.certificate};
    options.max_response = 64u << 20;
    return options;
  }
  std::unique_ptr<HttpServer> server_;
};

TEST_F(TlsConnectionTest, ACertificateOfOurAuthorityIsAccepted) {
  const KeyPair authority = Authority();
  Start(Leaf(authority));
  HttpClient client(Trusting(authority));
  for (const char* path : {"/one", "/two"}) {
    const auto response = client.Send({"GET", path, {}, ""}, kLong);
    ASSERT_TRUE(response.ok()) << response.error().message;
    EXPECT_EQ(response->body, path);
  }
}

TEST_F(TlsConnectionTest, BigBodiesGoBothWaysUnchanged) {
  const KeyPair authority = Authority();
  Start(Leaf(authority));
  std::string body;
  for (std::uint32_t i = 0; body.size() < (8u << 20); ++i) body += std::to_string(i * 2654435761u);
  HttpClient client(Trusting(authority));
  const auto response = client.Send({"POST", "/end", {}, body}, kLong);
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_TRUE(response->body == body + "/end");
}

TEST_F(TlsConnectionTest, AnotherAuthorityIsRefusedAndTheErrorSaysWhy) {
  Start(Leaf(Authority()));
  const auto response = HttpClient(Trusting(Authority())).Send({}, kLong);
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, Code::kUnavailable);
  EXPECT_NE(response.error().message.find("certificate is not accepted"), std::string::npos)
      << response.error().message;
}

TEST_F(TlsConnectionTest, TheSystemRootsDoNotTrustUs) {
  Start(Leaf(Authority()));
  EXPECT_FALSE(HttpClient(Trusting({})).Send({}, kLong).ok());
}

TEST_F(TlsConnectionTest, TheNameMustBeInTheCertificate) {
  const KeyPair authority = Authority();
  Start(Leaf(authority, "other.example"));
  HttpClientOptions options = Trusting(authority);
  const auto response = HttpClient(options).Send({}, kLong);
  ASSERT_FALSE(response.ok());
  EXPECT_NE(response.error().message.find("ostname mismatch"), std::string::npos)
      << response.error().message;
  options.tls.server_name = "other.example";
  EXPECT_TRUE(HttpClient(options).Send({}, kLong).ok());
  options.tls.server_name = "";
  options.tls.insecure_skip_verify = true;
  EXPECT_TRUE(HttpClient(options).Send({}, kLong).ok());
}

TEST_F(TlsConnectionTest, AnAddressIsVerifiedAsAnAddress) {
  const KeyPair authority = Authority();
  Start(Leaf(authority, "127.0.0.1"));
  HttpClientOptions options = Trusting(authority);
  options.server.host = "127.0.0.1";
  const auto response = HttpClient(options).Send({}, kLong);
  EXPECT_TRUE(response.ok()) << response.error().message;
  ASSERT_TRUE(server_->SetKeyPair(Leaf(authority, "localhost")).ok());
  EXPECT_FALSE(HttpClient(options).Send({}, kLong).ok());
}

TEST_F(TlsConnectionTest, AnExpiredCertificateIsRefused) {
  const KeyPair authority = *MakeAuthority("old CA", Now() - 10 * kDay, 20 * kDay);
  Start(*MakeServerCertificate(authority, {"localhost"}, Now() - 5 * kDay, kDay));
  const auto response = HttpClient(Trusting(authority)).Send({}, kLong);
  ASSERT_FALSE(response.ok());
  EXPECT_NE(response.error().message.find("expired"), std::string::npos);
}

TEST_F(TlsConnectionTest, ANewPairIsForNewConnectionsOnly) {
  const KeyPair old_authority = Authority();
  const KeyPair new_authority = Authority();
  Start(Leaf(old_authority));
  HttpClient kept(Trusting(old_authority));
  ASSERT_TRUE(kept.Send({}, kLong).ok());
  ASSERT_TRUE(server_->SetKeyPair(Leaf(new_authority)).ok());
  EXPECT_TRUE(kept.Send({}, kLong).ok());
  EXPECT_FALSE(HttpClient(Trusting(old_authority)).Send({}, kLong).ok());
  EXPECT_TRUE(HttpClient(Trusting(new_authority)).Send({}, kLong).ok());
}

TEST_F(TlsConnectionTest, AWrongPairIsRefusedAndTheOldOneServes) {
  const KeyPair authority = Authority();
  Start(Leaf(authority));
  const Status set =
      server_->SetKeyPair({Leaf(authority).certificate, Leaf(authority).private_key});
  ASSERT_FALSE(set.ok());
  EXPECT_EQ(set.error().code, Code::kInvalid);
  EXPECT_FALSE(server_->SetKeyPair({"x", "y"}).ok());
  EXPECT_TRUE(HttpClient(Trusting(authority)).Send({}, kLong).ok());
}

TEST_F(TlsConnectionTest, APlainServerTakesNoPairAndAWrongOneDoesNotStart) {
  HttpServerOptions options;
  options.listen = "127.0.0.1:0";
  HttpServer plain(options, [](const HttpRequest&) { return HttpResponse(); });
  EXPECT_FALSE(plain.SetKeyPair(Leaf(Authority())).ok());
  options.tls = KeyPair{"x", "y"};
  HttpServer wrong(options, [](const HttpRequest&) { return HttpResponse(); });
  EXPECT_FALSE(wrong.Start().ok());
}

TEST_F(TlsConnectionTest, AStalledHandshakeIsClosedByTheDeadline) {
  Start(Leaf(Authority()), milliseconds(150));
  for (const char* bytes : {"", "\x16\x03\x01\x02"}) {
    RawSocket socket = RawSocket::Connect(server_->port());
    socket.Send(bytes);
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(socket.ReadAll(), "");
    EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(5));
  }
}

TEST_F(TlsConnectionTest, PlainHttpToATlsServerGetsNoAnswer) {
  Start(Leaf(Authority()));
  HttpClientOptions options = Trusting({});
  options.server.tls = false;
  const auto response = HttpClient(options).Send({}, kLong);
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, Code::kUnavailable);
}

TEST_F(TlsConnectionTest, AClientGivesUpOnAServerThatNeverShakesHands) {
  RawListener silent;
  HttpClientOptions options;
  options.server = *ParseUrl("https://127.0.0.1:" + std::to_string(silent.port()));
  const auto response = HttpClient(options).Send({}, milliseconds(200));
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, Code::kTimeout);
  EXPECT_EQ(response.error().message,
            "TLS with 127.0.0.1:" + std::to_string(silent.port()) + ": no answer within 200 ms");
}

TEST_F(TlsConnectionTest, StoppingClosesIdleTlsConnectionsAndTheClientReconnects) {
  const KeyPair authority = Authority();
  const KeyPair leaf = Leaf(authority);
  Start(leaf);
  const std::uint16_t port = server_->port();
  HttpClient client(Trusting(authority));
  ASSERT_TRUE(client.Send({}, kLong).ok());
  const auto start = std::chrono::steady_clock::now();
  server_->Stop(seconds(20));
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(5));
  HttpServerOptions options;
  options.listen = "127.0.0.1:" + std::to_string(port);
  options.tls = leaf;
  HttpServer again(options, [](const HttpRequest&) { return TextResponse(200, "again"); });
  ASSERT_TRUE(again.Start().ok());
  const auto response = client.Send({}, kLong);
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->body, "again");
}

}  // namespace
}  // namespace telltale
