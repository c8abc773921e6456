// SPDX-License-Identifier: Apache-2.0
//
// Who a kubeconfig says we are: the ways to authenticate and which of several counts.
#include <gmock/gmock.h>

#include "common/base/strings.h"
#include "tests/unit/operator/kube/config/kube_config_fixture.h"

namespace telltale {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

using KubeConfigUserTest = KubeConfigFixture;

constexpr const char* kV1 =
    "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ";

TEST_F(KubeConfigUserTest, AUsernameAndPasswordAreTaken) {
  auto config = LoadUser("username: me, password: pw");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->username, "me");
  EXPECT_EQ(config->password, "pw");
}

TEST_F(KubeConfigUserTest, APluginIsReadWithAllThatItSays) {
  auto config = Load(
      "server: https://x, certificate-authority-data: " + Base64Encode("authority") +
          ", extensions: [{name: other, extension: 1}, {name: client.authentication.k8s.io/exec, "
          "extension: {audience: a, n: 12, z: 012, q: '1', yes: true, list: [null, 1.5e3, -x]}}]",
      std::string(kV1) +
          "aws, args: [eks, get token], env: [{name: A, value: b=c}], "
          "installHint: get it, provideClusterInfo: true}");
  ASSERT_TRUE(config.ok()) << config.error().message;
  ASSERT_TRUE(config->exec.has_value());
  EXPECT_EQ(config->exec->command, "aws");
  EXPECT_THAT(config->exec->arguments, ElementsAre("eks", "get token"));
  EXPECT_THAT(config->exec->environment, ElementsAre(Pair("A", "b=c")));
  EXPECT_EQ(config->exec->api_version, kExecV1);
  EXPECT_EQ(config->exec->install_hint, "get it");
  EXPECT_THAT(config->exec->info,
              AllOf(HasSubstr(R"("server":"https://x")"),
                    HasSubstr(R"("config":{"audience":"a","n":12,"z":"012","q":"1","yes":true,)"
                              R"("list":[null,1.5e3,"-x"]})")));
}

TEST_F(KubeConfigUserTest, APluginIsNotToldAboutTheClusterUnlessItAsks) {
  auto config =
      LoadUser("exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: ./bin/login}");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->exec->info, ExecInfoJson(kExecV1Beta1, nullptr));
  EXPECT_EQ(config->exec->command, folder_ + "./bin/login") << "starts at the file";
}

TEST_F(KubeConfigUserTest, OtherCredentialsComeBeforeAPlugin) {
  const std::string exec = std::string(kV1) + "aws}";
  for (const std::string& other :
       {std::string("token: a"), std::string("tokenFile: /a"), std::string("username: a"),
        "client-certificate-data: " + Base64Encode("a") +
            ", client-key-data: " + Base64Encode("a")}) {
    auto config = LoadUser(exec + ", " + other);
    ASSERT_TRUE(config.ok()) << config.error().message;
    EXPECT_FALSE(config->exec.has_value()) << other;
  }
  EXPECT_TRUE(LoadUser(exec)->exec.has_value());
}

TEST_F(KubeConfigUserTest, WhomToActAsIsSentWithEveryRequest) {
  auto config = LoadUser("token: a, as: system:serviceaccount:x:y, as-uid: u, as-groups: [g]");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_THAT(config->impersonate,
              ElementsAre(Pair("Impersonate-User", "system:serviceaccount:x:y"),
                          Pair("Impersonate-Uid", "u"), Pair("Impersonate-Group", "g")));
  EXPECT_TRUE(LoadUser("token: a, as-groups: []")->impersonate.empty());
  EXPECT_THAT(LoadUser("token: a, as: b, as-groups: [c, d]")->impersonate,
              ElementsAre(Pair("Impersonate-User", "b"), Pair("Impersonate-Group", "c"),
                          Pair("Impersonate-Group", "d")));
}

TEST_F(KubeConfigUserTest, EachWrongUserHasItsSentence) {
  EXPECT_THAT(UserFailure("auth-provider: {name: gcp}"),
              AllOf(HasSubstr(folder_ + "config:"),
                    HasSubstr("auth-provider is not supported: use a credential plugin")));
  EXPECT_THAT(UserFailure("token: a, username: b"), HasSubstr("exclude each other"));
  EXPECT_THAT(UserFailure("tokenFile: a, password: b"), HasSubstr("exclude each other"));
  EXPECT_THAT(UserFailure("token: \"a\\r\\nX: y\""), HasSubstr("the token has spaces"));
  EXPECT_THAT(UserFailure("as: \"a\\nX: y\""), HasSubstr("control characters"));
  EXPECT_THAT(UserFailure("as-groups: [b]"), HasSubstr("need as"));
  EXPECT_THAT(UserFailure("as: a, as-user-extra: {scopes: [x]}"),
              HasSubstr("as-user-extra is not supported"));
}

TEST_F(KubeConfigUserTest, EachWrongPluginHasItsSentence) {
  constexpr const char* kApi = "exec: {apiVersion: client.authentication.k8s.io/v1, command: a";
  EXPECT_THAT(UserFailure("exec: aws"), HasSubstr("exec is not a map"));
  EXPECT_THAT(UserFailure("exec: {args: [x]}"), HasSubstr("there is no command"));
  EXPECT_THAT(UserFailure("exec: {command: aws}"), HasSubstr("apiVersion must be"));
  EXPECT_THAT(UserFailure("exec: {command: a, apiVersion: client.authentication.k8s.io/v1alpha1}"),
              HasSubstr("apiVersion must be client.authentication.k8s.io/v1 or"));
  EXPECT_THAT(UserFailure(std::string(kApi) + "}"), HasSubstr("interactiveMode must be"));
  EXPECT_THAT(UserFailure(std::string(kApi) + ", interactiveMode: Always}"),
              HasSubstr("needs a terminal"));
  EXPECT_THAT(UserFailure(std::string(kV1) + "a, args: [{b: c}]}"), HasSubstr("args are a list"));
  EXPECT_THAT(UserFailure(std::string(kV1) + "a, env: [{value: c}]}"), HasSubstr("env is a list"));
  EXPECT_THAT(UserFailure(std::string(kV1) + "a, env: [{name: 'b=', value: c}]}"),
              HasSubstr("env is a list"));
}

}  // namespace
}  // namespace telltale
