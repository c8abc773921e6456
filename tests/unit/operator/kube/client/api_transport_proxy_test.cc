// SPDX-License-Identifier: Apache-2.0
//
// The transport through a proxy.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/clock.h"
#include "common/base/strings.h"
#include "operator/kube/client/api_transport.h"
#include "tests/unit/operator/kube/client/connect_proxy.h"
#include "tests/unit/operator/kube/client/tls_mirror.h"

namespace telltale {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

KeyPair Authority() {
  return *MakeAuthority("cluster", RealClock().WallNanos() / 1'000'000'000, 86'400);
}
KeyPair Certificate(const KeyPair& authority, const std::string& name) {
  return *MakeServerCertificate(authority, {name}, RealClock().WallNanos() / 1'000'000'000, 86'400);
}

KubeConfig Through(std::uint16_t proxy) {
  KubeConfig config;
  config.server.host = "k.example";  // which only the proxy can reach
  config.proxy = HttpProxy{"127.0.0.1", proxy, "", ""};
  return config;
}

std::string Ask(HttpTransport& transport) {
  ApiRequest request;
  request.target = "/x";
  auto response = transport.Call(request);
  return response.ok() ? response->body : "failed: " + response.error().message;
}

std::string Ask(const KubeConfig& config) {
  auto transport = MakeApiTransport(config);
  return transport.ok() ? Ask(**transport) : transport.error().message;
}

TEST(ApiTransportProxy, TlsGoesThroughATunnelThatIsKept) {
  const KeyPair authority = Authority();
  const TlsMirror server(Certificate(authority, "k.example"));
  std::string asked;
  {
    ConnectProxy proxy;
    KubeConfig config = Through(proxy.port());
    config.proxy->username = "me";
    config.proxy->password = "pw";
    config.server.tls = true;
    config.server.port = server.port();
    config.ca_pem = authority.certificate;
    auto transport = MakeApiTransport(config);
    ASSERT_TRUE(transport.ok()) << transport.error().message;
    const std::string port = std::to_string(server.port());
    for (int i = 0; i < 2; ++i) {
      EXPECT_THAT(Ask(**transport), AllOf(HasSubstr("sni=k.example client= connection=1 "),
                                          HasSubstr("host=k.example:" + port)));
    }
    asked = proxy.asked();
    EXPECT_THAT(asked, StartsWith("CONNECT k.example:" + port + " HTTP/1.1\r\n"));
    EXPECT_THAT(asked, HasSubstr("Proxy-Authorization: Basic " + Base64Encode("me:pw")));
  }
}

TEST(ApiTransportProxy, TheDefaultPortIsAskedForByItsNumber) {
  std::string asked;
  RawServer proxy([&](RawConnection& connection) {
    asked = connection.ReadRequest();
    connection.Write(PlainAnswer("407 Proxy Authentication Required", ""));
  });
  KubeConfig config = Through(proxy.port());
  config.server.tls = true;
  config.server.port = 443;
  EXPECT_THAT(Ask(config),
              AllOf(HasSubstr("it refused with HTTP 407"), HasSubstr("proxy-url right?")));
  EXPECT_THAT(asked, StartsWith("CONNECT k.example:443 HTTP/1.1\r\n"));
}

TEST(ApiTransportProxy, APlainRequestNamesItsServer) {
  std::string asked;
  RawServer proxy([&](RawConnection& connection) {
    asked = connection.ReadRequest();
    connection.Write(PlainAnswer("200 OK", "hello"));
  });
  KubeConfig config = Through(proxy.port());
  config.server.port = 8001;
  EXPECT_EQ(Ask(config), "hello");
  EXPECT_THAT(asked, StartsWith("GET http://k.example:8001/x HTTP/1.1\r\n"));
}

TEST(ApiTransportProxy, AProxyThatIsNotThereIsNamedAsOne) {
  std::uint16_t port = 0;
  {
    RawServer gone([](RawConnection&) {});
    port = gone.port();
  }
  KubeConfig config = Through(port);
  config.server.tls = true;
  EXPECT_THAT(Ask(config), AllOf(HasSubstr("connecting to the proxy 127.0.0.1"),
                                 HasSubstr("Connection refused"), HasSubstr("proxy-url right?")));
  config.proxy->host = "no-such-proxy.invalid";
  EXPECT_THAT(Ask(config), AllOf(HasSubstr("connecting to the proxy no-such-proxy.invalid"),
                                 HasSubstr("proxy-url right?")));
}

}  // namespace
}  // namespace telltale
