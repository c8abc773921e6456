// SPDX-License-Identifier: Apache-2.0
//
// What FakeCluster makes of writes. The same rules are held against the real server by
// tests/integration/test_fake_api.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/kube/cluster/test_requests.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;

const std::string kOne = std::string(kMaps) + "/one";
const std::string kWeb = std::string(kTargets) + "/web";

std::string Data(TestCluster& t, const std::string& path) {
  const Json object = t.Tree("GET", path);
  const Json* data = object.Find("data");
  return data == nullptr ? "" : data->Text();
}

std::string Target(const std::string& rest) {
  return R"({"apiVersion":"telltale.dev/v1alpha1","kind":"MonitoringTarget",)"
         R"("metadata":{"name":"web"},)" +
         rest + "}";
}

TEST(FakeWrites, CreateRefusesWhatExistsAndWhatHasNoNamespace) {
  TestCluster t;
  EXPECT_EQ(t.Do("POST", kMaps, MapJson("one", "{}")).status, 201);
  const ApiResponse again = t.Do("POST", kMaps, MapJson("one", "{}"));
  EXPECT_EQ(again.status, 409);
  EXPECT_THAT(again.body, HasSubstr("AlreadyExists"));
  EXPECT_EQ(t.Do("POST", "/api/v1/namespaces/no/configmaps", MapJson("one", "{}")).status, 404);
  EXPECT_EQ(t.Do("POST", kMaps, "{nonsense").status, 400);
  EXPECT_EQ(t.Do("POST", kMaps, MapJson("", "{}")).status, 422);
}

TEST(FakeWrites, AnUpdateWithAnOldVersionConflicts) {
  TestCluster t;
  Json one = t.Tree("POST", kMaps, MapJson("one", R"({"x":"1"})"));
  one["data"]["x"] = Json::String("2");
  EXPECT_EQ(t.Do("PUT", kOne, one.Text()).status, 200);
  const ApiResponse stale = t.Do("PUT", kOne, one.Text());
  EXPECT_EQ(stale.status, 409);
  EXPECT_THAT(stale.body, HasSubstr(R"("reason":"Conflict")"));
  const std::string version = Version(t.Tree("GET", kOne));
  EXPECT_EQ(t.Do("PUT", kOne, MapJson("one", R"({"x":"2"})")).status, 200)
      << "no version, no check";
  EXPECT_EQ(Version(t.Tree("GET", kOne)), version) << "an update that changes nothing is none";
  EXPECT_EQ(t.Do("PUT", std::string(kMaps) + "/two", MapJson("two", "{}")).status, 404);
}

TEST(FakeWrites, ApplyRemovesWhatOnlyItsManagerHad) {
  TestCluster t;
  EXPECT_EQ(t.Apply(kOne, "m1", MapJson("one", R"({"a":"1","b":"2"})")).status, 201);
  EXPECT_EQ(t.Apply(kOne, "m2", MapJson("one", R"({"b":"2","c":"3"})")).status, 200);
  EXPECT_EQ(t.Apply(kOne, "m1", MapJson("one", "{}")).status, 200);
  EXPECT_EQ(Data(t, kOne), R"({"b":"2","c":"3"})");
}

TEST(FakeWrites, AnApplyThatChangesNothingMakesNoVersion) {
  TestCluster t;
  t.Apply(kOne, "m1", MapJson("one", R"({"a":"1"})"));
  const std::string before = t.Do("GET", kOne).body;
  t.clock.Advance(std::chrono::seconds(90));
  EXPECT_EQ(t.Apply(kOne, "m1", MapJson("one", R"({"a":"1"})")).status, 200);
  EXPECT_EQ(t.Do("GET", kOne).body, before);
  EXPECT_EQ(t.cluster.Writes().back().resource_version, 0u);
  t.Apply(kOne, "m2", MapJson("one", R"({"a":"1"})"));
  EXPECT_NE(t.Do("GET", kOne).body, before) << "a second owner is a change";
}

