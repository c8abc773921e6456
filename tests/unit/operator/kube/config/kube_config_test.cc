// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/config/kube_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "common/base/strings.h"
#include "tests/unit/operator/kube/config/kube_config_fixture.h"

namespace telltale {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using KubeConfigTest = KubeConfigFixture;

TEST_F(KubeConfigTest, TheCurrentContextSaysWhereAndWho) {
  auto config = Load(
      "server: https://10.0.0.1:6443, certificate-authority-data: " + Base64Encode("authority"),
      "client-certificate-data: " + Base64Encode("certificate") +
          ", client-key-data: " + Base64Encode("key"));
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_TRUE(config->server.tls);
  EXPECT_EQ(config->server.host, "10.0.0.1");
  EXPECT_EQ(config->server.port, 6443);
  EXPECT_EQ(config->ca_pem, "authority");
  EXPECT_EQ(config->client_certificate_pem, "certificate");
  EXPECT_EQ(config->client_key_pem, "key");
  EXPECT_EQ(config->ns, "shop");
  EXPECT_EQ(config->ca_file + config->client_certificate_file + config->client_key_file, "");
  EXPECT_FALSE(config->insecure_skip_verify);
}

TEST_F(KubeConfigTest, RelativePathsStartAtTheFile) {
  Write("pki/ca.crt", "authority");
  Write("client.crt", "certificate");
  Write("client.key", "key");
  auto config = Load(
      "server: https://x, certificate-authority: pki/ca.crt",
      "client-certificate: client.crt, client-key: " + folder_ + "client.key, tokenFile: token");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->ca_pem, "authority");
  EXPECT_EQ(config->client_certificate_pem, "certificate");
  EXPECT_EQ(config->client_key_pem, "key");
  EXPECT_EQ(config->token_file, folder_ + "token");
  // To be followed.
  EXPECT_EQ(config->ca_file, folder_ + "pki/ca.crt");
  EXPECT_EQ(config->client_certificate_file, folder_ + "client.crt");
  EXPECT_EQ(config->client_key_file, folder_ + "client.key");
}

TEST_F(KubeConfigTest, ATokenAndAPlainServerAreAccepted) {
  auto config = Load("server: \"http://127.0.0.1:8001\"", "token: abc");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_FALSE(config->server.tls);
  EXPECT_EQ(config->token, "abc");
}

TEST_F(KubeConfigTest, VerificationCanBeSwitchedOffButNotBesideAnAuthority) {
  auto config = Load("server: https://x, insecure-skip-tls-verify: true", "token: abc");
  ASSERT_TRUE(config.ok());
  EXPECT_TRUE(config->insecure_skip_verify);
  EXPECT_THAT(Failure("server: https://x, insecure-skip-tls-verify: true, "
                      "certificate-authority-data: " +
                          Base64Encode("x"),
                      ""),
              HasSubstr("exclude each other"));
}

TEST_F(KubeConfigTest, AProxyAndAnotherNameForTheCertificateAreTaken) {
  auto config = Load("server: https://x, tls-server-name: k.example, proxy-url: http://p:3128", "");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->tls_server_name, "k.example");
  ASSERT_TRUE(config->proxy.has_value());
  EXPECT_EQ(config->proxy->host, "p");
  EXPECT_EQ(config->proxy->port, 3128);
  EXPECT_EQ(config->proxy->username + config->proxy->password, "");

  config = Load("server: https://x, proxy-url: 'http://me%40x:s%3ac%2@p/'", "");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->proxy->username, "me@x");
  EXPECT_EQ(config->proxy->password, "s:c%2");
  EXPECT_EQ(config->proxy->port, 80);
}

TEST_F(KubeConfigTest, OtherProxiesAreRefusedAndTheirPasswordsNotRepeated) {
  for (const char* url : {"https://me:secret@p", "socks5://me:secret@p", "http://me:secret@"}) {
    const std::string failure =
        Failure("server: https://x, proxy-url: '" + std::string(url) + "'", "");
    EXPECT_THAT(failure,
                AllOf(HasSubstr("config:"), HasSubstr("proxy-url"), Not(HasSubstr("secret"))));
  }
}

