// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/refused_pods.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "common/metrics/registry.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/operator/reconcile/held_world.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// An API that keeps what it was asked for.
class ListingApi final : public HttpTransport {
 public:
  Result<ApiResponse> Call(const ApiRequest& request) override {
    const auto is_at = [&](std::string_view part) {
      return request.target.find(part) != std::string::npos;
    };
    if (is_at("/events?")) return ApiResponse{events_status, events};
    if (!is_at("/replicasets?")) {
      workloads_asked.push_back(request.target);
      const auto found = workloads.find(request.target);
      return found == workloads.end() ? ApiResponse{404, "{}"} : ApiResponse{200, found->second};
    }
    asked.push_back(request.method + " " + request.target);
    return ApiResponse{status, list};
  }
  Result<ApiResponse> Stream(const ApiRequest&, FunctionRef<bool(std::string_view)>) override {
    return Fail(Code::kUnavailable, "this fake streams nothing");
  }
  void Cancel() override {}

  int status = 200, events_status = 200;
  std::string list = R"({"items":[]})", events = list;
  std::map<std::string, std::string> workloads;  // by path
  std::vector<std::string> workloads_asked;
  std::vector<std::string> asked;
};

std::string Refused(const std::string& app, const std::string& message) {
  return R"({"items":[{"metadata":{"namespace":"shop","name":"web-6d4cf56db6"},"spec":{"replicas":1,)"
         R"("template":{"metadata":{"labels":{"app":")" +
         app +
         R"("}}}},"status":{"conditions":[{"type":"ReplicaFailure","status":"True","reason":)"
         R"("FailedCreate","message":")" +
         message + R"("}]}}]})";
}

std::string FailedCreate(const std::string& kind, const std::string& name,
                         const std::string& note) {
  return R"({"reason":"FailedCreate","note":")" + note + R"(","regarding":{"kind":")" + kind +
         R"(","namespace":"shop","name":")" + name + R"("}})";
}

std::string Workload(const std::string& app) {
  return R"({"spec":{"template":{"metadata":{"labels":{"app":")" + app + R"("}}}}})";
}

class RefusedPodsTest : public ::testing::Test, protected HeldWorld {
 protected:
  RefusedPods::Answer Ask(const std::string& key = "shop/shop") {
    return refused_.Of(*targets.at(key));
  }
  RefusedPodsTest() { PutTarget("shop", "shop"); }

  ListingApi listing_;
  Api list_api_{listing_};
  RefusedPods refused_{list_api_, {"trusted"}, clock};
};

TEST_F(RefusedPodsTest, TheSentenceOfTheApiServerIsFoundAndStaysTheSame) {
  listing_.list = Refused("shop", R"(pods \"web-6d4cf56db6-x7k2p\" is forbidden: exceeded quota)");
  const auto first = Ask();
  EXPECT_THAT(first.why, HasSubstr("ReplicaSet shop/web-6d4cf56db6: pods \"web-6d4cf56db6-*\" is "
                                   "forbidden: exceeded quota; raise the quota"));
  clock.Advance(first.again);
  listing_.list = Refused("shop", R"(pods \"web-6d4cf56db6-9zzzz\" is forbidden: exceeded quota)");
  EXPECT_EQ(Ask().why, first.why);
  EXPECT_EQ(listing_.asked.size(), 2u);
}

TEST_F(RefusedPodsTest, OnlyTheTargetsOwnReplicaSetsAreAskedForAndCount) {
  auto& target = PutTarget("shop", "shop");
  target.selector.match_expressions = {{"tier", LabelSelector::Operator::kIn, {"a", "b"}},
                                       {"old", LabelSelector::Operator::kDoesNotExist, {}}};
  listing_.list = Refused("other", "exceeded quota");
  EXPECT_EQ(Ask().why, "");
  EXPECT_THAT(listing_.asked,
              ElementsAre("GET /apis/apps/v1/namespaces/shop/replicasets?resourceVersion=0&"
                          "labelSelector=app%3Dshop%2Ctier%20in%20%28a%2Cb%29%2C%21old"));
}

TEST_F(RefusedPodsTest, AsLongAsNothingIsFoundItIsAskedForMoreAndMoreRarely) {
  std::vector<seconds> pauses;
  for (int i = 0; i < 9; ++i) {
    const auto answer = Ask();
    EXPECT_EQ(answer.why, "");
    pauses.push_back(std::chrono::duration_cast<seconds>(answer.again));
    clock.Advance(answer.again);
  }
  EXPECT_THAT(pauses, ElementsAre(seconds(4), seconds(8), seconds(16), seconds(32), seconds(64),
                                  seconds(128), seconds(256), seconds(300), seconds(300)));
  EXPECT_EQ(listing_.asked.size(), 9u);
}

