// SPDX-License-Identifier: Apache-2.0
#include "operator/serve/node_logs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/cluster_events.h"
#include "tests/fakes/fake_clock.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kStdout =
    R"({"selector":{"matchLabels":{"app":"shop"}},"logs":{"source":"Stdout","collector":"Node",)"
    R"("labels":{"team":"web"},"pipeline":[{"json":{"expressions":{"level":""}}}]}})";

class NodeLogsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    index_.OnChange([this] { node_logs_.Changed(); });
    SendEmpty(index_.pod_sink());
    SendEmpty(index_.target_sink());
    SendEmpty(index_.namespace_sink());
    Send(index_.target_sink(), TargetJson("shop", "out", kStdout));
  }
  HttpResponse Ask(const std::string& node, const std::string& version = "") {
    HttpRequest request;
    request.target = "/logs/v1/pods?node=" + node;
    if (!version.empty()) request.headers = {{"if-none-match", version}};
    return node_logs_.Answer(request);
  }
  static std::string VersionOf(const HttpResponse& response) {
    return *FindHeader(response.headers, "etag");
  }

  FakeClock clock_;
  Registry registry_;
  ClusterIndex index_{{"infra"}, clock_};
  NodeLogs node_logs_{index_, registry_, clock_};
};

TEST_F(NodeLogsTest, AnAgentIsToldOfTheMatchingPodsOfItsOwnNodeAlone) {
  PodSpec pod;
  Send(index_.pod_sink(), PodJson(pod));
  pod.name = "elsewhere", pod.node = "node-b";
  Send(index_.pod_sink(), PodJson(pod));
  pod.name = "unscheduled", pod.node = "", pod.phase = "Pending";
  Send(index_.pod_sink(), PodJson(pod));
  pod.name = "other", pod.node = "node-a", pod.labels = {{"app", "other"}};
  Send(index_.pod_sink(), PodJson(pod));
  EXPECT_EQ(Ask("node-a").body,
            R"({"targets":[{"name":"shop/out","generation":0,"labels":{"team":"web"},)"
            R"("pipeline":[{"json":{"expressions":{"level":""}}}]}],)"
            R"("pods":[{"namespace":"shop","name":"shop-1","uid":"uid-shop-shop-1","app":"shop",)"
            R"("target":0,"containers":["main"]}]})");
  EXPECT_EQ(Ask("node-c").body, R"({"targets":[],"pods":[]})");
}

TEST_F(NodeLogsTest, AnAgentThatKnowsTheAnswerIsNotSentItAgain) {
  PodSpec pod;
  Send(index_.pod_sink(), PodJson(pod));
  const std::string version = VersionOf(Ask("node-a"));
  EXPECT_EQ(Ask("node-a", version).status, 304);
  EXPECT_EQ(Ask("node-a", version).body, "");
  // Also when others changed, and the pods were sorted anew.
  pod.name = "shop-2", pod.node = "node-b";
  Send(index_.pod_sink(), PodJson(pod));
  clock_.Advance(NodeLogs::kEvery);
  EXPECT_EQ(Ask("node-a", version).status, 304);
  EXPECT_EQ(Ask("node-b", version).status, 200);
}

TEST_F(NodeLogsTest, APodThatComesOrGoesIsSeenWithinASecond) {
  Ask("node-a");
  Send(index_.pod_sink(), PodJson({}));
  clock_.Advance(NodeLogs::kEvery);
  EXPECT_THAT(Ask("node-a").body, HasSubstr("uid-shop-shop-1"));
  SendDeleted(index_.pod_sink(), PodJson({}));
  clock_.Advance(NodeLogs::kEvery);
  EXPECT_THAT(Ask("node-a").body, Not(HasSubstr("uid-shop-shop-1")));
}

TEST_F(NodeLogsTest, AnAgentThatKnowsAnOlderAnswerIsSentTheNewOne) {
  PodSpec pod;
  Send(index_.pod_sink(), PodJson(pod));
  const std::string version = VersionOf(Ask("node-a"));
  pod.name = "shop-2";
  Send(index_.pod_sink(), PodJson(pod));
  clock_.Advance(NodeLogs::kEvery);
  const HttpResponse more = Ask("node-a", version);
  EXPECT_EQ(more.status, 200);
  // The same pods, and another target.
  Send(index_.target_sink(), TargetJson("shop", "a-first", kStdout));
  clock_.Advance(NodeLogs::kEvery);
  EXPECT_EQ(Ask("node-a", VersionOf(more)).status, 200);
}

TEST_F(NodeLogsTest, APodThatHasFinishedIsReadForAsLongAsItIsThere) {
  PodSpec pod;
  pod.phase = "Succeeded";
  Send(index_.pod_sink(), PodJson(pod));
  EXPECT_THAT(Ask("node-a").body, HasSubstr("uid-shop-shop-1"));
  SendDeleted(index_.pod_sink(), PodJson(pod));
  clock_.Advance(NodeLogs::kAtLeastEvery);
  EXPECT_THAT(Ask("node-a").body, Not(HasSubstr("uid-shop-shop-1")));
}

TEST_F(NodeLogsTest, OfSeveralTargetsThatSelectAPodTheFirstByNameHasIt) {
  Send(index_.target_sink(), TargetJson("shop", "also", kStdout));
  Send(index_.pod_sink(), PodJson({}));
  PodSpec finished;
  finished.name = "job", finished.phase = "Failed";
  Send(index_.pod_sink(), PodJson(finished));
  const std::string body = Ask("node-a").body;
  EXPECT_THAT(body, HasSubstr("shop/also"));
  EXPECT_THAT(body, Not(HasSubstr("shop/out")));
  EXPECT_EQ(body.find("uid-shop-shop-1"), body.rfind("uid-shop-shop-1"));
}

TEST_F(NodeLogsTest, SuspendedTargetsAndThoseOfSidecarsAreNotForAgents) {
  Send(index_.pod_sink(), PodJson({}));
  Send(index_.target_sink(),
       TargetJson("shop", "out", R"({"suspend":true,)" + std::string(kStdout).substr(1)));
  Send(index_.target_sink(),
       TargetJson("shop", "files",
                  R"({"selector":{"matchAll":true},"logs":{"files":{"directory":"/logs"}}})"));
  EXPECT_EQ(Ask("node-a").body, R"({"targets":[],"pods":[]})");
}

TEST_F(NodeLogsTest, TheSidecarsOwnOutputIsNotRead) {
  PodSpec pod;
  pod.sidecar = true;
  Send(index_.pod_sink(), PodJson(pod));
  EXPECT_THAT(Ask("node-a").body, HasSubstr(R"("containers":["main"])"));
}

TEST_F(NodeLogsTest, BeforeTheCachesAreSyncedAnAgentGets503) {
  ClusterIndex empty({}, clock_);
  Registry registry;
  NodeLogs node_logs(empty, registry, clock_);
  HttpRequest request;
  request.target = "/logs/v1/pods?node=node-a";
  EXPECT_EQ(node_logs.Answer(request).status, 503);
}

TEST_F(NodeLogsTest, ARequestThatNamesNoNodeIsRefused) { EXPECT_EQ(Ask("").status, 400); }

}  // namespace
}  // namespace telltale
