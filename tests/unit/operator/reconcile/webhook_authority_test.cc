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

TEST_F(WebhookAuthorityTest, ANewAuthorityIsTrustedBesideTheOldOneBeforeItsLeafIsUsed) {
  ASSERT_TRUE(authority_.EnsureOnce().ok());
  EXPECT_EQ(authority_.NextRound(), std::chrono::seconds(10));
  const std::string old = Bundle();
  for (int day = 0; day < 300; day += 3) {  // served all the time
    ASSERT_TRUE(authority_.EnsureOnce().ok());
    Advance(3);
    if (Bundle() != old) break;
  }
  EXPECT_THAT(Bundle(), HasSubstr(old));
  const std::size_t before = leaves_.size();
  EXPECT_EQ(authority_.NextRound(), std::chrono::seconds(2));
  ASSERT_TRUE(authority_.EnsureOnce().ok());
  EXPECT_EQ(leaves_.size(), before + 1);
  EXPECT_EQ(authority_.NextRound(), std::chrono::seconds(10));
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

// Two replicas, of which one at most may write.
class WebhookReplicasTest : public WebhookAuthorityTest {
 protected:
  struct Replica {
    explicit Replica(WebhookReplicasTest& test)
        : authority(
              {"telltale", "telltale-operator", "telltale-operator"}, test.client_,
              [this](const KeyPair& leaf) {
                leaves.push_back(leaf);
                return Status();
              },
              registry, test.clock_, [this] { return leader; }) {}
    bool leader = false;
    Registry registry;
    std::vector<KeyPair> leaves;
    WebhookAuthority authority;
  };
  static void Round(Replica& replica) { ASSERT_TRUE(replica.authority.EnsureOnce().ok()); }
  // Ends with the CA three days before it must be made anew, and both serving.
  void ServeUntilRotation() {
    a_.leader = true;
    for (int day = 0; day < 273; day += 3) {
      Round(a_);
      Round(b_);
      Advance(3);
    }
  }

  Replica a_{*this}, b_{*this};
};

TEST_F(WebhookReplicasTest, WhoDoesNotLeadWaitsQuietlyForAnAuthority) {
  Round(b_);
  EXPECT_TRUE(api_.writes.empty());
  EXPECT_TRUE(b_.leaves.empty());
  EXPECT_EQ(b_.authority.NextRound(), std::chrono::seconds(2));
  a_.leader = true;
  Round(a_);
  api_.writes.clear();
  Round(b_);
  EXPECT_TRUE(api_.writes.empty());
  ASSERT_EQ(b_.leaves.size(), 1u);
  EXPECT_NE(b_.leaves[0].private_key, a_.leaves[0].private_key) << "each has its own";
  EXPECT_EQ(b_.authority.NextRound(), std::chrono::seconds(10));
}

TEST_F(WebhookReplicasTest, ASpoiledSecretIsLeftToTheLeader) {
  api_.objects[kSecretPath] = R"({"data":{"ca.crt":"AAAA","ca.key":"!!"}})";
  Round(b_);
  EXPECT_TRUE(api_.writes.empty());
  EXPECT_TRUE(b_.leaves.empty());
}

TEST_F(WebhookReplicasTest, AnAuthorityThatIsNotPublishedYetIsNotServedWith) {
  a_.leader = true;
  api_.fail[kConfigurationPath] = 500;  // the leader dies, say, between the two steps
  EXPECT_FALSE(a_.authority.EnsureOnce().ok());
  api_.fail.clear();
  Round(b_);
  EXPECT_TRUE(b_.leaves.empty());
  EXPECT_EQ(b_.authority.NextRound(), std::chrono::seconds(2));
}

TEST_F(WebhookReplicasTest, WhoDoesNotLeadMakesNoNewAuthorityAndServesOn) {
  ServeUntilRotation();
  Advance(4);
  a_.leader = false;
  api_.writes.clear();
  const std::size_t leaves = b_.leaves.size();
  Round(a_);
  Round(b_);
  EXPECT_TRUE(api_.writes.empty());
  EXPECT_EQ(b_.leaves.size(), leaves + 1) << "of the old authority, which is good for weeks";
}

TEST_F(WebhookReplicasTest, ANewAuthorityIsPublishedBesideTheOldOneBeforeAnybodyServesWithIt) {
  ServeUntilRotation();
  const std::string old = Bundle();
  Round(a_);
  Round(b_);
  Advance(3);
  Round(b_);
  const auto a_served = a_.leaves.size(), b_served = b_.leaves.size();
  // The Secret is written, and then the process dies: the configuration refuses every write.
  api_.fail[kConfigurationPath] = 500;
  EXPECT_FALSE(a_.authority.EnsureOnce().ok());
  api_.fail.clear();
  ASSERT_EQ(Bundle(), old);
  Round(b_);
  EXPECT_EQ(b_.leaves.size(), b_served) << "nobody trusts a leaf of it yet";
  // The next leader publishes and serves with the old leaf for one more round.
  a_.leader = false;
  b_.leader = true;
  Round(b_);
  EXPECT_THAT(Bundle(), HasSubstr(old));
  EXPECT_NE(Bundle(), old);
  EXPECT_EQ(b_.leaves.size(), b_served);
  Round(b_);
  EXPECT_EQ(b_.leaves.size(), b_served + 1);
  Round(a_);
  EXPECT_EQ(a_.leaves.size(), a_served + 1);
}

TEST_F(WebhookReplicasTest, AnAuthorityWhoseKeyIsLostStaysTrustedWhileItsLeavesServe) {
  a_.leader = true;
  Round(a_);
  Round(b_);
  const std::string old = Bundle();
  std::string& secret = api_.objects[kSecretPath];
  const auto key = secret.find("\"ca.key\"");
  secret.erase(key, secret.find(',', key) + 1 - key);
  Round(a_);
  EXPECT_THAT(Bundle(), HasSubstr(old));
  EXPECT_EQ(a_.leaves.size(), 1u);
  Round(a_);
  Round(b_);
  EXPECT_EQ(a_.leaves.size(), 2u);
  EXPECT_EQ(b_.leaves.size(), 2u);
}

TEST_F(WebhookReplicasTest, AWriteThatTheLostLeaseForbidsIsNoFailure) {
  Api gated(api_, [] { return false; });
  WebhookAuthority authority(
      {"telltale", "telltale-operator", "telltale-operator"}, gated,
      [](const KeyPair&) { return Status(); }, registry_, clock_, [] { return true; });
  EXPECT_TRUE(authority.EnsureOnce().ok());
  EXPECT_EQ(authority.NextRound(), std::chrono::seconds(2));
}

// What is left of an installation that was removed is its Secret, if Kubernetes has not come to it.
TEST_F(WebhookAuthorityTest, AfterAReinstallationAReplicaServesWithoutWaitingForTheLease) {
  ASSERT_TRUE(authority_.EnsureOnce().ok());
  api_.objects[kConfigurationPath] =
      R"({"webhooks":[{"name":"inject.telltale.dev","clientConfig":{"service":{}}}]})";
  int leaves = 0;
  const auto make = [&](Api* open_api) {
    return WebhookAuthority(
        {.ns = "telltale",
         .service_name = "telltale-operator",
         .configuration = "telltale-operator",
         .open_api = open_api},
        client_,
        [&](const KeyPair&) {
          ++leaves;
          return Status();
        },
        registry_, clock_, [] { return false; });
  };
  WebhookAuthority waits = make(nullptr);
  ASSERT_TRUE(waits.EnsureOnce().ok());
  EXPECT_EQ(leaves, 0);
  WebhookAuthority serves = make(&client_);
  ASSERT_TRUE(serves.EnsureOnce().ok());
  EXPECT_EQ(leaves, 1);
  EXPECT_THAT(Bundle(), HasSubstr("BEGIN CERTIFICATE"));
  // A bundle that is there, of whomever, is the leader's to change.
  api_.objects[kConfigurationPath] =
      R"({"webhooks":[{"name":"inject.telltale.dev","clientConfig":{"caBundle":"eA=="}}]})";
  WebhookAuthority late = make(&client_);
  ASSERT_TRUE(late.EnsureOnce().ok());
  EXPECT_EQ(Bundle(), "x");
  EXPECT_EQ(leaves, 1);
}

TEST_F(WebhookAuthorityTest, TheSecretHasTheInstallationAsItsOwner) {
  WebhookAuthority owned(
      {.ns = "telltale",
       .service_name = "telltale-operator",
       .configuration = "telltale-operator",
       .owner = [] { return std::string(R"({"uid":"u-1"})"); }},
      client_, [](const KeyPair&) { return Status(); }, registry_, clock_);
  ASSERT_TRUE(owned.EnsureOnce().ok());
  EXPECT_THAT(api_.objects[kSecretPath], HasSubstr(R"("ownerReferences":[{"uid":"u-1"}])"));
}

}  // namespace
}  // namespace telltale
