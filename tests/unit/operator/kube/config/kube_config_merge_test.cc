// SPDX-License-Identifier: Apache-2.0
//
// Several kubeconfig files, "a:b".
#include <gmock/gmock.h>

#include "tests/unit/operator/kube/config/kube_config_fixture.h"

namespace telltale {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class KubeConfigMergeTest : public KubeConfigFixture {
 protected:
  Result<KubeConfig> LoadBoth() {
    return LoadKubeConfig(folder_ + "a/config:" + folder_ + "b/config");
  }
};

constexpr const char* kContexts =
    "contexts: [{name: one, context: {cluster: c, user: u, namespace: n1}}]\n";

TEST_F(KubeConfigMergeTest, PartsMayStandInDifferentFiles) {
  Write("a/config", std::string("current-context: one\n") + kContexts);
  Write("b/config",
        "current-context: two\nclusters: [{name: c, cluster: {server: 'https://b'}}]\n"
        "users: [{name: u, user: {token: t}}]\n");
  auto config = LoadBoth();
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->server.host, "b");
  EXPECT_EQ(config->token, "t");
  EXPECT_EQ(config->ns, "n1");
}

TEST_F(KubeConfigMergeTest, TheFirstFileThatHasANameHasItWholly) {
  Write("a/config", std::string(kContexts) +
                        "clusters: [{name: c, cluster: {server: 'https://a'}}]\n"
                        "users: [{name: u, user: {username: me}}]\n");
  Write("b/config",
        "current-context: one\n"
        "contexts: [{name: one, context: {cluster: other, user: other}}]\n"
        "clusters: [{name: c, cluster: {server: 'https://b', tls-server-name: b}}]\n"
        "users: [{name: u, user: {token: t}}]\n");
  auto config = LoadBoth();
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->server.host, "a");
  EXPECT_EQ(config->tls_server_name, "") << "nothing of the second file is mixed in";
  EXPECT_EQ(config->username, "me");
  EXPECT_EQ(config->token, "");
}

TEST_F(KubeConfigMergeTest, RelativePathsStartAtTheFileThatHasThem) {
  Write("a/config", std::string("current-context: one\n") + kContexts +
                        "users: [{name: u, user: {tokenFile: token}}]\n");
  Write("b/config",
        "clusters: [{name: c, cluster: {server: 'https://b', certificate-authority: ca}}]\n");
  Write("b/ca", "authority");
  auto config = LoadBoth();
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->ca_pem, "authority");
  EXPECT_EQ(config->token_file, folder_ + "a/token");
}

TEST_F(KubeConfigMergeTest, FilesThatAreMissingAreSkippedUnlessAllAre) {
  EXPECT_THAT(LoadBoth().error().message, AllOf(HasSubstr("--kubeconfig"), HasSubstr("b/config")));
  Write("b/config", std::string("current-context: one\n") + kContexts +
                        "clusters: [{name: c, cluster: {server: 'https://b'}}]\n"
                        "users: [{name: u, user: {}}]\n");
  EXPECT_TRUE(LoadBoth().ok());
  EXPECT_TRUE(LoadKubeConfig(":" + folder_ + "b/config:" + folder_ + "b/config:").ok());
}

TEST_F(KubeConfigMergeTest, AFileThatCannotBeReadIsAnErrorAllTheSame) {
  Write("a/config", "a: [\n");
  Write("b/config", "");
  EXPECT_THAT(LoadBoth().error().message, HasSubstr("a/config"));
}

TEST_F(KubeConfigMergeTest, WhatIsInNoneOfThemIsSaidOfAll) {
  Write("a/config", "current-context: one\n");
  Write("b/config", "contexts: []\n");
  EXPECT_THAT(LoadBoth().error().message,
              AllOf(HasSubstr("a/config:"), HasSubstr("b/config: there is no context")));
}

}  // namespace
}  // namespace telltale
