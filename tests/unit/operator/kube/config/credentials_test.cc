// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/config/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "common/base/files.h"
#include "common/base/strings.h"
#include "tests/fakes/fake_clock.h"

namespace telltale {
namespace {

using std::chrono::seconds;

class CredentialsTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomic(folder_ + name, text).ok());
  }
  // A plugin that gives this status.
  ExecPlugin Plugin(const std::string& status) {
    Write("answer", R"({"kind":"ExecCredential","apiVersion":")" + std::string(kExecV1) +
                        R"(","status":)" + status + "}");
    ExecPlugin plugin;
    plugin.command = "cat";
    plugin.arguments = {folder_ + "answer"};
    plugin.api_version = kExecV1;
    return plugin;
  }

  const std::string folder_ = ::testing::TempDir() + "credentials-" +
                              ::testing::UnitTest::GetInstance()->current_test_info()->name() + "/";
  FakeClock clock_;
};

TEST_F(CredentialsTest, ATokenIsBearerAndANameIsBasic) {
  KubeConfig config;
  EXPECT_EQ(Credentials(config, {}, clock_).Get()->authorization, "");
  config.token = "abc";
  EXPECT_EQ(Credentials(config, {}, clock_).Get()->authorization, "Bearer abc");
  config.token = "";
  config.username = "me";
  config.password = "p:w";
  EXPECT_EQ(Credentials(config, {}, clock_).Get()->authorization,
            "Basic " + Base64Encode("me:p:w"));
}

TEST_F(CredentialsTest, TheTokenFileWinsAsSoonAsItIsThere) {
  KubeConfig config;
  config.token = "fixed";
  config.token_file = folder_ + "token";
  Credentials credentials(config, {}, clock_);
  EXPECT_EQ(credentials.Get()->authorization, "Bearer fixed");
  Write("token", "file\n");
  clock_.Advance(seconds(60));
  EXPECT_EQ(credentials.Get()->authorization, "Bearer file");
}

TEST_F(CredentialsTest, APluginGivesTheTokenAndIsAskedAgainAfterARefusal) {
  KubeConfig config;
  config.exec = Plugin(R"({"token":"first"})");
  Credentials credentials(config, {}, clock_);
  auto identity = credentials.Get();
  ASSERT_TRUE(identity.ok()) << identity.error().message;
  EXPECT_EQ(identity->authorization, "Bearer first");
  Plugin(R"({"token":"second"})");
  clock_.Advance(seconds(60));
  EXPECT_EQ(credentials.Get()->authorization, "Bearer first");
  credentials.Rejected(*identity);
  EXPECT_EQ(credentials.Get()->authorization, "Bearer second");
}

TEST_F(CredentialsTest, TheTlsIdentityIsTheSameObjectUntilItChanges) {
  KubeConfig config;
  config.exec = Plugin(R"({"clientCertificateData":"c1","clientKeyData":"k1"})");
  config.ca_pem = "authority";
  Credentials credentials(config, {}, clock_);
  auto first = credentials.Get();
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_EQ(*first->tls, (TlsIdentity{"authority", "c1", "k1"}));
  EXPECT_EQ(first->authorization, "");

  // The same certificate again closes no connection.
  clock_.Advance(seconds(60));
  credentials.Rejected(*first);
  auto again = credentials.Get();
  EXPECT_NE(again->given, first->given);
  EXPECT_EQ(again->tls, first->tls);

  Plugin(R"({"clientCertificateData":"c2","clientKeyData":"k2"})");
  clock_.Advance(seconds(60));
  credentials.Rejected(*again);
  EXPECT_EQ(*credentials.Get()->tls, (TlsIdentity{"authority", "c2", "k2"}));
}

TEST_F(CredentialsTest, AFailingPluginIsAnError) {
  KubeConfig config;
  config.exec = Plugin("{}");
  Credentials credentials(config, {}, clock_);
  EXPECT_EQ(credentials.Get().error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace telltale
