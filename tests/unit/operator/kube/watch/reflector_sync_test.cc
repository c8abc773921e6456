// SPDX-License-Identifier: Apache-2.0
//
// How a reflector gets a whole content by watch-list, and when it lists instead.
#include "common/base/log.h"
#include "tests/unit/operator/kube/watch/reflector_fixture.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using ReflectorSyncTest = ReflectorTest;
using Pieces = std::vector<std::string>;

TEST_F(ReflectorSyncTest, AWatchListGivesTheWholeContentAndGoesOnAsTheWatch) {
  Push(Answer{.pieces = {Event("ADDED", Object("a", "3")), Event("ADDED", Object("b", "2")),
                         EndMark("7"), Event("MODIFIED", Object("a", "8"))}});
  Run();
  EXPECT_THAT(sink_.log, ElementsAre("begin", "changed a", "changed b", "end", "changed a"));
  EXPECT_THAT(Targets(), ElementsAre(WatchList(), WatchFrom("8")));
  EXPECT_TRUE(synced_at_end_);
  EXPECT_THAT(Metrics(), AllOf(HasSubstr(Syncs("watch-list", 1)), HasSubstr(Syncs("list", 0)),
                               HasSubstr(Total("relists_total", 0))));
}

TEST_F(ReflectorSyncTest, EveryKindOfEventBeforeTheEndMarkGoesToTheNewContent) {
  Push(Event("ADDED", Object("a", "3")) + Event("MODIFIED", Object("a", "5")) +
       Event("DELETED", Object("b", "6")) + EndMark("7"));
  Run();
  EXPECT_THAT(sink_.log, ElementsAre("begin", "changed a", "changed a", "deleted b", "end"));
}

TEST_F(ReflectorSyncTest, OnlyTheEndMarkTellsTheVersionToGoOnFrom) {
  // The initial events come in the order of names, and one of them may be the newest of all.
  Push(Event("ADDED", Object("a", "9")) + Bookmark("8") + Event("ADDED", Object("b", "2")) +
       EndMark("9"));
  Run();
  EXPECT_THAT(Targets(), ElementsAre(WatchList(), WatchFrom("9")));
  EXPECT_THAT(sink_.log, ElementsAre("begin", "changed a", "changed b", "end"));
}

TEST_F(ReflectorSyncTest, IsNotSyncedBeforeTheEndMark) {
  Push(Event("ADDED", Object("a", "3")));
  Run();
  EXPECT_FALSE(synced_at_end_);
  EXPECT_THAT(sink_.log, ElementsAre("begin", "changed a", "abort", "begin", "abort"));
  EXPECT_THAT(Targets(), ElementsAre(WatchList(), WatchList()));
  EXPECT_THAT(waits_, ElementsAre(milliseconds(800)));
  EXPECT_THAT(Metrics(), HasSubstr(Restarts("initial", 1)));
}

TEST_F(ReflectorSyncTest, AWatchListThatEndsEarlyThriceIsAListTheFourthTime) {
  Push(Event("ADDED", Object("a", "3")));
  Push(Answer{.pieces = {Event("ADDED", Object("a", "3"))},
              .error = Fail(Code::kUnavailable, "reset")});
  Push(Answer{.status = 500});
  Push(ListOf("7", Object("a", "3")));
  Run();
  EXPECT_THAT(Targets(), ElementsAre(WatchList(), WatchList(), WatchList(), kList, WatchFrom("7")));
  EXPECT_THAT(waits_, ElementsAre(milliseconds(800), milliseconds(1600)));
}

TEST_F(ReflectorSyncTest, AWatchListThatGoesSilentBeforeItsEndMarkIsAListAtOnce) {
  for (const auto& pieces : {Pieces{}, Pieces{Event("ADDED", Object("a", "3"))}}) {
    Push(Answer{.pieces = pieces, .error = Fail(Code::kTimeout, "silent")});
    Push(ListOf("7", Object("a", "3")));
    PushLong("");
    Push(
        Answer{.pieces = {ErrorEvent(410)}, .before_end = [this] { clock_.Advance(minutes(10)); }});
  }
  Run();
  EXPECT_THAT(Targets(),
              ElementsAre(WatchList(), kList, WatchFrom("7"), WatchFrom("7"), WatchList("7"),
                          NotOlderThan("7"), WatchFrom("7"), WatchFrom("7"), WatchList("7")));
  EXPECT_TRUE(waits_.empty());
  EXPECT_THAT(Metrics(), AllOf(HasSubstr(Restarts("silent", 2)), HasSubstr(Restarts("initial", 0)),
                               HasSubstr(Restarts("timeout", 0))));
}

