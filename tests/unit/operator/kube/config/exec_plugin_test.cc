// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/config/exec_plugin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace telltale {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Answer(const std::string& status) {
  return R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":)" +
         status + "}";
}

std::string Failure(const std::string& output) {
  auto credential = ParseExecCredential(output, kExecV1);
  return credential.ok() ? "no error" : credential.error().message;
}

TEST(ExecPlugin, IsToldThatNobodyIsThereToAsk) {
  EXPECT_EQ(ExecInfoJson(kExecV1, nullptr),
            R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",)"
            R"("spec":{"interactive":false}})");
}

TEST(ExecPlugin, IsToldAboutTheClusterWhenItAsks) {
  ExecCluster cluster;
  cluster.server = "https://k";
  cluster.ca_pem = "authority";
  EXPECT_EQ(ExecInfoJson(kExecV1Beta1, &cluster),
            R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1",)"
            R"("spec":{"cluster":{"server":"https://k",)"
            R"("certificate-authority-data":"YXV0aG9yaXR5"},"interactive":false}})");
  cluster.ca_pem = "";
  cluster.insecure_skip_verify = true;
  cluster.tls_server_name = "k.example";
  cluster.proxy_url = "http://p";
  cluster.config_json = R"({"audience":"x"})";
  EXPECT_THAT(ExecInfoJson(kExecV1, &cluster),
              HasSubstr(R"({"server":"https://k","tls-server-name":"k.example",)"
                        R"("insecure-skip-tls-verify":true,"proxy-url":"http://p",)"
                        R"("config":{"audience":"x"}})"));
}

TEST(ExecPlugin, GivesATokenAndUntilWhen) {
  auto credential = ParseExecCredential(
      Answer(R"({"token":"abc","expirationTimestamp":"1970-01-01T00:00:02Z","more":[1]})"),
      kExecV1);
  ASSERT_TRUE(credential.ok()) << credential.error().message;
  EXPECT_EQ(credential->token, "abc");
  EXPECT_EQ(credential->certificate_pem, "");
  EXPECT_EQ(credential->expires_nanos, 2'000'000'000);
}

TEST(ExecPlugin, GivesACertificateForEver) {
  auto credential = ParseExecCredential(
      Answer(R"({"clientCertificateData":"c","clientKeyData":"k","expirationTimestamp":null})"),
      kExecV1);
  ASSERT_TRUE(credential.ok()) << credential.error().message;
  EXPECT_EQ(credential->certificate_pem, "c");
  EXPECT_EQ(credential->key_pem, "k");
  EXPECT_EQ(credential->token, "");
  EXPECT_FALSE(credential->expires_nanos.has_value());
}

TEST(ExecPlugin, EachWrongAnswerHasItsSentence) {
  EXPECT_THAT(Failure(""), HasSubstr("is not an ExecCredential in JSON"));
  EXPECT_THAT(Failure("Logged in!"), HasSubstr("is not an ExecCredential in JSON"));
  EXPECT_THAT(Failure(R"({"status":{}})"), HasSubstr("is not of kind ExecCredential"));
  EXPECT_THAT(Failure(R"({"kind":"ExecCredential",)"
                      R"("apiVersion":"client.authentication.k8s.io/v1beta1"})"),
              HasSubstr("another apiVersion than the kubeconfig's, "
                        "client.authentication.k8s.io/v1:"));
  EXPECT_THAT(Failure(Answer("null")), HasSubstr("has no status"));
  EXPECT_THAT(Failure(Answer("{}")), HasSubstr("neither a token nor a client certificate"));
  EXPECT_THAT(Failure(Answer(R"({"clientKeyData":"k"})")), HasSubstr("belong together"));
  EXPECT_THAT(Failure(Answer(R"({"token":"a\nX: y"})")), HasSubstr("a header cannot carry"));
  EXPECT_THAT(Failure(Answer(R"({"token":"a","expirationTimestamp":"soon"})")),
              HasSubstr("no RFC 3339"));
}

TEST(ExecPlugin, AnErrorNeverQuotesWhatMayBeACredential) {
  for (const char* status : {R"({"token":"se\ncret"})", R"({"token":"secret","clientKeyData":"k"})",
                             R"({"token":"secret","expirationTimestamp":"secret"})",
                             R"({"token":["secret"]})", R"({"token":"secret")"}) {
    EXPECT_THAT(Failure(Answer(status)), Not(HasSubstr("cret\""))) << status;
    EXPECT_THAT(Failure(Answer(status)), Not(HasSubstr("secret"))) << status;
  }
}

}  // namespace
}  // namespace telltale