TEST(FakeWrites, ApplyConflictsWithAnotherOwnerUnlessForced) {
  TestCluster t;
  t.Apply(kOne, "m1", MapJson("one", R"({"a":"1"})"));
  const ApiResponse refused = t.Apply(kOne, "m2", MapJson("one", R"({"a":"2"})"), false);
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr(R"(conflict with \"m1\": .data.a)"));
  EXPECT_EQ(t.Apply(kOne, "m2", MapJson("one", R"({"a":"2"})")).status, 200);
  EXPECT_EQ(t.Apply(kOne, "m1", MapJson("one", "{}")).status, 200);
  EXPECT_EQ(Data(t, kOne), R"({"a":"2"})") << "m1 lost it, so that dropping it means nothing";
}

TEST(FakeWrites, AnUpdateTakesOverWhatItChanges) {
  TestCluster t;
  t.Apply(kOne, "m1", MapJson("one", R"({"a":"1","b":"1"})"));
  EXPECT_EQ(t.Do("PATCH", kOne, R"({"data":{"a":"2"}})", kMerge).status, 200);
  EXPECT_EQ(t.Apply(kOne, "m1", MapJson("one", R"({"a":"1"})"), false).status, 409);
  EXPECT_EQ(t.Apply(kOne, "m1", MapJson("one", "{}")).status, 200);
  EXPECT_EQ(Data(t, kOne), R"({"a":"2"})");
}

TEST(FakeWrites, ApplyHonoursPreconditions) {
  TestCluster t;
  t.Apply(kOne, "m1", MapJson("one", R"({"a":"1"})"));
  const auto with = [](const std::string& field, const std::string& value) {
    return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one",")" + field +
           R"(":")" + value + R"("},"data":{"a":"2"}})";
  };
  EXPECT_EQ(t.Apply(kOne, "m1", with("resourceVersion", "7")).status, 409);
  EXPECT_EQ(t.Apply(kOne, "m1", with("uid", "7")).status, 422);
  EXPECT_EQ(t.Apply(kOne, "m1", with("resourceVersion", Version(t.Tree("GET", kOne)))).status, 200);
  EXPECT_EQ(t.Do("PATCH", kOne, MapJson("one", "{}"), kApply).status, 422) << "no field manager";
  EXPECT_EQ(t.Do("PATCH", kOne, "{}", "text/plain").status, 415);
}

TEST(FakeWrites, ConditionsAreMergedByType) {
  TestCluster t;
  ASSERT_TRUE(t.cluster.Put(kWeb, R"({"spec":{}})").ok());
  const auto status = [](const std::string& types) {
    std::string list;
    for (const char type : types) {
      list +=
          (list.empty() ? "" : ",") + std::string(R"({"type":")") + type + R"(","status":"True"})";
    }
    return Target(R"("status":{"conditions":[)" + list + "]}");
  };
  const auto types = [&] {
    std::string out;
    const Json web = t.Tree("GET", kWeb);
    for (const Json& item : web.Find("status")->Find("conditions")->items) {
      out += item.StringOf("type");
    }
    return out;
  };
  EXPECT_EQ(t.Apply(kWeb + "/status", "m1", status("AB")).status, 200);
  EXPECT_EQ(t.Apply(kWeb + "/status", "m2", status("BC")).status, 200);
  EXPECT_EQ(types(), "ABC");
  EXPECT_EQ(t.Apply(kWeb + "/status", "m1", status("D")).status, 200);
  EXPECT_EQ(types(), "BCD") << "A was only m1's, B is m2's too";
}

TEST(FakeWrites, SpecAndStatusAreWrittenApartAndOnlySpecCounts) {
  TestCluster t;
  Json web =
      t.Tree("POST", kTargets, Target(R"("spec":{"x":1},"status":{"observedGeneration":7})"));
  EXPECT_EQ(web.Find("status"), nullptr);
  EXPECT_EQ(web.Find("metadata")->Find("generation")->text, "1");
  web["spec"]["x"] = Json::Int(2);
  web = t.Tree("PUT", kWeb, web.Text());
  EXPECT_EQ(web.Find("metadata")->Find("generation")->text, "2");
  web["spec"]["x"] = Json::Int(3);
  web["status"]["observedGeneration"] = Json::Int(2);
  web = t.Tree("PUT", kWeb + "/status", web.Text());
  EXPECT_EQ(web.Find("metadata")->Find("generation")->text, "2");
  EXPECT_EQ(web.Find("spec")->Text(), R"({"x":2})");
  EXPECT_EQ(web.Find("status")->Text(), R"({"observedGeneration":2})");
  EXPECT_EQ(t.Do("PUT", kWeb, Target(R"("spec":{"x":9})")).status, 422) << "needs a version";
  EXPECT_EQ(t.Apply(std::string(kTargets) + "/no/status", "m", Target(R"("status":{})")).status,
            404);
  EXPECT_EQ(t.Do("GET", kOne + "/status").status, 404) << "a ConfigMap has none";
}

TEST(FakeWrites, ALeaseIsUpdatedOnlyWithItsVersion) {
  TestCluster t;
  const std::string leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
  const std::string body =
      R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"l"},)"
      R"("spec":{"holderIdentity":"a","leaseDurationSeconds":15}})";
  Json lease = t.Tree("POST", leases, body);
  EXPECT_EQ(t.Do("PUT", leases + "/l", body).status, 422);
  lease["spec"]["holderIdentity"] = Json::String("b");
  EXPECT_EQ(t.Do("PUT", leases + "/l", lease.Text()).status, 200);
  lease["spec"]["holderIdentity"] = Json::String("c");
  EXPECT_EQ(t.Do("PUT", leases + "/l", lease.Text()).status, 409);
}