TEST_F(ReflectorSyncTest, AWatchListHasTwentySecondsToGoOnAndTwoMinutesOnceItIsAWatch) {
  Push(Event("ADDED", Object("a", "3")));
  Push(Event("ADDED", Object("a", "3")) + EndMark("7"));
  Run();
  EXPECT_THAT(transport_.patience, ElementsAre(seconds(20), seconds(120), seconds(120)));
}

TEST_F(ReflectorSyncTest, AWatchListThatUsedUpItsTimeWithoutAnEndMarkIsAListAtOnce) {
  PushLong(Event("ADDED", Object("a", "3")) + Event("MODIFIED", Object("a", "4")));
  Push(ListOf("7", ""));
  Run();
  EXPECT_THAT(Targets(), ElementsAre(WatchList(), kList, WatchFrom("7")));
  EXPECT_TRUE(waits_.empty());
  EXPECT_THAT(Metrics(), HasSubstr(Restarts("initial", 1)));
}

TEST_F(ReflectorSyncTest, AnOverloadedOrAbsentServerIsAskedForTheWatchListAgain) {
  for (int i = 0; i < 2; ++i) {
    Push(Answer{.status = 429, .retry_after_seconds = 7});
    Push(Event("ERROR", StatusObject(429, R"({"retryAfterSeconds":9})")));
    PushRefused();
    PushRefused();
  }
  PushLong(EndMark("7"));
  Run();
  EXPECT_THAT(Targets(), ::testing::Each(::testing::AnyOf(WatchList(), WatchFrom("7"))));
  EXPECT_EQ(Targets().size(), 10u);
  EXPECT_THAT(waits_,
              ElementsAre(seconds(7), seconds(9), milliseconds(3200), milliseconds(6400),
                          milliseconds(12800), milliseconds(25600), seconds(30), seconds(30)));
  EXPECT_TRUE(synced_at_end_);
}

TEST_F(ReflectorSyncTest, RefusedCredentialsAreNoReasonToListInstead) {
  Push(Answer{.status = 401});
  Push(EndMark("7"));
  Run();
  EXPECT_THAT(Targets(), ElementsAre(WatchList(), WatchList(), WatchFrom("7")));
}

TEST_F(ReflectorSyncTest, AServerThatAsksForAYearOfPatienceGetsFiveMinutes) {
  Push(Answer{.status = 429, .retry_after_seconds = 31'536'000});
  PushLong(EndMark("7"));
  Run();
  EXPECT_THAT(waits_, ElementsAre(minutes(5)));
}

TEST_F(ReflectorSyncTest, AServerThatRefusedAWatchListIsNotAskedForOneForTenMinutes) {
  Push(Answer{.status = 400});
  Push(ListOf("7", ""));
  PushLong("");
  PushLong(ErrorEvent(410));
  Push(ListOf("9", ""));
  PushLong("");
  PushLong(ErrorEvent(410));
  Push(EndMark("20"));
  Run();
  EXPECT_THAT(Targets(),
              ElementsAre(WatchList(), kList, WatchFrom("7"), WatchFrom("7"), NotOlderThan("7"),
                          WatchFrom("9"), WatchFrom("9"), WatchList("9"), WatchFrom("20")));
}

TEST_F(ReflectorSyncTest, OneThatMayListButNotWatchListsWithoutForgettingTheWatchList) {
  Push(Answer{.status = 403});
  Push("");
  Push(EndMark("7"));
  Run();
  EXPECT_THAT(Targets(), ElementsAre(WatchList(), kList, WatchList(), WatchFrom("7")));
}

