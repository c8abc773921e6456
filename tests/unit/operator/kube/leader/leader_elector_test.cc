// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/leader/leader_elector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "common/base/rfc3339.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/operator/kube/leader/fake_leases.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kPath =
    "/apis/coordination.k8s.io/v1/namespaces/telltale/leases/telltale-operator";

// A replica: its line, its elector and what its owner was told.
struct Replica {
  Replica(FakeLeases& server, const std::string& identity, Clock& clock, Registry& registry)
      : line(server),
        api(line, {}, clock),
        elector({.ns = "telltale", .identity = identity}, api, registry, clock,
                [this] { return random; }) {
    elector.OnStarted([this] { told.push_back("started"); });
    elector.OnStopped([this] { told.push_back("stopped"); });
  }

  FakeLine line;
  Api api;
  std::uint64_t random = 0;
  LeaderElector elector;
  std::vector<std::string> told;
};

class LeaderElectorTest : public ::testing::Test {
 protected:
  LeaseSpec Spec() const { return server_.Spec(kPath); }
  double Master() {
    return registry_
        .AddGauge("leader_election_master_status",
                  "1 while this replica holds the lease of that "
                  "name.",
                  {{"name", "telltale-operator"}})
        .Value();
  }
  LeaseSpec Others(std::int64_t duration = 15) const {
    return {"other_1", duration, "2020-01-01T00:00:00.000000Z", "2020-01-01T00:00:00.000000Z", 3};
  }
  // Steps every two seconds as a leader does.
  void Live(seconds how_long) {
    for (auto t = seconds(0); t < how_long; t += seconds(2)) {
      clock_.Advance(seconds(2));
      a_.elector.Step();
    }
  }

  FakeClock clock_;
  FakeLeases server_;
  Registry registry_, other_registry_;
  Replica a_{server_, "a_1", clock_, registry_};
  Replica b_{server_, "b_1", clock_, other_registry_};
};

TEST_F(LeaderElectorTest, AMissingLeaseIsMade) {
  EXPECT_FALSE(a_.elector.IsLeader());
  EXPECT_EQ(Master(), 0);
  EXPECT_EQ(a_.elector.Step(), seconds(2));
  EXPECT_TRUE(a_.elector.IsLeader());
  EXPECT_EQ(Master(), 1);
  EXPECT_THAT(a_.told, ElementsAre("started"));
  const std::string now = FormatRfc3339(clock_.WallNanos(), 6);
  EXPECT_EQ(Spec(), (LeaseSpec{"a_1", 15, now, now, 0}));
  EXPECT_THAT(now, ::testing::MatchesRegex(".*:[0-9][0-9]\\.[0-9]{6}Z"));
}

TEST_F(LeaderElectorTest, ARenewalIsOneRequestWithTheVersionThatIsKnown) {
  a_.elector.Step();
  const std::string acquired = Spec().acquire_time;
  server_.requests.clear();
  clock_.Advance(seconds(2));
  EXPECT_EQ(a_.elector.Step(), seconds(2));
  EXPECT_THAT(server_.requests, ElementsAre("PUT"));
  EXPECT_EQ(Spec().acquire_time, acquired);
  EXPECT_EQ(Spec().renew_time, FormatRfc3339(clock_.WallNanos(), 6));
  EXPECT_EQ(Spec().transitions, 0);
  EXPECT_THAT(a_.told, ElementsAre("started"));
}

TEST_F(LeaderElectorTest, ASecondReplicaOnlyLooks) {
  a_.elector.Step();
  b_.elector.Step();
  server_.requests.clear();
  for (int i = 0; i < 20; ++i) {
    clock_.Advance(seconds(2));
    a_.elector.Step();
    b_.elector.Step();
    EXPECT_TRUE(a_.elector.IsLeader());
    EXPECT_FALSE(b_.elector.IsLeader());
  }
  EXPECT_EQ(std::count(server_.requests.begin(), server_.requests.end(), "PUT"), 20);
  EXPECT_THAT(b_.told, IsEmpty());
}