TEST(FakeWrites, DeleteHonoursPreconditionsAndKnowsWhatItDeleted) {
  TestCluster t;
  t.Do("POST", kMaps, MapJson("one", "{}"));
  EXPECT_EQ(t.Do("DELETE", kOne, R"({"preconditions":{"uid":"7"}})").status, 409);
  EXPECT_EQ(t.Do("DELETE", kOne, R"({"preconditions":{"resourceVersion":"7"}})").status, 409);
  EXPECT_THAT(t.Do("DELETE", kOne).body, HasSubstr(R"("status":"Success")"));
  EXPECT_EQ(t.Do("DELETE", kOne).status, 404);
}

TEST(FakeWrites, AMergePatchRemovesWithNull) {
  TestCluster t;
  t.Do("POST", kMaps, MapJson("one", R"({"a":"1","b":"2"})"));
  EXPECT_EQ(t.Do("PATCH", kOne, R"({"data":{"a":null,"c":"3"}})", kMerge).status, 200);
  EXPECT_EQ(Data(t, kOne), R"({"b":"2","c":"3"})");
  EXPECT_EQ(t.Do("PATCH", kOne, R"({"metadata":{"resourceVersion":"3"}})", kMerge).status, 409);
  EXPECT_EQ(t.Do("PATCH", std::string(kMaps) + "/no", "{}", kMerge).status, 404);
}

TEST(FakeWrites, ATestsOwnWriteKeepsOwnersAndCountsGenerations) {
  TestCluster t;
  t.Do("POST", kTargets, Target(R"("spec":{"x":1})"));
  t.Apply(kWeb + "/status", "m1", Target(R"("status":{"observedGeneration":1})"));
  ASSERT_TRUE(t.cluster.Put(kWeb, R"({"spec":{"x":2},"status":{"observedGeneration":1}})").ok());
  const Json web = t.Tree("GET", kWeb);
  EXPECT_EQ(web.Find("metadata")->Find("generation")->text, "2");
  EXPECT_THAT(web.Text(), HasSubstr(R"("manager":"m1")"));
  EXPECT_FALSE(t.cluster.Put("/nowhere", "{}").ok());
  EXPECT_EQ(t.cluster.Remove(kOne).error().code, Code::kNotFound);
}

TEST(FakeWrites, TheLogSaysWhoWroteWhat) {
  TestCluster t;
  t.Do("POST", kMaps, MapJson("one", "{}"));
  t.Do("POST", kMaps, MapJson("one", "{}"));
  t.Do("GET", kOne);
  const auto writes = t.cluster.Writes();
  ASSERT_EQ(writes.size(), 2u);
  EXPECT_EQ(writes[0].caller.user_agent, "tester/1.0");
  EXPECT_EQ(writes[0].resource_version, 1002u);
  EXPECT_EQ(writes[1].status, 409);
  EXPECT_EQ(writes[1].resource_version, 0u);
  EXPECT_EQ(t.cluster.Log().size(), 3u);
  EXPECT_EQ(t.cluster.requests(), 3u);
}

}  // namespace
}  // namespace telltale
