// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/webhook_authority.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_api.h"
#include "tests/fakes/fake_clock.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;

constexpr const char* kSecretPath = "/api/v1/namespaces/telltale/secrets/telltale-webhook-ca";
constexpr const char* kConfigurationPath =
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/telltale-operator";
constexpr std::int64_t kDayNanos = 24LL * 3600 * 1'000'000'000;

class WebhookAuthorityTest : public ::testing::Test {
 protected:
  WebhookAuthorityTest() {
    clock_.SetWallNanos(1'800'000'000LL * 1'000'000'000);
    api_.objects[kConfigurationPath] =
        R"({"webhooks":[{"name":"inject.telltale.dev","clientConfig":{"service":{}}}]})";
  }

  std::string Bundle() {
    const std::string& body = api_.objects[kConfigurationPath];
    const auto at = body.find("\"caBundle\":\"") + 12;
    return Base64Decode(body.substr(at, body.find('"', at) - at)).value_or("");
  }
  void Advance(std::int64_t days) { clock_.SetWallNanos(clock_.WallNanos() + days * kDayNanos); }

  FakeApi api_;
  Api client_{api_};
  FakeClock clock_;
  Registry registry_;
  std::vector<KeyPair> leaves_;
  WebhookAuthority authority_{{"telltale", "telltale-operator", "telltale-operator"},
                              client_,
                              [this](const KeyPair& leaf) {
                                leaves_.push_back(leaf);
                                return Status();
                              },
                              registry_,
                              clock_};
};

TEST_F(WebhookAuthorityTest, MakesAnAuthorityPublishesItAndServesALeafOfIt) {
  ASSERT_TRUE(authority_.EnsureOnce().ok());
  ASSERT_EQ(leaves_.size(), 1u);
  EXPECT_TRUE(KeyMatches(leaves_[0]));
  EXPECT_THAT(Bundle(), HasSubstr("BEGIN CERTIFICATE"));
  EXPECT_TRUE(api_.objects.contains(kSecretPath));
}

TEST_F(WebhookAuthorityTest, ASecondRoundChangesNothing) {
  ASSERT_TRUE(authority_.EnsureOnce().ok());
  api_.writes.clear();
  ASSERT_TRUE(authority_.EnsureOnce().ok());
  EXPECT_TRUE(api_.writes.empty());
  EXPECT_EQ(leaves_.size(), 1u);
}

TEST_F(WebhookAuthorityTest, ARestartUsesTheStoredAuthority) {
  ASSERT_TRUE(authority_.EnsureOnce().ok());
  const std::string bundle = Bundle();
  WebhookAuthority second(
      {"telltale", "telltale-operator", "telltale-operator"}, client_,
      [](const KeyPair&) { return Status(); }, registry_, clock_);
  api_.writes.clear();
  ASSERT_TRUE(second.EnsureOnce().ok());
  EXPECT_TRUE(api_.writes.empty());
  EXPECT_EQ(Bundle(), bundle);
}

TEST_F(WebhookAuthorityTest, TheLeafIsRenewedAtHalfItsLife) {
  ASSERT_TRUE(authority_.EnsureOnce().ok());
  Advance(4);
  ASSERT_TRUE(authority_.EnsureOnce().ok());
  EXPECT_EQ(leaves_.size(), 2u);
}

TEST_F(WebhookAuthorityTest, ANewAuthorityIsTrustedBesideTheOldOne) {
  ASSERT_TRUE(authority_.EnsureOnce().ok());
  const std::string old = Bundle();
  Advance(300);
  ASSERT_TRUE(authority_.EnsureOnce().ok());
  EXPECT_NE(Bundle(), old);
  EXPECT_THAT(Bundle(), HasSubstr(old));
  EXPECT_EQ(leaves_.size(), 2u);
}

TEST_F(WebhookAuthorityTest, ASpoiledSecretIsReplaced) {
  api_.objects[kSecretPath] = R"({"data":{"ca.crt":"AAAA","ca.key":"!!"}})";
  ASSERT_TRUE(authority_.EnsureOnce().ok());
  EXPECT_EQ(leaves_.size(), 1u);
}

TEST_F(WebhookAuthorityTest, AMissingConfigurationIsSaidAndNoLeafIsUsed) {
  api_.objects.erase(kConfigurationPath);
  const Status status = authority_.EnsureOnce();
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message, HasSubstr("MutatingWebhookConfiguration telltale-operator"));
  EXPECT_TRUE(leaves_.empty());
}

}  // namespace
}  // namespace telltale