TEST_F(KubeConfigTest, EachWrongInputHasItsSentence) {
  EXPECT_THAT(Failure("x: y", ""), AllOf(HasSubstr(folder_ + "config:"), HasSubstr("no server")));
  EXPECT_THAT(Failure("server: ftp://x", ""), HasSubstr("server"));
  EXPECT_THAT(Failure("server: https://x, certificate-authority-data: '%'", ""),
              HasSubstr("certificate-authority-data is not base64"));
  EXPECT_THAT(Failure("server: https://x, certificate-authority: none.crt", ""),
              HasSubstr(folder_ + "none.crt"));
  EXPECT_THAT(Failure("server: https://x", "client-key-data: " + Base64Encode("x")),
              HasSubstr("belong together"));
}

TEST_F(KubeConfigTest, MissingPartsAreNamed) {
  auto missing = LoadKubeConfig(folder_ + "absent");
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.error().message, AllOf(HasSubstr("--kubeconfig"), HasSubstr("absent")));

  Write("config", "kind: Config\n");
  EXPECT_THAT(LoadKubeConfig(folder_ + "config").error().message,
              HasSubstr("there is no current-context"));
  Write("config", "current-context: a\ncontexts: []\n");
  EXPECT_THAT(LoadKubeConfig(folder_ + "config").error().message,
              HasSubstr("there is no context named \"a\" under contexts"));
  Write("config",
        "current-context: a\ncontexts: [{name: a, context: {cluster: b, user: c}}]\n"
        "clusters: [{name: b, cluster: {server: 'https://x'}}]\n");
  EXPECT_THAT(LoadKubeConfig(folder_ + "config").error().message,
              HasSubstr("there is no user named \"c\" under users"));
  Write("config", "a: [\n");
  EXPECT_THAT(LoadKubeConfig(folder_ + "config").error().message, HasSubstr(folder_ + "config"));
}

class InClusterTest : public KubeConfigTest {
 protected:
  void SetUp() override {
    KubeConfigTest::SetUp();
    setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
    setenv("KUBERNETES_SERVICE_PORT", "443", 1);
    Write(kAccount + "ca.crt", "authority");
    Write(kAccount + "token", "abc");
    Write(kAccount + "namespace", "telltale\n");
  }
  void TearDown() override {
    unsetenv("KUBERNETES_SERVICE_HOST");
    unsetenv("KUBERNETES_SERVICE_PORT");
    KubeConfigTest::TearDown();
  }
  const std::string kAccount = "var/run/secrets/kubernetes.io/serviceaccount/";
};

TEST_F(InClusterTest, TheServiceAccountSaysWhereAndWho) {
  auto config = InClusterConfig(folder_);
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->server.host, "10.96.0.1");
  EXPECT_EQ(config->server.port, 443);
  EXPECT_TRUE(config->server.tls);
  EXPECT_EQ(config->ca_pem, "authority");
  EXPECT_EQ(config->ca_file, folder_ + kAccount + "ca.crt") << "is followed, too";
  EXPECT_EQ(config->token_file, folder_ + kAccount + "token");
  EXPECT_EQ(config->ns, "telltale");
}

TEST_F(InClusterTest, TheAddressOfTheServiceMayBeIPv6) {
  setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
  auto config = InClusterConfig(folder_);
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->server.host, "fd00::1");
}

TEST_F(InClusterTest, OutsideOfAPodTheFlagIsNamed) {
  unsetenv("KUBERNETES_SERVICE_HOST");
  EXPECT_THAT(InClusterConfig(folder_).error().message, HasSubstr("give --kubeconfig FILE"));
}

TEST_F(InClusterTest, AMissingFileIsNamed) {
  std::filesystem::remove(folder_ + kAccount + "token");
  EXPECT_THAT(InClusterConfig(folder_).error().message, HasSubstr(kAccount + "token"));
  std::filesystem::remove(folder_ + kAccount + "ca.crt");
  EXPECT_THAT(InClusterConfig(folder_).error().message, HasSubstr(kAccount + "ca.crt"));
}

}  // namespace
}  // namespace telltale