TEST_F(LeaderElectorTest, ALeaseThatDoesNotChangeForItsDurationIsTakenOver) {
  server_.Set(kPath, Others());
  b_.elector.Step();
  clock_.Advance(milliseconds(14'999));
  b_.elector.Step();
  EXPECT_FALSE(b_.elector.IsLeader());
  clock_.Advance(milliseconds(1));
  b_.elector.Step();
  EXPECT_TRUE(b_.elector.IsLeader());
  EXPECT_EQ(Spec().holder, "b_1");
  EXPECT_EQ(Spec().transitions, 4);
  EXPECT_EQ(Spec().acquire_time, FormatRfc3339(clock_.WallNanos(), 6));
}

TEST_F(LeaderElectorTest, TheDurationIsTheOneInTheRecord) {
  server_.Set(kPath, Others(60));
  b_.elector.Step();
  clock_.Advance(seconds(59));
  b_.elector.Step();
  EXPECT_FALSE(b_.elector.IsLeader());
  clock_.Advance(seconds(1));
  b_.elector.Step();
  EXPECT_TRUE(b_.elector.IsLeader());
}

TEST_F(LeaderElectorTest, ARecordWithoutADurationHasOurs) {
  server_.Set(kPath, Others(0));
  b_.elector.Step();
  EXPECT_FALSE(b_.elector.IsLeader());
  clock_.Advance(seconds(15));
  b_.elector.Step();
  EXPECT_TRUE(b_.elector.IsLeader());
}

TEST_F(LeaderElectorTest, TheWallClocksOfOthersMeanNothing) {
  // Renewed long ago by its own account, but we see it for the first time.
  server_.Set(kPath, Others());
  b_.elector.Step();
  EXPECT_FALSE(b_.elector.IsLeader());
  clock_.SetWallNanos(clock_.WallNanos() + 3'600'000'000'000);  // ours jumps: no reason either
  b_.elector.Step();
  EXPECT_FALSE(b_.elector.IsLeader());
  // Renewed in a far future by its own account, and never again.
  LeaseSpec ahead = Others();
  ahead.renew_time = "2099-01-01T00:00:00.000000Z";
  server_.Set(kPath, ahead);
  b_.elector.Step();
  clock_.Advance(seconds(15));
  b_.elector.Step();
  EXPECT_TRUE(b_.elector.IsLeader());
}

TEST_F(LeaderElectorTest, AChangeOfMetadataIsNoSignOfLife) {
  server_.Set(kPath, Others());
  b_.elector.Step();
  clock_.Advance(seconds(14));
  server_.SetMetadata(kPath, "labels", R"({"touched":"yes"})");
  b_.elector.Step();
  clock_.Advance(seconds(1));
  b_.elector.Step();
  EXPECT_TRUE(b_.elector.IsLeader());
}

TEST_F(LeaderElectorTest, AFreeLeaseIsTakenAtOnceAndCounted) {
  LeaseSpec free = Others();
  free.holder.clear();
  server_.Set(kPath, free);
  b_.elector.Step();
  EXPECT_TRUE(b_.elector.IsLeader());
  EXPECT_EQ(Spec().transitions, 4);
}

TEST_F(LeaderElectorTest, LabelsAndOwnersThatOthersSetStay) {
  LeaseSpec free = Others();
  free.holder.clear();
  server_.Set(kPath, free);
  server_.SetMetadata(kPath, "labels", R"({"team":"a"})");
  b_.elector.Step();
  clock_.Advance(seconds(2));
  b_.elector.Step();
  EXPECT_THAT(server_.last_body, HasSubstr(R"("labels":{"team":"a"})"));
}

TEST_F(LeaderElectorTest, CandidatesWaitWithJitter) {
  server_.Set(kPath, Others());
  b_.random = 0;
  EXPECT_EQ(b_.elector.Step(), milliseconds(2'000));
  b_.random = ~std::uint64_t{0};
  EXPECT_EQ(b_.elector.Step(), milliseconds(4'399));
}

TEST_F(LeaderElectorTest, AForeignChangeIsReadAndRenewedInTheSameTry) {
  a_.elector.Step();
  server_.SetMetadata(kPath, "labels", R"({"touched":"yes"})");
  server_.requests.clear();
  a_.elector.Step();
  EXPECT_THAT(server_.requests, ElementsAre("PUT", "GET", "PUT"));
  EXPECT_TRUE(a_.elector.IsLeader());
  EXPECT_EQ(Spec().transitions, 0);
}

TEST_F(LeaderElectorTest, TwoThatTakeOverAtOnceAreToldApartByTheVersion) {
  server_.Set(kPath, Others());
  a_.elector.Step();
  b_.elector.Step();
  clock_.Advance(seconds(15));
  // b wins between a's read and a's write.
  a_.line.before = [this](const ApiRequest& request) {
    if (request.method == "PUT") b_.elector.Step();
  };
  a_.elector.Step();
  EXPECT_TRUE(b_.elector.IsLeader());
  EXPECT_FALSE(a_.elector.IsLeader());
  EXPECT_EQ(Spec().holder, "b_1");
}

TEST_F(LeaderElectorTest, TwoThatMakeItAtOnceAreToldApartByTheName) {
  a_.line.before = [this](const ApiRequest& request) {
    if (request.method == "POST") b_.elector.Step();
  };
  a_.elector.Step();
  EXPECT_TRUE(b_.elector.IsLeader());
  EXPECT_FALSE(a_.elector.IsLeader());
}

TEST_F(LeaderElectorTest, WithoutTheApiALeaderLeadsUntilTheRenewDeadlineAndNoLonger) {
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

TEST_F(LeaderElectorTest, AfterALossItIsACandidateAgain) {
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

TEST_F(LeaderElectorTest, AStoppedProcessThatWakesUpIsNoLeader) {
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

TEST_F(LeaderElectorTest, ATermThatWasSleptThroughIsNotContinued) {
  a_.elector.Step();
  clock_.Advance(seconds(12));  // stopped; nobody else was there to take the lease
  a_.elector.Step();
  EXPECT_TRUE(a_.elector.IsLeader());
  EXPECT_THAT(a_.told, ElementsAre("started", "stopped", "started"));
}

TEST_F(LeaderElectorTest, ATermThatEndsInARequestEndsWithIt) {
  a_.elector.Step();
  clock_.Advance(seconds(8));
  a_.line.down = true;
  a_.line.before = [this](const ApiRequest&) { clock_.Advance(seconds(5)); };
  server_.requests.clear();
  a_.elector.Step();
  EXPECT_THAT(a_.told, ElementsAre("started", "stopped"));
}

TEST_F(LeaderElectorTest, AProcessThatWasStoppedInARequestIsNoLeaderByItsAnswer) {
  a_.line.after = [this](const ApiRequest& request) {
    if (request.method == "POST") clock_.Advance(seconds(20));
  };
  a_.elector.Step();
  EXPECT_FALSE(a_.elector.IsLeader());
  EXPECT_THAT(a_.told, IsEmpty());
}

TEST_F(LeaderElectorTest, TheLeaseRunsFromBeforeTheRequest) {
  a_.line.after = [this](const ApiRequest&) { clock_.Advance(seconds(2)); };
  a_.elector.Step();
  clock_.Advance(milliseconds(5'999));  // GET and POST took four seconds, of which POST two
  EXPECT_TRUE(a_.elector.IsLeader());
  clock_.Advance(milliseconds(2'001));
  EXPECT_FALSE(a_.elector.IsLeader());
}

TEST_F(LeaderElectorTest, ALeaseTakenByAnotherEndsTheTermBeforeTheDeadline) {
  a_.elector.Step();
  server_.Set(kPath, Others());
  clock_.Advance(seconds(2));
  a_.elector.Step();
  EXPECT_FALSE(a_.elector.IsLeader());
  EXPECT_THAT(a_.told, ElementsAre("started", "stopped"));
  EXPECT_EQ(Spec().holder, "other_1");
}

TEST_F(LeaderElectorTest, AnAnswerThatWasLostIsFoundOut) {
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

TEST_F(LeaderElectorTest, RequestsThatAreSentTwiceDoNoHarm) {
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

TEST_F(LeaderElectorTest, ADeletedLeaseIsMadeAgainByItsHolder) {
  a_.elector.Step();
  server_.Erase(kPath);
  clock_.Advance(seconds(2));
  a_.elector.Step();
  EXPECT_TRUE(a_.elector.IsLeader());
  EXPECT_TRUE(server_.Has(kPath));
  EXPECT_THAT(a_.told, ElementsAre("started"));
}

TEST_F(LeaderElectorTest, ADeletedLeaseIsLeftToItsHolderUntilItHasRunOut) {
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

TEST_F(LeaderElectorTest, ReleaseStopsTheWritersAndThenFreesTheLease) {
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

TEST_F(LeaderElectorTest, AReleaseThatConflictsReadsAgain) {
  a_.elector.Step();
  server_.SetMetadata(kPath, "labels", R"({"touched":"yes"})");
  a_.elector.Release();
  EXPECT_EQ(Spec().holder, "");
}

TEST_F(LeaderElectorTest, NobodyFreesTheLeaseOfAnother) {
  a_.elector.Step();
  b_.elector.Step();
  server_.requests.clear();
  b_.elector.Release();
  EXPECT_THAT(server_.requests, IsEmpty());
  server_.Set(kPath, Others());
  a_.elector.Release();
  EXPECT_EQ(Spec().holder, "other_1");
}

TEST_F(LeaderElectorTest, ALeaseThatWasWonWithoutKnowingIsFreedToo) {
  a_.line.before = [this](const ApiRequest& r) { a_.line.lose_answers = r.method == "POST"; };
  a_.elector.Step();
  ASSERT_EQ(Spec().holder, "a_1");
  ASSERT_FALSE(a_.elector.IsLeader());
  a_.elector.Release();
  EXPECT_EQ(Spec().holder, "");
}

TEST_F(LeaderElectorTest, StopEndsRunWithTheLeaseFreed) {
  std::jthread thread([this] { a_.elector.Run(); });
  a_.elector.Stop();
  thread.join();
  EXPECT_FALSE(a_.elector.IsLeader());
  EXPECT_EQ(Spec().holder, "");
  // Whether it had a term depends on who was first; it ended if it began.
  EXPECT_EQ(a_.told.size() % 2, 0u);
}

TEST(LeaderOptionsTest, TheTimesMustLeaveRoomForEachOther) {
  LeaderOptions good{.ns = "n", .identity = "i"};
  EXPECT_TRUE(ValidateLeaderOptions(good).ok());
  const auto refuse = [&](auto change) {
    LeaderOptions bad = good;
    change(bad);
    EXPECT_FALSE(ValidateLeaderOptions(bad).ok());
  };
  refuse([](auto& o) { o.ns.clear(); });
  refuse([](auto& o) { o.name.clear(); });
  refuse([](auto& o) { o.identity.clear(); });
  refuse([](auto& o) { o.lease = o.renew_deadline; });
  refuse([](auto& o) { o.lease = milliseconds(15'500); });
  refuse([](auto& o) { o.renew_deadline = milliseconds(2'400); });
  refuse([](auto& o) { o.retry = milliseconds(0); });
}

TEST(LeaderOptionsTest, ARequestMayTakeHalfTheDeadlineButASecondAtLeast) {
  LeaderOptions options;
  EXPECT_EQ(LeaderElector::RequestTimeout(options), seconds(5));
  options.renew_deadline = seconds(1);
  EXPECT_EQ(LeaderElector::RequestTimeout(options), seconds(1));
}

TEST(LeaderOptionsTest, AnIdentityIsOfOneProcess) {
  EXPECT_NE(MakeIdentity("pod"), MakeIdentity("pod"));
  EXPECT_THAT(MakeIdentity("pod"), ::testing::MatchesRegex("pod_[0-9a-f]{16}"));
}

}  // namespace
}  // namespace telltale
