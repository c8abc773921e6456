// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/promtail_config.h"

#include <gtest/gtest.h>

#include "operator/plan/configs/promtail_relabel.h"
#include "tests/unit/operator/plan/golden.h"
#include "tests/unit/operator/plan/world_file.h"

namespace telltale {
namespace {

const PromtailOptions kOptions = {.loki_url = "http://telltale-loki.telltale.svc:3100/",
                                  .version = "3.6.4"};

TEST(RenderPromtailConfig, HasAScrapeConfigForEachTargetOfANodeAgent) {
  ExpectGolden(
      "promtail/mixed.yaml",
      RenderPromtailConfig(ParseWorld(ReadGolden("promtail/mixed.world.json")).world, kOptions));
}

TEST(RenderPromtailConfig, ReadsNothingWhenThereIsNothingToRead) {
  ExpectGolden("promtail/empty.yaml", RenderPromtailConfig(World(), kOptions));
}

std::string Client(const PromtailOptions& options) {
  const std::string yaml = RenderPromtailConfig(World(), options);
  const std::size_t from = yaml.find("push\"\n") + 6;
  return yaml.substr(from, yaml.find("scrape_configs") - from);
}

TEST(RenderPromtailConfig, SaysWhoPromtailIsAtLokiAndNoSecret) {
  EXPECT_EQ(Client({"http://loki"}), "");
  EXPECT_EQ(Client({"http://loki", "blue", {"ca.crt", "username", "password"}}),
            R"(    tenant_id: "blue"
    basic_auth:
      username: |2-
        ${TELLTALE_LOKI_USERNAME}
      password_file: "/etc/telltale-loki/password"
    tls_config:
      ca_file: "/etc/telltale-loki/ca.crt"
)");
}

// What -config.expand-env makes of the configuration: github.com/drone/envsubst.
std::string Expanded(const std::string& text, const std::string& username) {
  const std::string variable = "${TELLTALE_LOKI_USERNAME}";
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.compare(at, variable.size(), variable) == 0) {
      out += username;
      at += variable.size() - 1;
      continue;
    }
    out += text[at];
    const bool escapes = text[at] == '$' || text[at] == '\\';
    if (escapes && at + 1 < text.size() && text[at + 1] == text[at]) ++at;
  }
  return out;
}

TEST(RenderPromtailConfig, TheExpansionOfTheUsernameChangesNothingElse) {
  const World world = ParseWorld(ReadGolden("promtail/mixed.world.json")).world;
  const std::string plain = RenderPromtailConfig(world, {"http://loki", "", {"password"}, "3.6.4"});
  const std::string with =
      RenderPromtailConfig(world, {"http://loki", "", {"username", "password"}, "3.6.4"});
  EXPECT_NE(plain.find("$1"), plain.npos);
  EXPECT_NE(plain.find('\\'), plain.npos);
  std::string expected = plain;
  const std::string before = "basic_auth:\n";
  expected.insert(expected.find(before) + before.size(), "      username: |2-\n        a\\b$c\n");
  EXPECT_EQ(Expanded(with, "a\\b$c"), expected);
}

TEST(RenderPromtailConfig, ATokenGoesBeforeAPasswordAndAKeyWithItsCertificate) {
  EXPECT_EQ(Client({"http://loki", "", {"token", "username", "password", "tls.crt", "tls.key"}}),
            R"(    bearer_token_file: "/etc/telltale-loki/token"
    tls_config:
      cert_file: "/etc/telltale-loki/tls.crt"
      key_file: "/etc/telltale-loki/tls.key"
)");
  EXPECT_EQ(Client({"http://loki", "", {"tls.crt"}}), "");
}

TEST(RenderPromtailConfig, ATargetThatPromtailWouldChokeOnIsLeftOut) {
  const auto file = ParseWorld(ReadGolden("promtail/mixed.world.json"));
  const std::string yaml = RenderPromtailConfig(file.world, kOptions);
  EXPECT_EQ(yaml.find("shop/broken"), std::string::npos);
  EXPECT_NE(yaml.find("shop/shop"), std::string::npos);
}

TEST(MetaLabel, FollowsPrometheusSanitisation) {
  EXPECT_EQ(MetaLabel("p_", "app.kubernetes.io/name"), "p_app_kubernetes_io_name");
  EXPECT_EQ(MetaLabel("p_", "k8s-app"), "p_k8s_app");
  EXPECT_EQ(MetaLabel("p_", "1st"), "p_1st");
}

TEST(QuoteRegex, MatchesOnlyTheTextItself) {
  EXPECT_EQ(QuoteRegex("v1.2-a_b"), "v1\\.2-a_b");
  EXPECT_EQ(QuoteRegex("a|b(c)*"), "a\\|b\\(c\\)\\*");
  EXPECT_EQ(QuoteRegex("\\"), "\\\\");
}

}  // namespace
}  // namespace telltale
