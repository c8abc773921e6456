// SPDX-License-Identifier: Apache-2.0
//
// A server that was restored from a backup: its versions start over from an older one, and a watch
// from the future is accepted and stays silent.
#include "tests/unit/operator/kube/watch/reflector_fixture.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ReflectorHistoryTest : public ReflectorTest {
 protected:
  void Newest(const std::string& version) {
    transport_.newest.push_back(ApiResponse{200, ListOf(version, Object("a", "1"), "more"), 0});
  }
  static std::string Checks(int count) { return Total("history_checks_total", count); }
};

TEST_F(ReflectorHistoryTest, IsComparedBeforeAWatchGoesOn) {
  PushLong(EndMark("7"));
  PushLong(Event("ADDED", Object("a", "8")));
  Newest("7");
  Newest("8");
  Run();
  EXPECT_THAT(Targets(), ElementsAre(WatchList(), WatchFrom("7"), WatchFrom("8")))
      << "the same version and a newer one are no rewind";
  EXPECT_THAT(transport_.questions, ElementsAre("/api/v1/pods?limit=1", "/api/v1/pods?limit=1"));
  EXPECT_THAT(Metrics(), AllOf(HasSubstr(Checks(2)), HasSubstr(Restarts("rewind", 0))));
}

TEST_F(ReflectorHistoryTest, ThatIsOlderThanWhatWasSeenIsReadAgainFromTheNewest) {
  PushLong(EndMark("1000"));
  Newest("999");
  PushLong(Event("ADDED", Object("a", "990")) + EndMark("999"));
  Run();
  EXPECT_THAT(Targets(), ElementsAre(WatchList(), WatchList(), WatchFrom("999")));
  EXPECT_THAT(waits_, IsEmpty());
  EXPECT_THAT(sink_.log, ElementsAre("begin", "end", "begin", "changed a", "end"));
  EXPECT_THAT(Metrics(),
              AllOf(HasSubstr(Restarts("rewind", 1)), HasSubstr(Total("relists_total", 1))));
}

TEST_F(ReflectorHistoryTest, IsNotComparedRightAfterAList) {
  PushList(ListOf("7", ""));
  PushLong(ErrorEvent(400));
  Push(ListOf("8", ""));
  Run();
  EXPECT_THAT(Targets().back(), WatchFrom("8"));
  EXPECT_THAT(transport_.questions, IsEmpty());
}

TEST_F(ReflectorHistoryTest, ThatCannotBeReachedIsAskedForAgainBeforeTheWatch) {
  PushLong(EndMark("1000"));
  transport_.newest.push_back(Fail(Code::kUnavailable, "connection refused"));
  transport_.newest.push_back(Fail(Code::kUnavailable, "connection refused"));
  Newest("999");
  Push(EndMark("999"));
  Run();
  EXPECT_THAT(Targets(), ElementsAre(WatchList(), WatchList(), WatchFrom("999")));
  ASSERT_GE(waits_.size(), 2u);
  EXPECT_THAT(waits_[0], milliseconds(800));
  EXPECT_THAT(waits_[1], milliseconds(1600));
}

TEST_F(ReflectorHistoryTest, OfAServerThatDoesNotTellDoesNotKeepUsFromWatching) {
  transport_.newest.push_back(ApiResponse{403, "", 0});
  transport_.newest.push_back(ApiResponse{200, "<html>", 0});
  transport_.newest.push_back(ApiResponse{200, ListOf("not-a-number", ""), 0});
  transport_.newest.push_back(Fail(Code::kTimeout, "too slow"));
  PushLong(EndMark("7"));
  for (int i = 0; i < 4; ++i) PushLong("");
  Run();
  EXPECT_THAT(Targets(), ElementsAre(WatchList(), WatchFrom("7"), WatchFrom("7"), WatchFrom("7"),
                                     WatchFrom("7"), WatchFrom("7")));
  EXPECT_THAT(Metrics(), HasSubstr(Checks(5)));
}

TEST_F(ReflectorHistoryTest, IsNotAskedForFromAServerThatIsOverloaded) {
  PushLong(EndMark("7"));
  for (int i = 0; i < 5; ++i) Push(Answer{.status = 429});
  Run();
  EXPECT_THAT(Metrics(), HasSubstr(Checks(1)));
}

TEST_F(ReflectorHistoryTest, ThatGoesBackWithinAWatchIsReadAgainFromTheNewest) {
  PushLong(EndMark("1000"));
  PushLong(Event("MODIFIED", Object("a", "1001")) + Event("MODIFIED", Object("a", "1001")) +
           Event("MODIFIED", Object("b", "999")) + Event("MODIFIED", Object("never", "1000")));
  PushLong(EndMark("1001"));
  Run();
  EXPECT_THAT(Targets(),
              ElementsAre(WatchList(), WatchFrom("1000"), WatchList(), WatchFrom("1001")))
      << "the same event twice is not going back";
  EXPECT_THAT(sink_.log,
              ElementsAre("begin", "end", "changed a", "changed a", "changed b", "begin", "end"));
  EXPECT_THAT(Metrics(), HasSubstr(Restarts("rewind", 1)));
}

}  // namespace
}  // namespace telltale
