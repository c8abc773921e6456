// SPDX-License-Identifier: Apache-2.0
#include "common/net/http/url.h"

#include <gtest/gtest.h>

#include <string_view>

namespace telltale {
namespace {

TEST(UrlTest, AllPartsAreRead) {
  const auto url = ParseUrl("https://loki.example:3100/loki/api/v1/push?a=b");
  ASSERT_TRUE(url.ok());
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "loki.example");
  EXPECT_EQ(url->port, 3100);
  EXPECT_EQ(url->target, "/loki/api/v1/push?a=b");
  EXPECT_EQ(url->HostHeader(), "loki.example:3100");
}

TEST(UrlTest, PortAndTargetHaveDefaults) {
  EXPECT_EQ(ParseUrl("http://h")->port, 80);
  EXPECT_EQ(ParseUrl("HTTPS://h/")->port, 443);
  EXPECT_EQ(ParseUrl("http://h")->target, "/");
  EXPECT_EQ(ParseUrl("http://h?x=1")->target, "/?x=1");
  EXPECT_EQ(ParseUrl("http://h:80")->HostHeader(), "h");
  EXPECT_EQ(ParseUrl("https://h:443")->HostHeader(), "h");
  EXPECT_EQ(ParseUrl("https://h:80")->HostHeader(), "h:80");
}

TEST(UrlTest, Ipv6HostsStandInBrackets) {
  const auto url = ParseUrl("http://[fd00::1]:3100/x");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->host, "fd00::1");
  EXPECT_EQ(url->port, 3100);
  EXPECT_EQ(url->HostHeader(), "[fd00::1]:3100");
  EXPECT_EQ(ParseUrl("http://[::1]")->HostHeader(), "[::1]");
  EXPECT_EQ(ParseUrl("http://[::1]")->port, 80);
}

TEST(UrlTest, WhatIsNotAnAbsoluteHttpUrlIsRefused) {
  for (const char* text : {"",
                           "loki:3100",
                           "//h/",
                           "ftp://h/",
                           "http:/h",
                           "http://",
                           "http:///path",
                           "http://:80/",
                           "http://h:",
                           "http://h:0",
                           "http://h:65536",
                           "http://h:99999",
                           "http://h:+1",
                           "http://h:1x",
                           "http://h:-1",
                           "http://a:1:2",
                           "http://::1/",
                           "http://[::1",
                           "http://[::1]x",
                           "http://[nope]/",
                           "http://[fe80::1%a[b]/",
                           "http://[fe80::1%a\"b]/",
                           "http://[]/",
                           "http://h/#part",
                           "http://user@h/",
                           "http://u:p@h/",
                           "http://h/a b",
                           "http://h/\r\nX: y",
                           "http://h/\xc3\xa9",
                           "http://h_\"x/",
                           "http://h%20/"}) {
    const auto url = ParseUrl(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_EQ(url.error().code, Code::kInvalid) << text;
  }
}

TEST(UrlTest, AnErrorDoesNotRepeatAPassword) {
  const auto url = ParseUrl("http://user:hunter2@h/");
  ASSERT_FALSE(url.ok());
  EXPECT_EQ(url.error().message.find("hunter2"), std::string::npos);
}

TEST(HostPortTest, ListenAddressesAreRead) {
  EXPECT_EQ(ParseHostPort(":8080")->host, "");
  EXPECT_EQ(ParseHostPort(":8080")->port, 8080);
  EXPECT_EQ(ParseHostPort("127.0.0.1:0")->host, "127.0.0.1");
  EXPECT_EQ(ParseHostPort("127.0.0.1:0")->port, 0);
  EXPECT_EQ(ParseHostPort("[::1]:9443")->host, "::1");
  EXPECT_EQ(ParseHostPort("[::]:65535")->port, 65535);
  EXPECT_EQ(ParseHostPort("[fe80::1%eth0]:1")->host, "fe80::1%eth0");
  EXPECT_EQ(ParseHostPort("localhost:80")->host, "localhost");
}

TEST(HostPortTest, BadListenAddressesAreRefused) {
  for (const char* text : {"", "8080", "host", ":", ":65536", ":-1", ":http", "::1:80", "[::1]",
                           "[::1]80", "[x]:1", "a b:1", ": 1"}) {
    EXPECT_FALSE(ParseHostPort(text).ok()) << text;
  }
}

TEST(HostPortTest, NothingHidesBehindAnIpv6Address) {
  using namespace std::string_view_literals;
  for (const auto text : {"[::1\0x]:80"sv, "[::1%a b]:80"sv, "[::1%a\r\nX: y]:80"sv}) {
    EXPECT_FALSE(ParseHostPort(text).ok()) << text;
  }
}

TEST(HostPortTest, JoiningAddsBracketsWhereNeeded) {
  EXPECT_EQ(JoinHostPort("10.0.0.1", 80), "10.0.0.1:80");
  EXPECT_EQ(JoinHostPort("fd00::2", 9847), "[fd00::2]:9847");
  EXPECT_EQ(JoinHostPort("", 8080), ":8080");
}

}  // namespace
}  // namespace telltale
