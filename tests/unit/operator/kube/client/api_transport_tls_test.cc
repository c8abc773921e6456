// SPDX-License-Identifier: Apache-2.0
//
// Whom the transport trusts over TLS.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "common/base/clock.h"
#include "common/base/files.h"
#include "common/net/http/http_server.h"
#include "operator/kube/client/api_transport.h"

namespace telltale {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::int64_t kDay = 86'400;

std::int64_t Now() { return RealClock().WallNanos() / 1'000'000'000; }

KeyPair Authority(const std::string& name) { return *MakeAuthority(name, Now(), kDay); }

// A server that says who asked for what; its certificate is for `name`.
class TlsServer {
 public:
  TlsServer(const KeyPair& authority, const std::string& name)
      : server_({.listen = "127.0.0.1:0",
                 .tls = *MakeServerCertificate(authority, {name}, Now(), kDay)},
                [](const HttpRequest& request) { return JsonResponse(200, request.target); }) {
    EXPECT_TRUE(server_.Start().ok());
  }
  KubeConfig Config(const std::string& ca_pem) const {
    KubeConfig config;
    config.server.tls = true;
    config.server.host = "localhost";
    config.server.port = server_.port();
    config.ca_pem = ca_pem;
    return config;
  }

 private:
  HttpServer server_;
};

Result<ApiResponse> Ask(const KubeConfig& config) {
  auto transport = MakeApiTransport(config);
  if (!transport.ok()) return transport.error();
  ApiRequest request;
  request.target = "/version";
  return (*transport)->Call(request);
}

TEST(ApiTransportTls, TheAuthorityOfTheKubeconfigIsTrusted) {
  const KeyPair authority = Authority("cluster");
  const TlsServer server(authority, "localhost");
  auto answer = Ask(server.Config(authority.certificate));
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->body, "/version");
}

TEST(ApiTransportTls, AServerOfAnotherAuthorityIsNot) {
  const TlsServer server(Authority("other"), "localhost");
  auto answer = Ask(server.Config(Authority("cluster").certificate));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, Code::kUnavailable);
  EXPECT_THAT(answer.error().message,
              AllOf(HasSubstr("the server's certificate is not accepted: unable"),
                    HasSubstr("is certificate-authority the one")));
}

TEST(ApiTransportTls, TheSystemsAuthoritiesCountOnlyWithoutOneInTheKubeconfig) {
  const KeyPair public_authority = Authority("public");
  const std::string roots = ::testing::TempDir() + "api-transport-tls-roots.pem";
  ASSERT_TRUE(WriteFileAtomic(roots, public_authority.certificate).ok());
  ASSERT_EQ(setenv("SSL_CERT_FILE", roots.c_str(), 1), 0);
  const TlsServer server(public_authority, "localhost");
  EXPECT_TRUE(Ask(server.Config("")).ok());
  EXPECT_FALSE(Ask(server.Config(Authority("cluster").certificate)).ok());
  unsetenv("SSL_CERT_FILE");
  std::remove(roots.c_str());
}

TEST(ApiTransportTls, ACertificateForAnotherNameIsNotTrusted) {
  const KeyPair authority = Authority("cluster");
  const TlsServer server(authority, "elsewhere");
  EXPECT_FALSE(Ask(server.Config(authority.certificate)).ok());
}

TEST(ApiTransportTls, VerificationCanBeSwitchedOff) {
  const TlsServer server(Authority("other"), "elsewhere");
  KubeConfig config = server.Config("");
  config.insecure_skip_verify = true;
  auto answer = Ask(config);
  EXPECT_TRUE(answer.ok()) << answer.error().message;
}

TEST(ApiTransportTls, CredentialsThatAreNoPemAreRefusedBeforeTheFirstCall) {
  const KeyPair one = Authority("one"), two = Authority("two");
  KubeConfig config;
  config.server.tls = true;
  config.server.host = "localhost";
  config.ca_pem = "nonsense";
  EXPECT_THAT(MakeApiTransport(config).error().message, HasSubstr("certificate-authority"));
  config.ca_pem = one.certificate;
  config.client_certificate_pem = one.certificate;
  config.client_key_pem = two.private_key;
  EXPECT_THAT(MakeApiTransport(config).error().message,
              HasSubstr("client-certificate and client-key"));
}

}  // namespace
}  // namespace telltale