TEST_F(RefusedPodsTest, AThousandResourcesEachGetATurnOfTheirOwnTenASecond) {
  std::map<SteadyTime, std::string> due;
  for (int i = 0; i < 1000; ++i) {
    const std::string key = "shop/t" + std::to_string(i);
    PutTarget("shop", "t" + std::to_string(i));
    const auto answer = Ask(key);
    if (i > 0) due[clock.Steady() + answer.again] = key;
  }
  EXPECT_EQ(listing_.asked.size(), 1u);
  EXPECT_EQ(due.size(), 999u) << "no two have one turn";
  EXPECT_EQ(due.rbegin()->first - clock.Steady(), milliseconds(99'900));
  for (const auto& [time, key] : due) {
    clock.Advance(time - clock.Steady());
    Ask(key);
  }
  EXPECT_EQ(listing_.asked.size(), 1000u) << "asked once for each, whenever it was its turn";
}

TEST_F(RefusedPodsTest, ARefusalThatIsOverIsForgottenAndOneThatCannotBeAskedForIsNot) {
  listing_.list = Refused("shop", "exceeded quota");
  const auto first = Ask();
  clock.Advance(first.again);
  listing_.status = 403;
  EXPECT_EQ(Ask().why, first.why);
  clock.Advance(seconds(20));
  listing_.status = 200;
  listing_.list = R"({"items":[]})";
  EXPECT_EQ(Ask().why, "") << "the workload was deleted";
  listing_.list = Refused("shop", "exceeded quota");
  refused_.Forget("shop/shop");
  clock.Advance(seconds(1));
  EXPECT_NE(Ask().why, "") << "at once after it had pods";
}

TEST_F(RefusedPodsTest, StatefulSetsDaemonSetsAndJobsAreNamedByTheirEvents) {
  listing_.events = R"({"items":[)" + FailedCreate("StatefulSet", "cache", "another one's") + "," +
                    FailedCreate("StatefulSet", "db", R"(pods \"db-0\" is forbidden: a quota)") +
                    "," + FailedCreate("Job", "deleted", "long ago") + "]}";
  listing_.workloads = {{"/apis/apps/v1/namespaces/shop/statefulsets/cache", Workload("cache")},
                        {"/apis/apps/v1/namespaces/shop/statefulsets/db", Workload("shop")}};
  EXPECT_THAT(Ask().why, HasSubstr("the pods of StatefulSet shop/db: pods \"db-0\" is forbidden: a "
                                   "quota; raise the quota"));

  listing_.events = R"({"items":[)" +
                    FailedCreate("Job", "nightly", R"(pods \"nightly-x7k2p\" is forbidden)") + "]}";
  listing_.workloads = {{"/apis/batch/v1/namespaces/shop/jobs/nightly", Workload("shop")}};
  clock.Advance(seconds(15));
  EXPECT_EQ(Ask().why,
            "The API server refuses the pods of Job shop/nightly: pods \"nightly-*\" is forbidden; "
            "raise the quota or correct the workload as the sentence says; Kubernetes tries again "
            "within minutes.");
  listing_.workloads.clear();
  clock.Advance(seconds(15));
  EXPECT_EQ(Ask().why, "") << "it was deleted";
}

TEST_F(RefusedPodsTest, WithoutTheRightToSeeEventsReplicaSetsAreStillNamed) {
  listing_.events_status = 403;
  listing_.list = Refused("shop", "exceeded quota");
  const auto first = Ask();
  EXPECT_NE(first.why, "");
  listing_.list = R"({"items":[]})";
  clock.Advance(first.again);
  EXPECT_EQ(Ask().why, "");
}

TEST_F(RefusedPodsTest, ANamespaceFullOfRefusedWorkloadsCostsFewRequests) {
  listing_.events = R"({"items":[)" + FailedCreate("Job", "j0", "x");
  for (int i = 1; i < 100; ++i) {
    listing_.events += "," + FailedCreate("Job", "j" + std::to_string(i), "x");
  }
  listing_.events += "]}";
  EXPECT_EQ(Ask().why, "");
  EXPECT_EQ(listing_.workloads_asked.size(), 10u);
}

TEST_F(RefusedPodsTest, OtherNamespacesAreAskedOnlyForWhoMayLookThere) {
  for (const auto* ns : {"shop", "trusted"}) {
    auto& target = PutTarget(ns, "wide");
    target.namespaces.emplace().names = {"a", "b", "c", "d", "e"};
    clock.Advance(seconds(1));
    Ask(std::string(ns) + "/wide");
  }
  ASSERT_EQ(listing_.asked.size(), 4u) << "of five namespaces three";
  EXPECT_THAT(listing_.asked[0], HasSubstr("/namespaces/shop/"));
  EXPECT_THAT(listing_.asked[1], HasSubstr("/namespaces/a/"));
}

TEST_F(RefusedPodsTest, ALongSentenceIsCut) {
  listing_.list = Refused("shop", std::string(100'000, 'x'));
  EXPECT_LT(Ask().why.size(), 1000u);
}

}  // namespace
}  // namespace telltale
