// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/loki_config.h"

#include <gmock/gmock.h>

#include "common/text/yaml_reader.h"

namespace telltale {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> problems;

LokiConfig Decode(const std::string& yaml) {
  problems.clear();
  Decoder decoder("f", problems);
  LokiConfig out;
  auto root = ParseYaml(yaml);
  EXPECT_TRUE(root.ok());
  if (root) DecodeLoki(decoder, *root, out);
  return out;
}

TEST(LokiConfig, EveryKeyIsTaken) {
  LokiConfig loki = Decode(R"(
url: https://loki:3100
tenant: a
batchBytes: 2MiB
batchWait: 1s
timeout: 3s
maxAge: 24h
encoding: protobuf
headers: {X-Cluster: blue}
proxyUrl: http://proxy:3128
proxyAuth: {usernameFile: /pu, passwordFile: /pp}
credentials: /etc/telltale/loki
basicAuth: {username: me, passwordFile: /p}
tls: {caFile: /ca, certFile: /c, keyFile: /k, serverName: loki.example}
)");
  EXPECT_THAT(problems, IsEmpty());
  LokiConfig wanted;
  wanted.url = "https://loki:3100";
  wanted.tenant = "a";
  wanted.batch_bytes = 2 << 20;
  wanted.batch_wait_ms = 1'000;
  wanted.timeout_ms = 3'000;
  wanted.max_age_ms = 24 * 3'600'000;
  wanted.access.headers = {{"X-Cluster", "blue"}};
  wanted.access.proxy_url = "http://proxy:3128";
  wanted.access.proxy_username_file = "/pu";
  wanted.access.proxy_password_file = "/pp";
  wanted.access.credentials = "/etc/telltale/loki";
  wanted.access.username = "me";
  wanted.access.password_file = "/p";
  wanted.access.ca_file = "/ca";
  wanted.access.cert_file = "/c";
  wanted.access.key_file = "/k";
  wanted.access.server_name = "loki.example";
  EXPECT_EQ(loki, wanted);
}

TEST(LokiConfig, WhatContradictsItselfIsSaidInASentence) {
  const auto expect = [](const std::string& yaml, const std::string& problem) {
    Decode(yaml);
    EXPECT_THAT(problems, ElementsAre("f:1: " + problem)) << yaml;
  };
  expect("encoding: xml", "loki.encoding must be protobuf, but is \"xml\"");
  expect("basicAuth: {username: a}", "loki.basicAuth needs a passwordFile");
  expect("basicAuth: {passwordFile: /p}", "loki.basicAuth needs one of username and usernameFile");
  expect("basicAuth: {username: a, usernameFile: /u, passwordFile: /p}",
         "loki.basicAuth needs one of username and usernameFile");
  expect("basicAuth: {username: 'a:b', passwordFile: /p}",
         "loki.basicAuth.username must not have a colon in it");
  expect("{bearerTokenFile: /t, basicAuth: {username: a, passwordFile: /p}}",
         "loki has basicAuth and bearerTokenFile: remove one of the two");
  expect("bearerTokenFile: token",
         "loki.bearerTokenFile must be an absolute path, but is \"token\"");
  expect("tls: {certFile: /c}", "loki.tls needs certFile and keyFile together");
  expect("tls: {caFile: /c, insecureSkipVerify: true}",
         "loki.tls has a caFile, which insecureSkipVerify would ignore: remove one");
  expect("headers: {Authorization: x}",
         "loki.headers must not set Authorization: use loki.basicAuth or loki.bearerTokenFile");
  expect("headers: {'a b': x}", "loki.headers has \"a b\", which is no name of a header");
  expect("headers: {a: \"x\\ny\"}", "loki.headers.a must be printable ASCII: it becomes a header");
  expect("proxyUrl: https://proxy",
         "loki.proxyUrl must begin with http://: only such proxies are supported, whatever the "
         "server behind it speaks");
  expect("proxyUrl: http://me:secret@proxy:port",
         "loki.proxyUrl must be http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, with other "
         "characters of the two percent-encoded");
  expect("{proxyUrl: 'http://p', proxyAuth: {username: a}}", "loki.proxyAuth needs a passwordFile");
  expect("proxyAuth: {username: a, passwordFile: /p}", "loki.proxyAuth needs a loki.proxyUrl");
  expect("{proxyUrl: 'http://a:b@p', proxyAuth: {username: a, passwordFile: /p}}",
         "loki.proxyUrl has a user name and there is a loki.proxyAuth: remove one");
  expect("headers: {Proxy-Authorization: x}",
         "loki.headers must not set Proxy-Authorization: use loki.proxyAuth");
  expect("tenant: a b", "loki.tenant must be printable ASCII without spaces");
  expect("maxAge: forever",
         "loki.maxAge must be a duration such as 500ms, 10s or 1m30s, but is \"forever\"");
  expect("password: x",
         "unknown key \"password\" in loki; known are url, tenant, batchBytes, batchWait, "
         "maxLineSize, timeout, "
         "maxAge, maxLabels, encoding, headers, proxyUrl, proxyAuth, credentials, basicAuth, "
         "bearerTokenFile, "
         "tls");
}

}  // namespace
}  // namespace telltale