TEST_F(ReflectorSyncTest, AVersionThatTheServerDoesNotHaveIsNotNamedAgain) {
  // The ways in which it says so: expired, and not there yet; as a status and in the stream.
  const std::vector<Answer> refusals = {
      Answer{.status = 410}, Answer{.pieces = {ErrorEvent(410)}},
      Answer{.status = 504, .pieces = {kTooLargeVersion}},
      Answer{.pieces = {Event("ERROR", kTooLargeVersion)}},
      Answer{.status = 504,
             .pieces = {R"({"message":"Too large resource version: 9, current: 3"})"}}};
  Push(EndMark("7"));
  int version = 7;
  for (const Answer& refusal : refusals) {
    PushLong(Event("ADDED", Object("a", std::to_string(++version))) + ErrorEvent(410));
    Push(refusal);
    Push(EndMark(std::to_string(version)));
  }
  Run();
  for (std::size_t i = 0; i < refusals.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(Targets()[3 * i + 2], WatchList(std::to_string(8 + i)));
    EXPECT_EQ(Targets()[3 * i + 3], WatchList());
  }
  EXPECT_THAT(Metrics(), HasSubstr(Syncs("watch-list", 6)));
}

TEST_F(ReflectorSyncTest, TellsHowLongTheFirstSyncTook) {
  PushRefused();
  PushRefused();
  Push(EndMark("7"));
  Run();
  EXPECT_THAT(Metrics(), HasSubstr("telltale_initial_sync_seconds{resource=\"pods\"} 2.4\n"));
}

std::string* logged = nullptr;

TEST_F(ReflectorSyncTest, AMissingDefinitionIsWaitedForAndSaidClearly) {
  std::string lines;
  logged = &lines;
  SetLogSinkForTest([](std::string_view line) { logged->append(line); });
  Push(Answer{.status = 404, .pieces = {R"({"message":"the server could not find it"})"}});
  Push(Answer{.status = 404});
  PushLong(Event("ADDED", Object("a", "1")) + EndMark("7"));
  Run();
  SetLogSinkForTest(nullptr);
  EXPECT_THAT(waits_, ElementsAre(milliseconds(800), milliseconds(1600)));
  EXPECT_THAT(sink_.log,
              ElementsAre("begin", "abort", "begin", "abort", "begin", "changed a", "end"));
  EXPECT_THAT(lines, AllOf(HasSubstr("the server could not find it"),
                           HasSubstr("is the CustomResourceDefinition installed?")));
  EXPECT_THAT(Metrics(), HasSubstr(Total("relists_total", 0)))
      << "tries before the first content are not repetitions of it";
}

TEST_F(ReflectorSyncTest, ASelectorIsPartOfEveryRequest) {
  Reflector selecting(ReflectorOptions{.name = "configmaps",
                                       .collection = "/api/v1/configmaps",
                                       .selector = "fieldSelector=metadata.name%3Dx",
                                       .wait = [](milliseconds) {},
                                       .random = [] { return std::uint64_t{60}; }},
                      transport_, sink_, registry_, clock_);
  PushList(ListOf("7", ""));
  Push("");
  Run(selecting);
  EXPECT_THAT(Targets(),
              ElementsAre("/api/v1/configmaps?watch=1&allowWatchBookmarks=true"
                          "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
                          "&timeoutSeconds=300&fieldSelector=metadata.name%3Dx",
                          "/api/v1/configmaps?limit=500&fieldSelector=metadata.name%3Dx",
                          "/api/v1/configmaps?watch=1&allowWatchBookmarks=true&resourceVersion=7"
                          "&timeoutSeconds=300&fieldSelector=metadata.name%3Dx",
                          "/api/v1/configmaps?watch=1&allowWatchBookmarks=true&resourceVersion=7"
                          "&timeoutSeconds=300&fieldSelector=metadata.name%3Dx"));
  EXPECT_THAT(transport_.questions,
              ElementsAre("/api/v1/configmaps?limit=1&fieldSelector=metadata.name%3Dx"));
}

}  // namespace
}  // namespace telltale
