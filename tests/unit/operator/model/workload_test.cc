// SPDX-License-Identifier: Apache-2.0
#include "operator/model/workload.h"

#include <gtest/gtest.h>

#include <string>

namespace telltale {
namespace {

// "NAME TYPE" of the workload of the pod web-1, made at 2025-11-14T12:00:30Z (29385360 minutes).
std::string WorkloadOfPod(const std::string& owner, const std::string& labels = "{}") {
  const std::string json = R"({"metadata":{"name":"web-1","namespace":"shop","uid":"u",
    "creationTimestamp":"2025-11-14T12:00:30Z","labels":)" +
                           labels + R"(,"ownerReferences":[)" + owner + "]}}";
  Pod pod;
  JsonParser parser;
  const Status read = parser.Parse(json, [&](JsonValue root) { return DecodePod(root, pod); });
  EXPECT_TRUE(read.ok()) << read.error().message;
  const Workload workload = WorkloadOf(pod);
  return workload.name + " " + workload.type;
}

std::string Owner(const std::string& kind, const std::string& name, bool controller = true) {
  return R"({"apiVersion":"v1","kind":")" + kind + R"(","name":")" + name + R"(","controller":)" +
         (controller ? "true" : "false") + "}";
}

TEST(WorkloadOf, AReplicaSetBelongsToADeploymentIfThePodHasItsHash) {
  const std::string hashed = R"({"pod-template-hash":"5d8f7"})";
  EXPECT_EQ(WorkloadOfPod(Owner("ReplicaSet", "web-5d8f7"), hashed), "web deployment");
  EXPECT_EQ(WorkloadOfPod(Owner("ReplicaSet", "web-api-5d8f7"), hashed), "web-api deployment");
  EXPECT_EQ(WorkloadOfPod(Owner("ReplicaSet", "web-5d8f7")), "web-5d8f7 replicaset");
  EXPECT_EQ(WorkloadOfPod(Owner("ReplicaSet", "web-other"), hashed), "web-other replicaset");
  EXPECT_EQ(WorkloadOfPod(Owner("ReplicaSet", "5d8f7"), hashed), "5d8f7 replicaset");
  EXPECT_EQ(WorkloadOfPod(Owner("ReplicaSet", "web5d8f7"), hashed), "web5d8f7 replicaset");
}

TEST(WorkloadOf, AJobBelongsToACronJobIfItsNameEndsWithATimeShortlyBefore) {
  EXPECT_EQ(WorkloadOfPod(Owner("Job", "nightly-29385360")), "nightly cronjob");
  EXPECT_EQ(WorkloadOfPod(Owner("Job", "night-ly-29385300")), "night-ly cronjob");
  EXPECT_EQ(WorkloadOfPod(Owner("Job", "report-20251114")), "report-20251114 job") << "a date";
  EXPECT_EQ(WorkloadOfPod(Owner("Job", "nightly-29385361")), "nightly-29385361 job") << "later";
  EXPECT_EQ(WorkloadOfPod(Owner("Job", "migrate")), "migrate job");
  EXPECT_EQ(WorkloadOfPod(Owner("Job", "29385360")), "29385360 job");
}

TEST(WorkloadOf, OtherOwnersAreNamedAsTheyAre) {
  EXPECT_EQ(WorkloadOfPod(Owner("StatefulSet", "db")), "db statefulset");
  EXPECT_EQ(WorkloadOfPod(Owner("DaemonSet", "agent")), "agent daemonset");
  EXPECT_EQ(WorkloadOfPod(Owner("Node", "node-1")), "web-1 staticpod");
  EXPECT_EQ(WorkloadOfPod(Owner("Workflow", "ci-7")), "ci-7 Workflow");
  EXPECT_EQ(WorkloadOfPod(""), "web-1 barepod");
}

TEST(WorkloadOf, OnlyTheControllerCounts) {
  EXPECT_EQ(WorkloadOfPod(Owner("ConfigMap", "settings", false) + "," + Owner("StatefulSet", "db")),
            "db statefulset");
  EXPECT_EQ(WorkloadOfPod(Owner("StatefulSet", "db") + "," + Owner("ConfigMap", "settings", false)),
            "db statefulset");
  EXPECT_EQ(WorkloadOfPod(Owner("ConfigMap", "settings", false)), "web-1 barepod");
}

}  // namespace
}  // namespace telltale
