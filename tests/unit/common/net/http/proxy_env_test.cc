// SPDX-License-Identifier: Apache-2.0
#include "common/net/http/proxy_env.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace telltale {
namespace {

const ProxyVariables kBoth{"http://plain:3128", "http://secure:3129", ""};

std::string ProxyOf(const std::string& url, ProxyVariables variables) {
  const auto proxy = FindProxy(*ParseUrl(url), variables);
  if (!proxy.ok()) return proxy.error().message;
  if (!*proxy) return "direct";
  return (*proxy)->host + ":" + std::to_string((*proxy)->port) + " of " + (*proxy)->from;
}

bool IsDirect(const std::string& url, const std::string& none) {
  ProxyVariables variables = kBoth;
  variables.none = none;
  return ProxyOf(url, variables) == "direct";
}

TEST(ProxyEnv, TheSchemeOfTheServerChoosesTheVariable) {
  EXPECT_EQ(ProxyOf("http://loki:3100", kBoth), "plain:3128 of HTTP_PROXY");
  EXPECT_EQ(ProxyOf("https://loki", kBoth), "secure:3129 of HTTPS_PROXY");
  EXPECT_EQ(ProxyOf("https://loki", {"http://plain:3128", "", ""}), "direct");
  EXPECT_EQ(ProxyOf("http://loki", {"", "http://secure:3129", ""}), "direct");
  EXPECT_EQ(ProxyOf("http://loki", {"plain:3128", "", ""}), "plain:3128 of HTTP_PROXY");
}

TEST(ProxyEnv, LoopbackIsNeverProxied) {
  for (const char* host :
       {"localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.8.0.1", "[::1]"}) {
    EXPECT_TRUE(IsDirect("http://" + std::string(host) + ":3100", "")) << host;
    EXPECT_TRUE(IsDirect("https://" + std::string(host), "")) << host;
  }
  EXPECT_FALSE(IsDirect("http://128.0.0.1", ""));
  EXPECT_FALSE(IsDirect("http://[::2]", ""));
  EXPECT_FALSE(IsDirect("http://localhost.example.com", ""));
}

TEST(ProxyEnv, NoProxyTakesNamesAndTheirSubdomains) {
  EXPECT_TRUE(IsDirect("http://example.com", "example.com"));
  EXPECT_TRUE(IsDirect("http://a.b.example.com", "example.com"));
  EXPECT_TRUE(IsDirect("http://EXAMPLE.com", "Example.COM"));
  EXPECT_FALSE(IsDirect("http://badexample.com", "example.com"));
  EXPECT_FALSE(IsDirect("http://example.com", ".example.com"));
  EXPECT_TRUE(IsDirect("http://a.example.com", ".example.com"));
  EXPECT_TRUE(IsDirect("http://a.example.com", "*.example.com"));
  EXPECT_FALSE(IsDirect("http://example.com", "*.example.com"));
  EXPECT_TRUE(IsDirect("https://loki.logs.svc", " .cluster.local , .svc,"));
  EXPECT_FALSE(IsDirect("https://loki.example", "svc,,"));
  EXPECT_TRUE(IsDirect("https://anything.example", "a, *"));
}

TEST(ProxyEnv, NoProxyTakesAddressesNetworksAndPorts) {
  EXPECT_TRUE(IsDirect("http://10.1.2.3", "10.0.0.0/8"));
  EXPECT_FALSE(IsDirect("http://11.1.2.3", "10.0.0.0/8"));
  EXPECT_TRUE(IsDirect("http://10.1.2.3", "10.1.2.2/31"));
  EXPECT_FALSE(IsDirect("http://10.1.2.4", "10.1.2.2/31"));
  EXPECT_TRUE(IsDirect("http://1.2.3.4", "0.0.0.0/0"));
  EXPECT_FALSE(IsDirect("http://[2001:db8::1]", "0.0.0.0/0"));
  EXPECT_TRUE(IsDirect("http://[fd00::1]:3100", "fd00::/8"));
  EXPECT_FALSE(IsDirect("http://[fe80::1]:3100", "fd00::/8"));
  EXPECT_TRUE(IsDirect("http://10.1.2.3", "10.1.2.3"));
  EXPECT_TRUE(IsDirect("http://[fd00::1]", "fd00:0::1"));
  EXPECT_TRUE(IsDirect("http://[fd00::1]", "[fd00::1]"));
  EXPECT_TRUE(IsDirect("http://loki:3100", "loki:3100"));
  EXPECT_FALSE(IsDirect("http://loki:3101", "loki:3100"));
  EXPECT_TRUE(IsDirect("http://loki", "loki:80"));
  EXPECT_TRUE(IsDirect("http://10.1.2.3:3100", "10.1.2.3:3100"));
  EXPECT_TRUE(IsDirect("http://[fd00::1]:3100", "[fd00::1]:3100"));
  EXPECT_FALSE(IsDirect("http://[fd00::1]:3101", "[fd00::1]:3100"));
  for (const char* bad :
       {"10.0.0.0/33", "10.0.0.0/x", "/8", "fd00::/129", "loki:x", ":", "[", "]:1"}) {
    EXPECT_FALSE(IsDirect("http://10.1.2.3", bad)) << bad;
    EXPECT_FALSE(IsDirect("http://loki", bad)) << bad;
  }
}

TEST(ProxyEnv, AProxyOfAnotherKindIsAnErrorWithoutItsPassword) {
  EXPECT_EQ(ProxyOf("https://loki", {"", "socks5://me:secret@proxy:1080", ""}),
            "the environment variable HTTPS_PROXY must begin with http://: only such proxies are "
            "supported, whatever the server behind it speaks");
  EXPECT_EQ(ProxyOf("https://loki", {"", "me:secret@proxy:port", ""}).find("secret"),
            std::string::npos);
  EXPECT_EQ(ProxyOf("https://10.0.0.1", {"", "socks5://proxy", "10.0.0.1"}), "direct");
}

TEST(ProxyEnv, UpperCaseWinsAndLowerCaseIsRead) {
  ASSERT_EQ(setenv("http_proxy", "http://lower:1", 1), 0);
  ASSERT_EQ(setenv("no_proxy", "a.example", 1), 0);
  EXPECT_EQ(EnvironmentProxies().http, "http://lower:1");
  ASSERT_EQ(setenv("HTTP_PROXY", "http://upper:2", 1), 0);
  EXPECT_EQ(EnvironmentProxies().http, "http://upper:2");
  EXPECT_EQ(EnvironmentProxyFor(*ParseUrl("http://b.example"))->host, "upper");
  EXPECT_FALSE(EnvironmentProxyFor(*ParseUrl("http://a.example")));
  for (const char* name : {"http_proxy", "no_proxy", "HTTP_PROXY"}) unsetenv(name);
  EXPECT_EQ(EnvironmentProxies().http, "");
}

}  // namespace
}  // namespace telltale
