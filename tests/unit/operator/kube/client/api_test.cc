// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/client/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/kube/client/status_error.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_transport.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;

std::string StatusObject(const std::string& message) {
  return R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":")" +
         message + R"("})";
}

class ApiTest : public ::testing::Test {
 protected:
  FakeTransport transport_;
  Api api_{transport_};
};

TEST_F(ApiTest, GetReturnsTheBody) {
  transport_.Push(R"({"kind":"Secret"})");
  auto got = api_.Get(SecretPath("telltale", "telltale-webhook-ca"));
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(*got, R"({"kind":"Secret"})");
  EXPECT_EQ(transport_.Requests()[0].method, "GET");
  EXPECT_EQ(transport_.Requests()[0].target,
            "/api/v1/namespaces/telltale/secrets/telltale-webhook-ca");
}

TEST_F(ApiTest, ApplySendsTheWholeIntentAsOurFieldManagerAndForces) {
  transport_.Push("{}");
  ASSERT_TRUE(api_.Apply(ConfigMapPath("shop", "telltale-sidecar"), R"({"a":1})").ok());
  const ApiRequest request = transport_.Requests()[0];
  EXPECT_EQ(request.method, "PATCH");
  EXPECT_EQ(request.target,
            "/api/v1/namespaces/shop/configmaps/telltale-sidecar"
            "?fieldManager=telltale-operator&force=true");
  EXPECT_EQ(request.content_type, "application/apply-patch+yaml");
  EXPECT_EQ(request.body, R"({"a":1})");
}

// The API server reads it as YAML, which does not allow some characters and takes others for line
// breaks. JSON has them as they are.
TEST_F(ApiTest, ApplyEscapesWhatYamlReadsOtherwise) {
  transport_.Push("{}");
  const std::string json =
      "{\"a\":\"x\x7f\xc2\x85\xe2\x80\xa8\xef\xbb\xbf\xc2\xa0\xc3\xa9\xef\xbf\xbdz\"}";
  ASSERT_TRUE(api_.Apply(ConfigMapPath("shop", "telltale-sidecar"), json).ok());
  EXPECT_EQ(transport_.Requests()[0].body,
            "{\"a\":\"x\\u007f\\u0085\\u2028\\ufeff\xc2\xa0\xc3\xa9\xef\xbf\xbdz\"}");
}

TEST_F(ApiTest, CreatePostsToTheCollection) {
  transport_.Push(FakeTransport::Answer{.status = 201});
  ASSERT_TRUE(api_.Create("/api/v1/namespaces/telltale/secrets", "{}").ok());
  const ApiRequest request = transport_.Requests()[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/api/v1/namespaces/telltale/secrets?fieldManager=telltale-operator");
  EXPECT_EQ(request.content_type, "application/json");
}

TEST_F(ApiTest, UpdatePutsTheWholeObjectAndGivesWhatWasStored) {
  transport_.Push(R"({"metadata":{"resourceVersion":"8"}})");
  auto stored = api_.Update(LeasePath("telltale", "telltale-operator"), R"({"a":1})");
  ASSERT_TRUE(stored.ok());
  EXPECT_EQ(*stored, R"({"metadata":{"resourceVersion":"8"}})");
  const ApiRequest request = transport_.Requests()[0];
  EXPECT_EQ(request.method, "PUT");
  EXPECT_EQ(request.target,
            "/apis/coordination.k8s.io/v1/namespaces/telltale/leases/telltale-operator"
            "?fieldManager=telltale-operator");
  EXPECT_EQ(request.content_type, "application/json");
  EXPECT_EQ(request.body, R"({"a":1})");
}

TEST_F(ApiTest, PatchIsAMergePatch) {
  transport_.Push(R"({"series":{"count":2}})");
  auto stored = api_.Patch(EventPath("shop", "web.1"), R"({"series":{"count":2}})");
  ASSERT_TRUE(stored.ok());
  EXPECT_EQ(*stored, R"({"series":{"count":2}})");
  const ApiRequest request = transport_.Requests()[0];
  EXPECT_EQ(request.method, "PATCH");
  EXPECT_EQ(request.target,
            "/apis/events.k8s.io/v1/namespaces/shop/events/web.1?fieldManager=telltale-operator");
  EXPECT_EQ(request.content_type, "application/merge-patch+json");
}

TEST_F(ApiTest, WhoIsNoLeaderWritesNothingButReads) {
  bool leader = false;
  Api api(transport_, [&] { return leader; });
  const auto expect_refused = [](const auto& result) {
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, Code::kCancelled);
    EXPECT_THAT(result.error().message, HasSubstr("another replica is the leader"));
  };
  expect_refused(api.Apply("/x", "{}"));
  expect_refused(api.Create("/x", "{}"));
  expect_refused(api.Update("/x", "{}"));
  expect_refused(api.Patch("/x", "{}"));
  expect_refused(api.Delete("/x"));
  EXPECT_TRUE(transport_.Requests().empty());

  transport_.Push("{}");
  EXPECT_TRUE(api.Get("/x").ok());
  leader = true;
  transport_.Push("{}");
  EXPECT_TRUE(api.Apply("/x", "{}").ok());
}

