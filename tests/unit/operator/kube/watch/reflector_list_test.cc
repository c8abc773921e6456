// SPDX-License-Identifier: Apache-2.0
//
// How a reflector gets a whole content by LIST.
#include "tests/unit/operator/kube/watch/reflector_fixture.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using ReflectorListTest = ReflectorTest;

TEST_F(ReflectorListTest, ListsThenWatchesFromTheVersionOfTheList) {
  PushList(ListOf("7", Object("a", "1") + "," + Object("b", "2")));
  Run();
  EXPECT_THAT(sink_.log, ElementsAre("begin", "abort", "begin", "changed a", "changed b", "end"));
  EXPECT_THAT(Targets(), ElementsAre(WatchList(), kList, WatchFrom("7")))
      << "the first list is consistent, not resourceVersion=0, which may be stale";
  EXPECT_TRUE(waits_.empty());
  EXPECT_TRUE(synced_at_end_);
  EXPECT_THAT(Metrics(), AllOf(HasSubstr(Syncs("watch-list", 0)), HasSubstr(Syncs("list", 1)),
                               HasSubstr(Total("relists_total", 0))));
}

TEST_F(ReflectorListTest, ReadsEveryPageIntoOneContentWithoutNamingAVersionAgain) {
  PushList(ListOf("7", Object("a", "1"), "to/ken="));
  Push(ListOf("7", Object("b", "2")));
  Run();
  EXPECT_THAT(Targets(),
              ElementsAre(WatchList(), kList, "/api/v1/pods?limit=500&continue=to%2Fken%3D",
                          WatchFrom("7")));
  EXPECT_THAT(sink_.log, ElementsAre("begin", "abort", "begin", "changed a", "changed b", "end"));
}

TEST_F(ReflectorListTest, ALaterListAcceptsTheCacheButNothingOlder) {
  PushList(ListOf("7", ""));
  PushLong(Event("ADDED", Object("a", "8")) + ErrorEvent(410));
  Push(ListOf("9", Object("b", "9"), "more"));
  Push(ListOf("9", ""));
  Run();
  EXPECT_THAT(Targets(), ElementsAre(WatchList(), kList, WatchFrom("7"), NotOlderThan("8"),
                                     "/api/v1/pods?limit=500&continue=more", WatchFrom("9")));
}

TEST_F(ReflectorListTest, ASnapshotThatExpiresBetweenPagesIsListedAgainWithoutPages) {
  PushList(ListOf("7", Object("a", "1"), "token"));
  Push(Answer{.status = 410});
  Push(ListOf("9", Object("b", "2")));
  Run();
  EXPECT_THAT(Targets(), ElementsAre(WatchList(), kList, "/api/v1/pods?limit=500&continue=token",
                                     "/api/v1/pods", WatchFrom("9")));
  EXPECT_THAT(sink_.log, ElementsAre("begin", "abort", "begin", "changed a", "abort", "begin",
                                     "changed b", "end"));
  EXPECT_TRUE(waits_.empty());
}

TEST_F(ReflectorListTest, AListOfAVersionThatTheServerDoesNotHaveAsksForTheNewestAtOnce) {
  PushList(ListOf("7", ""));
  const std::vector<Answer> refusals = {Answer{.status = 410},
                                        Answer{.status = 504, .pieces = {kTooLargeVersion}}};
  for (const Answer& refusal : refusals) {
    PushLong(ErrorEvent(410));
    Push(refusal);
    Push(refusal);
    Push(ListOf("5", ""));
  }
  Run();
  EXPECT_THAT(Targets(),
              ElementsAre(WatchList(), kList, WatchFrom("7"), NotOlderThan("7"), kList, kList,
                          WatchFrom("5"), NotOlderThan("5"), kList, kList, WatchFrom("5")));
  EXPECT_THAT(waits_, ElementsAre(milliseconds(800), milliseconds(800)))
      << "only before the second try without a version";
}

TEST_F(ReflectorListTest, AListThatIsCutIsAbortedAndTriedAgain) {
  PushList(R"({"metadata":{"resourceVersion":"7"},"items":[)" + Object("a", "1"));
  Push(ListOf("8", Object("b", "2")));
  Run();
  EXPECT_THAT(sink_.log, ElementsAre("begin", "abort", "begin", "changed a", "abort", "begin",
                                     "changed b", "end"));
  EXPECT_THAT(waits_, ElementsAre(milliseconds(800)));
}

TEST_F(ReflectorListTest, AListWithAnItemThatIsNotJsonIsNoList) {
  PushList(ListOf("7", Object("a", "1") + R"(,{"metadata":{"name":"\q"}},)" + Object("b", "2")));
  Push(ListOf("8", Object("c", "3")));
  Run();
  EXPECT_THAT(sink_.log, ElementsAre("begin", "abort", "begin", "changed a", "abort", "begin",
                                     "changed c", "end"))
      << "what is missing from a list is deleted";
}

TEST_F(ReflectorListTest, AnItemThatDoesNotDecodeIsCountedAndDoesNotStopTheOthers) {
  PushList(ListOf("7", Object("a", "1") + "," + Object("", "2") + "," + Object("c", "3")));
  Run();
  EXPECT_THAT(sink_.log, ElementsAre("begin", "abort", "begin", "changed a", "changed c", "end"));
  EXPECT_THAT(Metrics(), HasSubstr(Total("decode_errors_total", 1)));
}

}  // namespace
}  // namespace telltale
