// SPDX-License-Identifier: Apache-2.0
//
// How a term ends: at its deadline, by others, by release.
#include <thread>

#include "tests/unit/operator/kube/leader/leader_fixture.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using LeaderTermTest = LeaderElectorTest;

TEST_F(LeaderTermTest, WithoutTheApiALeaderLeadsUntilTheRenewDeadlineAndNoLonger) {
  a_.elector.Step();
  a_.line.down = true;
  for (int i = 0; i < 4; ++i) {
    clock_.Advance(seconds(2));
    EXPECT_EQ(a_.elector.Step(), seconds(2));
    EXPECT_TRUE(a_.elector.IsLeader());
  }
  clock_.Advance(milliseconds(1'999));
  EXPECT_EQ(a_.elector.Step(), milliseconds(1)) << "the end is not slept through";
  EXPECT_TRUE(a_.elector.IsLeader());
  clock_.Advance(milliseconds(1));
  EXPECT_FALSE(a_.elector.IsLeader()) << "before anybody steps";
  EXPECT_THAT(a_.told, ElementsAre("started"));
  a_.elector.Step();
  EXPECT_THAT(a_.told, ElementsAre("started", "stopped"));
  EXPECT_EQ(Master(), 0);
}

TEST_F(LeaderTermTest, AfterALossItIsACandidateAgain) {
  a_.elector.Step();
  a_.line.down = true;
  Live(seconds(12));
  EXPECT_FALSE(a_.elector.IsLeader());
  a_.line.down = false;
  a_.elector.Step();
  EXPECT_TRUE(a_.elector.IsLeader());
  EXPECT_EQ(Spec().transitions, 0) << "nobody else had it meanwhile";
  EXPECT_THAT(a_.told, ElementsAre("started", "stopped", "started"));
  EXPECT_EQ(Master(), 1);
}

TEST_F(LeaderTermTest, AStoppedProcessThatWakesUpIsNoLeader) {
  a_.elector.Step();
  b_.elector.Step();
  clock_.Advance(seconds(16));  // a is stopped
  b_.elector.Step();
  EXPECT_TRUE(b_.elector.IsLeader());
  EXPECT_FALSE(a_.elector.IsLeader());
  a_.elector.Step();
  EXPECT_FALSE(a_.elector.IsLeader());
  EXPECT_TRUE(b_.elector.IsLeader());
  EXPECT_THAT(a_.told, ElementsAre("started", "stopped"));
  EXPECT_EQ(Spec().transitions, 1);
}

TEST_F(LeaderTermTest, ATermThatWasSleptThroughIsNotContinued) {
  a_.elector.Step();
  clock_.Advance(seconds(12));  // stopped; nobody else was there to take the lease
  a_.elector.Step();
  EXPECT_TRUE(a_.elector.IsLeader());
  EXPECT_THAT(a_.told, ElementsAre("started", "stopped", "started"));
}

TEST_F(LeaderTermTest, ATermThatEndsInARequestEndsWithIt) {
  a_.elector.Step();
  clock_.Advance(seconds(8));
  a_.line.down = true;
  a_.line.before = [this](const ApiRequest&) { clock_.Advance(seconds(5)); };
  server_.requests.clear();
  a_.elector.Step();
  EXPECT_THAT(a_.told, ElementsAre("started", "stopped"));
}

TEST_F(LeaderTermTest, AProcessThatWasStoppedInARequestIsNoLeaderByItsAnswer) {
  a_.line.after = [this](const ApiRequest& request) {
    if (request.method == "POST") clock_.Advance(seconds(20));
  };
  a_.elector.Step();
  EXPECT_FALSE(a_.elector.IsLeader());
  EXPECT_THAT(a_.told, IsEmpty());
}

TEST_F(LeaderTermTest, TheLeaseRunsFromBeforeTheRequest) {
  a_.line.after = [this](const ApiRequest&) { clock_.Advance(seconds(2)); };
  a_.elector.Step();
  clock_.Advance(milliseconds(5'999));  // GET and POST took four seconds, of which POST two
  EXPECT_TRUE(a_.elector.IsLeader());
  clock_.Advance(milliseconds(2'001));
  EXPECT_FALSE(a_.elector.IsLeader());
}

TEST_F(LeaderTermTest, ALeaseTakenByAnotherEndsTheTermBeforeTheDeadline) {
  a_.elector.Step();
  server_.Set(kPath, Others());
  clock_.Advance(seconds(2));
  a_.elector.Step();
  EXPECT_FALSE(a_.elector.IsLeader());
  EXPECT_THAT(a_.told, ElementsAre("started", "stopped"));
  EXPECT_EQ(Spec().holder, "other_1");
}

TEST_F(LeaderTermTest, AnAnswerThatWasLostIsFoundOut) {
  server_.Set(kPath, Others());
  a_.elector.Step();
  clock_.Advance(seconds(15));
  a_.line.lose_answers = true;
  a_.line.before = [this](const ApiRequest& r) { a_.line.lose_answers = r.method == "PUT"; };
  a_.elector.Step();
  EXPECT_EQ(Spec().holder, "a_1");
  EXPECT_FALSE(a_.elector.IsLeader()) << "it does not know";
  a_.line.before = nullptr;
  a_.line.lose_answers = false;
  clock_.Advance(seconds(3));
  a_.elector.Step();
  EXPECT_TRUE(a_.elector.IsLeader());
  EXPECT_EQ(Spec().transitions, 4) << "it is one takeover";
}

TEST_F(LeaderTermTest, RequestsThatAreSentTwiceDoNoHarm) {
  a_.line.twice = true;
  b_.line.twice = true;
  a_.elector.Step();
  clock_.Advance(seconds(3));
  a_.elector.Step();
  b_.elector.Step();
  for (int i = 0; i < 10; ++i) {
    clock_.Advance(seconds(2));
    a_.elector.Step();
    b_.elector.Step();
    EXPECT_FALSE(b_.elector.IsLeader());
  }
  EXPECT_EQ(Spec().holder, "a_1");
  EXPECT_EQ(Spec().transitions, 0);
}

TEST_F(LeaderTermTest, ADeletedLeaseIsMadeAgainByItsHolder) {
  a_.elector.Step();
  server_.Erase(kPath);
  clock_.Advance(seconds(2));
  a_.elector.Step();
  EXPECT_TRUE(a_.elector.IsLeader());
  EXPECT_TRUE(server_.Has(kPath));
  EXPECT_THAT(a_.told, ElementsAre("started"));
}

TEST_F(LeaderTermTest, ADeletedLeaseIsLeftToItsHolderUntilItHasRunOut) {
  a_.elector.Step();
  b_.elector.Step();
  server_.Erase(kPath);
  clock_.Advance(seconds(9));  // a still leads by its deadline, and does not know
  b_.elector.Step();
  EXPECT_FALSE(b_.elector.IsLeader());
  clock_.Advance(seconds(6));
  b_.elector.Step();
  EXPECT_TRUE(b_.elector.IsLeader());
}

TEST_F(LeaderTermTest, ReleaseStopsTheWritersAndThenFreesTheLease) {
  a_.elector.Step();
  std::vector<std::string> order;
  a_.elector.OnStopped([&] { order.push_back(a_.elector.IsLeader() ? "drained" : "refused"); });
  a_.line.before = [&](const ApiRequest& request) { order.push_back(request.method); };
  a_.elector.Release();
  EXPECT_THAT(order, ElementsAre("drained", "PUT"));
  EXPECT_FALSE(a_.elector.IsLeader());
  EXPECT_EQ(Master(), 0);
  EXPECT_EQ(Spec().holder, "");
  EXPECT_EQ(Spec().duration_seconds, 1);
  EXPECT_EQ(Spec().transitions, 0);
  b_.elector.Step();
  EXPECT_TRUE(b_.elector.IsLeader());
  EXPECT_EQ(Spec().transitions, 1);
}

TEST_F(LeaderTermTest, AReleaseThatConflictsReadsAgain) {
  a_.elector.Step();
  server_.SetMetadata(kPath, "labels", R"({"touched":"yes"})");
  a_.elector.Release();
  EXPECT_EQ(Spec().holder, "");
}

TEST_F(LeaderTermTest, NobodyFreesTheLeaseOfAnother) {
  a_.elector.Step();
  b_.elector.Step();
  server_.requests.clear();
  b_.elector.Release();
  EXPECT_THAT(server_.requests, IsEmpty());
  server_.Set(kPath, Others());
  a_.elector.Release();
  EXPECT_EQ(Spec().holder, "other_1");
}

TEST_F(LeaderTermTest, ALeaseThatWasWonWithoutKnowingIsFreedToo) {
  a_.line.before = [this](const ApiRequest& r) { a_.line.lose_answers = r.method == "POST"; };
  a_.elector.Step();
  ASSERT_EQ(Spec().holder, "a_1");
  ASSERT_FALSE(a_.elector.IsLeader());
  a_.elector.Release();
  EXPECT_EQ(Spec().holder, "");
}

TEST_F(LeaderTermTest, StopEndsRunWithTheLeaseFreed) {
  std::jthread thread([this] { a_.elector.Run(); });
  a_.elector.Stop();
  thread.join();
  EXPECT_FALSE(a_.elector.IsLeader());
  EXPECT_EQ(Spec().holder, "");
  // Whether it had a term depends on who was first; it ended if it began.
  EXPECT_EQ(a_.told.size() % 2, 0u);
}

}  // namespace
}  // namespace telltale