TEST_F(ApiTest, ANameThatIsTakenIsNotAChangeBySomebodyElse) {
  const auto refuse = [&](const std::string& reason) {
    transport_.Push(FakeTransport::Answer{
        .status = 409,
        .pieces = {R"({"kind":"Status","message":"no","reason":")" + reason + "\"}"}});
    return api_.Create(EventCollection("shop"), "{}").error();
  };
  const Error taken = refuse("AlreadyExists"), changed = refuse("Conflict");
  EXPECT_EQ(taken.code, Code::kConflict);
  EXPECT_EQ(changed.code, Code::kConflict);
  EXPECT_TRUE(IsAlreadyExists(taken));
  EXPECT_FALSE(IsAlreadyExists(changed));
  EXPECT_THAT(taken.message, HasSubstr("the name exists already: no (HTTP 409)"));
  EXPECT_THAT(changed.message, HasSubstr("somebody else changed it first: no (HTTP 409)"));
}

TEST_F(ApiTest, AServerThatAsksToWaitIsNotAskedAgainBefore) {
  FakeClock clock;
  Api api(transport_, ApiOptions{}, clock);
  for (const int status : {429, 503}) {
    const std::size_t before = transport_.Requests().size();
    transport_.Push(FakeTransport::Answer{.status = status, .retry_after_seconds = 2});
    EXPECT_EQ(api.Get("/x").error().code, Code::kUnavailable);
    clock.Advance(std::chrono::milliseconds(1'900));
    auto early = api.Get("/x");
    ASSERT_FALSE(early.ok());
    EXPECT_EQ(early.error().code, Code::kUnavailable);
    EXPECT_THAT(early.error().message, HasSubstr("asked us to wait"));
    EXPECT_EQ(transport_.Requests().size(), before + 1);
    clock.Advance(std::chrono::milliseconds(100));
    transport_.Push("{}");
    EXPECT_TRUE(api.Get("/x").ok());
  }
}

TEST_F(ApiTest, RequestsHaveTheTimeoutThatTheCallerWants) {
  Api api(transport_, ApiOptions{.timeout = std::chrono::milliseconds(5'000)}, RealClock());
  transport_.Push("{}");
  EXPECT_TRUE(api.Get("/x").ok());
  EXPECT_EQ(transport_.Requests()[0].timeout.count(), 5'000);
}

TEST_F(ApiTest, DeletingWhatIsNotThereIsASuccess) {
  transport_.Push(FakeTransport::Answer{.status = 404});
  transport_.Push(FakeTransport::Answer{.status = 403});
  EXPECT_TRUE(api_.Delete(ConfigMapPath("a", "b")).ok());
  EXPECT_FALSE(api_.Delete(ConfigMapPath("a", "b")).ok());
}

TEST_F(ApiTest, DeletesOnlyWhatIsStillWhatTheCallerSaw) {
  transport_.Push("{}");
  transport_.Push("{}");
  transport_.Push(FakeTransport::Answer{.status = 409});
  EXPECT_TRUE(api_.Delete("/x").ok());
  EXPECT_TRUE(api_.Delete("/x", {.uid = "u", .resource_version = "7"}).ok());
  const auto changed = api_.Delete("/x", {.uid = "u", .resource_version = {}});
  ASSERT_FALSE(changed.ok());
  EXPECT_EQ(changed.error().code, Code::kConflict);
  const auto requests = transport_.Requests();
  EXPECT_EQ(requests[0].body, "");
  EXPECT_EQ(requests[1].content_type, "application/json");
  EXPECT_EQ(requests[1].body, R"({"apiVersion":"v1","kind":"DeleteOptions",)"
                              R"("preconditions":{"uid":"u","resourceVersion":"7"}})");
  EXPECT_THAT(requests[2].body, HasSubstr(R"("preconditions":{"uid":"u"}})"));
}

TEST_F(ApiTest, StatusesBecomeCodes) {
  const struct {
    int status;
    Code code;
  } cases[] = {{400, Code::kInvalid},     {401, Code::kPermission},  {403, Code::kPermission},
               {404, Code::kNotFound},    {409, Code::kConflict},    {410, Code::kGone},
               {413, Code::kTooLarge},    {422, Code::kInvalid},     {429, Code::kUnavailable},
               {500, Code::kUnavailable}, {503, Code::kUnavailable}, {302, Code::kInvalid}};
  for (const auto& c : cases) {
    transport_.Push(FakeTransport::Answer{.status = c.status});
    auto got = api_.Get("/x");
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.error().code, c.code) << c.status;
  }
}

TEST_F(ApiTest, AnErrorSaysWhatWasTriedAndWhatTheServerSaid) {
  transport_.Push(FakeTransport::Answer{
      .status = 403, .pieces = {StatusObject("pods is forbidden: User x cannot list")}});
  auto got = api_.Get("/api/v1/pods");
  EXPECT_EQ(got.error().message,
            "GET /api/v1/pods: the API server does not allow it: pods is forbidden: User x cannot "
            "list (HTTP 403)");
}

TEST_F(ApiTest, AnErrorPageOfAProxyIsCutToOneLine) {
  transport_.Push(FakeTransport::Answer{
      .status = 502, .pieces = {"<html>bad gateway\n" + std::string(5000, 'x')}});
  auto got = api_.Get("/x");
  EXPECT_THAT(got.error().message, HasSubstr("<html>bad gateway (HTTP 502)"));
}

TEST_F(ApiTest, AnErrorOfTheTransportIsHandedOn) {
  transport_.Push(FakeTransport::Answer{.error = Fail(Code::kTimeout, "too slow")});
  auto got = api_.Get("/x");
  EXPECT_EQ(got.error().code, Code::kTimeout);
  EXPECT_EQ(got.error().message, "too slow");
}

TEST(ApiPaths, AreThoseOfTheServer) {
  EXPECT_EQ(TargetStatusPath("shop", "web"),
            "/apis/telltale.dev/v1alpha1/namespaces/shop/monitoringtargets/web/status");
  EXPECT_EQ(LeaseCollection("a"), "/apis/coordination.k8s.io/v1/namespaces/a/leases");
  EXPECT_EQ(EventCollection("a"), "/apis/events.k8s.io/v1/namespaces/a/events");
  EXPECT_EQ(
      WebhookConfigurationPath("telltale-operator"),
      "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/telltale-operator");
}

}  // namespace
}  // namespace telltale
