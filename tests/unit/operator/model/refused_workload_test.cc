// SPDX-License-Identifier: Apache-2.0
#include "operator/model/refused_workload.h"

#include <gtest/gtest.h>

namespace telltale {
namespace {

std::string Event(const std::string& kind, const std::string& name, const std::string& note,
                  const std::string& time, const std::string& reason = "FailedCreate") {
  return R"({"metadata":{"name":"e"},"regarding":{"kind":")" + kind +
         R"(","namespace":"shop","name":")" + name + R"("},"reason":")" + reason + R"(","note":")" +
         note + R"(",)" + time + "}";
}

std::vector<RefusedWorkload> Read(const std::string& items) {
  const auto found = RefusedWorkloads(R"({"kind":"EventList","items":[)" + items + "]}");
  EXPECT_TRUE(found.ok());
  return found.ok() ? *found : std::vector<RefusedWorkload>();
}

const std::string kNoon = R"("eventTime":null,"deprecatedLastTimestamp":"2026-06-01T12:00:00Z")";
const std::string kOne = R"("deprecatedLastTimestamp":"2026-06-01T13:00:00Z")";
const std::string kTwo =
    R"("eventTime":"2026-06-01T11:00:00.000001Z","series":{"count":3,"lastObservedTime":)"
    R"("2026-06-01T14:00:00.123456Z"})";

TEST(RefusedWorkloads, EachIsNamedOnceWithItsLastMessageTheNewestFirst) {
  const auto found = Read(
      Event("StatefulSet", "db", "old", kNoon) + "," + Event("Job", "nightly", "a quota", kTwo) +
      "," + Event("StatefulSet", "db", "(combined from similar events): exceeded quota", kOne) +
      "," + Event("DaemonSet", "agent", "no privilege", kNoon));
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].name + ": " + found[0].message, "nightly: a quota");
  EXPECT_EQ(found[1].name + ": " + found[1].message, "db: exceeded quota");
  EXPECT_EQ(found[2].kind + " " + found[2].ns + "/" + found[2].name, "DaemonSet shop/agent");
  EXPECT_EQ(WorkloadPath(found[0]), "/apis/batch/v1/namespaces/shop/jobs/nightly");
  EXPECT_EQ(WorkloadPath(found[1]), "/apis/apps/v1/namespaces/shop/statefulsets/db");
  EXPECT_EQ(WorkloadPath(found[2]), "/apis/apps/v1/namespaces/shop/daemonsets/agent");
}

TEST(RefusedWorkloads, OtherReasonsAndOtherKindsAreNone) {
  EXPECT_TRUE(Read(Event("Job", "a", "x", kOne, "SuccessfulCreate")).empty());
  EXPECT_TRUE(Read(Event("ReplicaSet", "a", "x", kOne)).empty()) << "it has a condition";
  EXPECT_TRUE(Read(Event("Certificate", "a", "x", kOne)).empty());
  EXPECT_TRUE(Read("").empty());
  EXPECT_FALSE(RefusedWorkloads("").ok());
  EXPECT_FALSE(RefusedWorkloads(R"({"items":[{"reason":1}]})").ok());
}

WorkloadNeeds Needs(const std::string& spec, const std::string& status = "{}",
                    const std::string& meta = R"("name":"db")") {
  const auto read = DecodeWorkload(R"({"metadata":{)" + meta + R"(},"spec":{)" + spec +
                                   R"("template":{"metadata":{"labels":{"app":"db"}}}},"status":)" +
                                   status + "}");
  EXPECT_TRUE(read.ok());
  return read.ok() ? *read : WorkloadNeeds();
}

TEST(RefusedWorkloads, OneThatWantsNoPodsIsNotRefusedAny) {
  EXPECT_TRUE(Needs("").pods);
  EXPECT_EQ(Needs("").pod_labels, (Labels{{"app", "db"}}));
  EXPECT_TRUE(Needs(R"("replicas":2,"suspend":false,)").pods);
  EXPECT_FALSE(Needs(R"("replicas":0,)").pods);
  EXPECT_FALSE(Needs(R"("suspend":true,)").pods);
  EXPECT_FALSE(Needs("", R"({"conditions":[{"type":"Complete","status":"True"}]})").pods);
  EXPECT_FALSE(Needs("", R"({"conditions":[{"type":"Failed","status":"True"}]})").pods);
  EXPECT_TRUE(Needs("", R"({"conditions":[{"type":"Failed","status":"False"}]})").pods);
  EXPECT_FALSE(Needs("", "{}", R"("name":"db","deletionTimestamp":"2026-06-01T12:00:00Z")").pods);
  EXPECT_FALSE(DecodeWorkload("[").ok());
}

}  // namespace
}  // namespace telltale
