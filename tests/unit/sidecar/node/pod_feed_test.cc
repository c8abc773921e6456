// SPDX-License-Identifier: Apache-2.0
#include "sidecar/node/pod_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "sidecar/pipeline/pipeline.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/wait_until.h"
#include "tests/unit/sidecar/node/fake_operator.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class PodFeedTest : public ::testing::Test {
 protected:
  PodFeedOptions Options() {
    PodFeedOptions options;
    options.operator_url = *ParseUrl(operator_.url());
    options.node = "node a";
    options.directory = "/var/log/pods";
    options.state_dir = folder_ / "state";
    options.behind = [this](std::chrono::seconds) { return behind_; };
    options.changed = [this] { ++changes_; };
    return options;
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const NodePod& pod : feed_.pods()) names.push_back(pod.name);
    return names;
  }
  std::string Metrics() {
    std::string page;
    registry_.Render(page);
    return page;
  }

  TempFolder folder_;
  FakeOperator operator_;
  FakeClock clock_;
  Registry registry_;
  std::optional<std::set<std::string>> behind_{std::in_place};
  int changes_ = 0;
  PodFeed feed_{Options(), registry_, clock_};
};

TEST_F(PodFeedTest, TheTokenOfTheFileIsSentAndReadAgainWhenItIsRefused) {
  const std::string file = folder_ / "token";
  std::ofstream(file) << "one\n";
  PodFeedOptions options = Options();
  options.token_file = file;
  Registry registry;
  PodFeed feed(std::move(options), registry, clock_);
  operator_.Answer(401, "no");
  feed.Step();
  std::ofstream(file) << "two\n";
  feed.Step();
  EXPECT_EQ(*FindHeader(operator_.requests()[0].headers, "Authorization"), "Bearer one");
  EXPECT_EQ(*FindHeader(operator_.requests()[1].headers, "Authorization"), "Bearer two");
  std::filesystem::remove(file);
  feed_.Step();
  EXPECT_EQ(FindHeader(operator_.requests()[2].headers, "Authorization"), nullptr);
}

TEST_F(PodFeedTest, ItAsksForItsOwnNodeAndTakesOnlyWhatIsNew) {
  operator_.Say({{"a", "1"}});
  feed_.Step();
  EXPECT_THAT(Names(), ElementsAre("a"));
  feed_.Step();
  EXPECT_EQ(changes_, 1);
  EXPECT_EQ(operator_.requests()[0].target, "/logs/v1/pods?node=node%20a");
  EXPECT_NE(FindHeader(operator_.requests()[1].headers, "If-None-Match"), nullptr);
  EXPECT_THAT(Metrics(),
              HasSubstr("telltale_node_pod_list_requests_total{result=\"changed\"} 1\n"));
  EXPECT_THAT(Metrics(),
              HasSubstr("telltale_node_pod_list_requests_total{result=\"unchanged\"} 1\n"));
  EXPECT_THAT(Metrics(), HasSubstr("telltale_node_pods 1\n"));
}

TEST_F(PodFeedTest, WhileTheOperatorDoesNotAnswerTheLastListStays) {
  operator_.Say({{"a", "1"}});
  feed_.Step();
  operator_.Answer(503, "the caches are not synced yet");
  feed_.Step();
  operator_.Answer(200, "<html>a proxy's page</html>");
  feed_.Step();
  clock_.Advance(std::chrono::hours(2));
  feed_.Step();
  EXPECT_THAT(Names(), ElementsAre("a"));
  EXPECT_THAT(Metrics(),
              HasSubstr("telltale_node_pod_list_requests_total{result=\"failure\"} 3\n"));
}

TEST_F(PodFeedTest, AStartWithoutAnOperatorReadsThePodsOfTheLastOne) {
  operator_.Say({{"a", "1"}});
  feed_.Recall();
  feed_.Step();
  operator_.Answer(503, "");
  Registry registry;
  PodFeed next(Options(), registry, clock_);
  next.Recall();
  ASSERT_EQ(next.pods().size(), 1u);
  EXPECT_EQ(next.pods()[0].Folder(), "shop_a_1");
  next.Step();
  EXPECT_EQ(next.pods().size(), 1u);
}

TEST_F(PodFeedTest, APodThatIsGoneIsReadToItsEnd) {
  operator_.Say({{"a", "1"}, {"b", "2"}});
  feed_.Step();
  operator_.Say({{"b", "2"}});
  feed_.Step();
  EXPECT_THAT(Names(), ElementsAre("b", "a"));
  // Its lines wait for Loki.
  behind_ = {"/var/log/pods/shop_a_1/main", "/var/log/pods/shop_b_2/main"};
  clock_.Advance(PodFeed::kLinger);
  feed_.Step();
  EXPECT_THAT(Names(), ElementsAre("b", "a"));
  behind_ = std::nullopt;  // nobody knows
  feed_.Step();
  EXPECT_THAT(Names(), ElementsAre("b", "a"));
  behind_ = {"/var/log/pods/shop_a_10/main", "/var/log/pods/shop_b_2/main"};
  feed_.Step();
  EXPECT_THAT(Names(), ElementsAre("b"));
}

