// SPDX-License-Identifier: Apache-2.0
//
// Who gets the lease.
#include "common/base/rfc3339.h"
#include "tests/unit/operator/kube/leader/leader_fixture.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

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
