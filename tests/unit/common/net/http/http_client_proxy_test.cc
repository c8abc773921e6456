// SPDX-License-Identifier: Apache-2.0
//
// HttpClient through a proxy that wants to know who asks, and through one that is silent.
#include <gmock/gmock.h>

#include "common/base/strings.h"
#include "tests/unit/common/net/http/http_client_fixture.h"

namespace telltale {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

HttpClientOptions Through(const Script& proxy, const std::string& server,
                          const std::string& user = "", const std::string& password = "") {
  HttpClientOptions options;
  options.server = *ParseUrl(server);
  options.proxy = HttpProxy{"127.0.0.1", proxy.port(), user, password};
  return options;
}

// A proxy that lets one user in, and answers for the servers behind it.
Script ProxyOf(const std::string& user, const std::string& password, std::string& asked) {
  const std::string ticket =
      "\r\nProxy-Authorization: Basic " + Base64Encode(user + ":" + password) + "\r\n";
  return Script([ticket, &asked](RawListener& listener) {
    RawSocket client = listener.Accept();
    while (true) {
      const std::string request = client.ReadUntil("\r\n\r\n");
      if (request.empty()) return;
      asked = request;
      const bool known = request.find(ticket) != std::string::npos;
      client.Send(known ? Ok("from behind the proxy")
                        : "HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n");
    }
  });
}

TEST(HttpClientProxyTest, APlainRequestNamesItsServerAndSaysWhoAsks) {
  std::string asked;
  {
    Script proxy = ProxyOf("me", "p:w", asked);
    HttpClient client(Through(proxy, "http://shop.example:3100", "me", "p:w"));
    for (int i = 0; i < 2; ++i) {  // the second over the kept connection
      const auto response = client.Send({"GET", "/ready?a=b", {{"A", "b"}}, ""}, kLong);
      ASSERT_TRUE(response.ok()) << response.error().message;
      EXPECT_EQ(response->body, "from behind the proxy");
    }
  }
  EXPECT_THAT(asked,
              AllOf(StartsWith("GET http://shop.example:3100/ready?a=b HTTP/1.1\r\n"),
                    HasSubstr("\r\nHost: shop.example:3100\r\n"), HasSubstr("\r\nA: b\r\n")));
}

TEST(HttpClientProxyTest, ARefusalOfTheProxyIsAnAnswer) {
  std::string asked;
  {
    Script proxy = ProxyOf("me", "pw", asked);
    const auto wrong = HttpClient(Through(proxy, "http://x.example", "me", "no")).Send({}, kLong);
    ASSERT_TRUE(wrong.ok()) << wrong.error().message;
    EXPECT_EQ(wrong->status, 407);
  }
  {
    Script proxy = ProxyOf("me", "pw", asked);
    EXPECT_EQ(HttpClient(Through(proxy, "http://x.example")).Send({}, kLong)->status, 407);
  }
  EXPECT_THAT(asked, Not(HasSubstr("Proxy-Authorization")));
}

// A proxy that refuses every tunnel.
std::string RefusedTunnel(int status, const std::string& user) {
  Script proxy([status](RawListener& listener) {
    RawSocket client = listener.Accept();
    client.ReadUntil("\r\n\r\n");
    client.Send("HTTP/1.1 " + std::to_string(status) + " No\r\nContent-Length: 0\r\n\r\n");
  });
  const auto response =
      HttpClient(Through(proxy, "https://shop.example", user, "pw")).Send({}, kLong);
  const std::string port = std::to_string(proxy.port());
  std::string message = response.ok() ? "answered" : response.error().message;
  if (const auto at = message.find(port); at != std::string::npos) {
    message.replace(at, port.size(), "PORT");
  }
  return message;
}

TEST(HttpClientProxyTest, ARefusedTunnelSaysWhetherCredentialsAreMissingOrWrong) {
  const std::string begin =
      "asking the proxy 127.0.0.1:PORT for shop.example:443: it refused with ";
  EXPECT_EQ(RefusedTunnel(407, "me"), begin + "HTTP 407: it does not know this user and password");
  EXPECT_EQ(RefusedTunnel(403, "me"), begin + "HTTP 403");
  Script proxy([](RawListener& listener) {
    RawSocket client = listener.Accept();
    client.ReadUntil("\r\n\r\n");
    client.Send("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n");
  });
  const auto response = HttpClient(Through(proxy, "https://shop.example")).Send({}, kLong);
  ASSERT_FALSE(response.ok());
  EXPECT_THAT(response.error().message, HasSubstr("HTTP 407: it wants a user name and a password"));
}

TEST(HttpClientProxyTest, WithoutAProxyInTheOptionsTheEnvironmentIsAsked) {
  std::string asked;
  {
    Script proxy = ProxyOf("me", "pw", asked);
    const std::string url = "http://me:pw@127.0.0.1:" + std::to_string(proxy.port());
    ASSERT_EQ(setenv("HTTP_PROXY", url.c_str(), 1), 0);
    HttpClientOptions options;
    options.server = *ParseUrl("http://shop.example:3100");
    const auto response = HttpClient(options).Send({}, kLong);
    unsetenv("HTTP_PROXY");
    ASSERT_TRUE(response.ok()) << response.error().message;
    EXPECT_EQ(response->body, "from behind the proxy");
  }
  EXPECT_THAT(asked, StartsWith("GET http://shop.example:3100/ HTTP/1.1\r\n"));
}

TEST(HttpClientProxyTest, AProxyOfTheEnvironmentIsNamedWhenItCannotBeReached) {
  RawListener closed;
  const std::string port = std::to_string(closed.port());
  ASSERT_EQ(setenv("https_proxy", ("127.0.0.1:" + port).c_str(), 1), 0);
  HttpClientOptions options;
  options.server = *ParseUrl("https://shop.example");
  options.connect_timeout = std::chrono::milliseconds(200);
  HttpClient client(options);
  unsetenv("https_proxy");
  const auto response = client.Send({}, std::chrono::milliseconds(200));
  ASSERT_FALSE(response.ok());
  EXPECT_THAT(response.error().message,
              HasSubstr("the proxy 127.0.0.1:" + port + " of HTTPS_PROXY"));
}

TEST(HttpClientProxyTest, ASilentProxyIsGivenUpAtTheDeadlineOfTheCallWhichIsNamed) {
  Script silent([](RawListener& listener) { listener.Accept().ReadAll(); });
  HttpClientOptions options = Through(silent, "https://shop.example");
  options.connect_timeout = kLong;
  const auto response = HttpClient(options).Send({}, std::chrono::milliseconds(150));
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, Code::kTimeout);
  EXPECT_EQ(response.error().message,
            "asking the proxy 127.0.0.1:" + std::to_string(silent.port()) +
                " for shop.example:443: no answer within 150 ms");
}

}  // namespace
}  // namespace telltale