TEST_F(PodFeedTest, APodThatIsGoneIsReadAtLeastAsLongAsItsContainersMayRun) {
  operator_.Say({{"a", "1"}});
  feed_.Step();
  operator_.Say({});
  feed_.Step();
  clock_.Advance(PodFeed::kLinger - std::chrono::seconds(1));
  feed_.Step();
  EXPECT_THAT(Names(), ElementsAre("a"));
  clock_.Advance(std::chrono::seconds(1));
  feed_.Step();
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(PodFeedTest, APodOfTheSameNameIsAnotherPod) {
  operator_.Say({{"db-0", "1"}});
  feed_.Step();
  operator_.Say({{"db-0", "2"}});
  feed_.Step();
  EXPECT_THAT(Names(), ElementsAre("db-0", "db-0"));
  clock_.Advance(PodFeed::kLinger);
  feed_.Step();
  ASSERT_EQ(feed_.pods().size(), 1u);
  EXPECT_EQ(feed_.pods()[0].uid, "2");
}

// Answers with one pod, shop/a, of one target with these members.
std::string OnePod(const std::string& target) {
  return R"({"targets":[{"name":"shop/out",)" + target +
         R"(}],"pods":[{"namespace":"shop","name":"a","uid":"1","app":"shop","target":0,)" +
         R"("containers":["main"]}]})";
}

TEST_F(PodFeedTest, AChangeOfATargetReachesPodsThatAreFollowed) {
  const std::string drop = R"("pipeline":[{"drop":{"expression":"x"}}])";
  operator_.Answer(200, OnePod(R"("labels":{"team":"web"},"tenant":"a",)" + drop));
  feed_.Step();
  const NodePod before = feed_.pods().at(0);
  operator_.Answer(200, OnePod(R"("labels":{"team":"web"},"tenant":"b",)" + drop));
  feed_.Step();
  NodePod now = feed_.pods().at(0);
  EXPECT_EQ(now.target->tenant, "b");
  EXPECT_EQ(now.target->pipeline, before.target->pipeline) << "the stages would start anew";
  operator_.Answer(200, OnePod(R"("labels":{"team":"db"},"tenant":"b",)" + drop));
  feed_.Step();
  now = feed_.pods().at(0);
  EXPECT_EQ(now.target->labels, (Labels{{"team", "db"}}));
  operator_.Answer(200, OnePod(R"("labels":{"team":"db"},"tenant":"b")"));
  feed_.Step();
  EXPECT_EQ(feed_.pods().at(0).target->pipeline, nullptr);
  EXPECT_EQ(changes_, 4);
}

TEST_F(PodFeedTest, APodWhoseTargetGoesBadKeepsTheLastGoodOneAlsoOverARestart) {
  operator_.Answer(200, OnePod(R"("tenant":"good")"));
  feed_.Recall();
  feed_.Step();
  operator_.Answer(200, OnePod(R"("tenant":"not a tenant")"));
  feed_.Step();
  ASSERT_EQ(feed_.pods().size(), 1u);
  EXPECT_EQ(feed_.pods()[0].target->tenant, "good");
  Registry registry;
  PodFeed next(Options(), registry, clock_);
  next.Recall();
  next.Step();
  ASSERT_EQ(next.pods().size(), 1u);
  EXPECT_EQ(next.pods()[0].target->tenant, "good");
  operator_.Answer(200, OnePod(R"("tenant":"better")"));
  next.Step();
  EXPECT_EQ(next.pods()[0].target->tenant, "better");
}

TEST_F(PodFeedTest, APodThatNeverHadAGoodTargetIsNotRead) {
  operator_.Answer(200, OnePod(R"("tenant":"not a tenant")"));
  feed_.Step();
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(PodFeedTest, ItSaysWhichGenerationOfATargetIsInEffectAndWhetherANewerOneIsRefused) {
  const std::string generation = "telltale_config_target_generation{target=\"shop/out\"} ";
  const std::string refused = "telltale_config_target_refused{target=\"shop/out\"} ";
  operator_.Answer(200, OnePod(R"("generation":3,"tenant":"good")"));
  feed_.Step();
  EXPECT_THAT(Metrics(), AllOf(HasSubstr(generation + "3\n"), HasSubstr(refused + "0\n")));
  operator_.Answer(200, OnePod(R"("generation":4,"tenant":"good")"));  // a change for others
  feed_.Step();
  EXPECT_THAT(Metrics(), HasSubstr(generation + "4\n"));
  operator_.Answer(200, OnePod(R"("generation":5,"tenant":"not a tenant")"));
  feed_.Step();
  EXPECT_THAT(Metrics(), AllOf(HasSubstr(generation + "4\n"), HasSubstr(refused + "1\n")));
  EXPECT_THAT(Metrics(), HasSubstr("telltale_node_pod_list_unusable_parts 1\n"));
  operator_.Say({});
  feed_.Step();
  EXPECT_THAT(Metrics(), Not(HasSubstr("shop/out"))) << "no pod of this node is of the target";
  EXPECT_THAT(Metrics(), HasSubstr("telltale_node_pod_list_unusable_parts 0\n"));
}

TEST_F(PodFeedTest, ATargetThatWasNeverGoodHasGenerationZero) {
  operator_.Answer(200, OnePod(R"("generation":5,"tenant":"not a tenant")"));
  feed_.Step();
  EXPECT_THAT(Metrics(),
              AllOf(HasSubstr("telltale_config_target_generation{target=\"shop/out\"} 0\n"),
                    HasSubstr("telltale_config_target_refused{target=\"shop/out\"} 1\n")));
}

TEST_F(PodFeedTest, ItAsksByItselfAndStopsAtOnce) {
  operator_.Say({{"a", "1"}});
  feed_.Start();
  WaitUntil("the pods are listed", [&] { return !Names().empty(); });
  feed_.Stop();
  EXPECT_THAT(Names(), ElementsAre("a"));
}

}  // namespace
}  // namespace telltale
