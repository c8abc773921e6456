// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/alertmanager_config.h"

#include <gmock/gmock.h>

#include "common/text/yaml_reader.h"

namespace telltale {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> problems;

AlertmanagerConfig Decode(const std::string& yaml) {
  problems.clear();
  Decoder decoder("f", problems);
  AlertmanagerConfig out;
  auto root = ParseYaml(yaml);
  EXPECT_TRUE(root.ok());
  if (root) DecodeAlertmanager(decoder, *root, out);
  return out;
}

TEST(AlertmanagerConfig, OneUrlOrSeveral) {
  EXPECT_THAT(Decode("url: http://am:9093").urls, ElementsAre("http://am:9093"));
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_THAT(Decode("urls: [http://a:9093, http://b:9093/am, http://a:9093]").urls,
              ElementsAre("http://a:9093", "http://b:9093/am"));
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_THAT(Decode("{}").urls, IsEmpty());
  EXPECT_THAT(problems, IsEmpty());
}

TEST(AlertmanagerConfig, EveryKeyOfAccessIsTaken) {
  const AlertmanagerConfig out = Decode(R"(
urls: [https://am:9093]
headers: {X-Scope-OrgID: team-a}
proxyUrl: http://proxy:3128
proxyAuth: {username: pu, passwordFile: /pp}
credentials: /etc/am
basicAuth: {username: me, passwordFile: /p}
tls: {caFile: /ca, certFile: /c, keyFile: /k, serverName: am.example}
)");
  EXPECT_THAT(problems, IsEmpty());
  AccessConfig wanted;
  wanted.headers = {{"X-Scope-OrgID", "team-a"}};
  wanted.proxy_url = "http://proxy:3128";
  wanted.proxy_username = "pu";
  wanted.proxy_password_file = "/pp";
  wanted.credentials = "/etc/am";
  wanted.username = "me";
  wanted.password_file = "/p";
  wanted.ca_file = "/ca";
  wanted.cert_file = "/c";
  wanted.key_file = "/k";
  wanted.server_name = "am.example";
  EXPECT_EQ(out.access, wanted);
  EXPECT_EQ(Decode("url: http://a\nbearerTokenFile: /t").access.bearer_token_file, "/t");
}

TEST(AlertmanagerConfig, AContradictionIsOneSentence) {
  const auto expect = [](const std::string& yaml, const std::string& problem) {
    Decode(yaml);
    EXPECT_THAT(problems, ElementsAre("f:1: " + problem)) << yaml;
  };
  expect("{url: 'http://a', urls: ['http://b']}",
         "alertmanager has url and urls: move the one of url to urls");
  expect("{tls: {serverName: x}}", "alertmanager needs url or urls");
  expect("{url: 'http://a', bearerTokenFile: /t, basicAuth: {username: a, passwordFile: /p}}",
         "alertmanager has basicAuth and bearerTokenFile: remove one of the two");
  expect("{url: 'http://a', headers: {Authorization: x}}",
         "alertmanager.headers must not set Authorization: use alertmanager.basicAuth or "
         "alertmanager.bearerTokenFile");
  expect(
      "{urls: ['http://1', 'http://2', 'http://3', 'http://4', 'http://5', 'http://6', "
      "'http://7', 'http://8', 'http://9']}",
      "alertmanager.urls takes at most 8 URLs");
  Decode("urls: ['']");
  EXPECT_THAT(problems, ElementsAre("f:1: alertmanager.urls[0] is empty: remove it"));
  Decode("urls: ['am:9093']");
  EXPECT_EQ(problems.size(), 1u);
}

}  // namespace
}  // namespace telltale
