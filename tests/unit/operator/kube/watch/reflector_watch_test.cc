// SPDX-License-Identifier: Apache-2.0
//
// How a reflector follows changes, and what each way in which a watch ends leads to.
#include "tests/fakes/wait_until.h"
#include "tests/unit/operator/kube/watch/reflector_fixture.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using ReflectorWatchTest = ReflectorTest;

TEST_F(ReflectorWatchTest, EventsReachTheSink) {
  Push(EndMark("7"));
  Push(Event("ADDED", Object("a", "8")) + Event("MODIFIED", Object("a", "9")) +
       Event("DELETED", Object("a", "10")));
  Run();
  EXPECT_THAT(sink_.log, ElementsAre("begin", "end", "changed a", "changed a", "deleted a"));
  EXPECT_THAT(Metrics(), HasSubstr(Total("watch_events_total", 4)));
}

TEST_F(ReflectorWatchTest, AWatchThatEndedGoesOnFromTheLastEventWithoutASync) {
  Push(EndMark("7"));
  PushLong(Event("ADDED", Object("a", "8")));
  PushLong(Event("DELETED", Object("a", "12")));
  PushLong(Bookmark("40"));
  PushLong("");
  Run();
  EXPECT_THAT(Targets(), ElementsAre(WatchList(), WatchFrom("7"), WatchFrom("8"), WatchFrom("12"),
                                     WatchFrom("40"), WatchFrom("40")));
  EXPECT_THAT(Metrics(), AllOf(HasSubstr(Restarts("eof", 4)), HasSubstr(Restarts("short", 1)),
                               HasSubstr(Total("relists_total", 0))));
}

TEST_F(ReflectorWatchTest, AWatchThatLastedIsRepeatedAtOnce) {
  PushLong(EndMark("7"));
  PushLong("");
  Push(Answer{.pieces = {Event("ADDED", Object("a", "8"))},
              .error = Fail(Code::kUnavailable, "reset"),
              .before_end = [this] { clock_.Advance(seconds(2)); }});
  Run();
  EXPECT_THAT(waits_, IsEmpty());
  EXPECT_THAT(Metrics(), AllOf(HasSubstr(Restarts("eof", 2)), HasSubstr(Restarts("error", 1))));
}

TEST_F(ReflectorWatchTest, AWatchThatEndsAtOnceWaitsAndLongerEachTimeUnlessItBringsChanges) {
  PushLong(EndMark("7"));
  Push("");
  Push(Bookmark("8"));
  Push("");
  Push(Event("ADDED", Object("a", "9")));
  Push("");
  Run();
  EXPECT_THAT(waits_, ElementsAre(milliseconds(800), milliseconds(1600), milliseconds(3200),
                                  milliseconds(800), milliseconds(1600)));
  EXPECT_THAT(Metrics(), AllOf(HasSubstr(Restarts("short", 4)), HasSubstr(Restarts("eof", 2))));
}

TEST_F(ReflectorWatchTest, TwoQuietMinutesStartTheWaitsOver) {
  PushLong(EndMark("7"));
  Push("");
  Push("");
  PushLong("");
  Push("");
  Run();
  EXPECT_THAT(waits_, ElementsAre(milliseconds(800), milliseconds(1600), milliseconds(800)));
}

TEST_F(ReflectorWatchTest, HistoryThatIsGoneIsReadAgainAtOnce) {
  Push(EndMark("7"));
  PushLong(Event("ADDED", Object("b", "8")));
  Push(Answer{.status = 410});
  PushLong(EndMark("20"));
  Push(Event("ADDED", Object("c", "21")) + ErrorEvent(410));
  Push(EndMark("30"));
  Run();
  EXPECT_THAT(Targets(), ElementsAre(WatchList(), WatchFrom("7"), WatchFrom("8"), WatchList("8"),
                                     WatchFrom("20"), WatchList("21"), WatchFrom("30")));
  EXPECT_THAT(waits_, ElementsAre(milliseconds(800), milliseconds(800)))
      << "after the two short watches, not before the syncs";
  EXPECT_THAT(Metrics(),
              AllOf(HasSubstr(Total("relists_total", 2)), HasSubstr(Restarts("gone", 2))));
}

TEST_F(ReflectorWatchTest, HistoryThatKeepsGoingIsReadAtGrowingDistances) {
  PushLong(EndMark("7"));
  Push(ErrorEvent(410));
  for (int i = 0; i < 7; ++i) {
    Push(EndMark("8") + Event("ADDED", Object("a", "9")) + ErrorEvent(410));
  }
  Run();
  EXPECT_THAT(waits_, ElementsAre(milliseconds(800), milliseconds(1600), milliseconds(3200),
                                  milliseconds(6400), milliseconds(12800), milliseconds(25600),
                                  seconds(30)))
      << "the first one is at once; changes in between do not start it over";
}

TEST_F(ReflectorWatchTest, ARefusedConnectionIsRetriedFromTheSameVersionWithGrowingWaits) {
  PushLong(EndMark("7"));
  for (int i = 0; i < 8; ++i) PushRefused();
  Push(Event("ADDED", Object("a", "8")));
  PushRefused();
  Run();
  EXPECT_THAT(waits_, ElementsAre(milliseconds(800), milliseconds(1600), milliseconds(3200),
                                  milliseconds(6400), milliseconds(12800), milliseconds(25600),
                                  seconds(30), seconds(30), milliseconds(800), milliseconds(1600)))
      << "after a change the waits start over";
  EXPECT_EQ(Targets()[9], WatchFrom("7"));
  EXPECT_EQ(Targets()[11], WatchFrom("8"));
  EXPECT_THAT(Metrics(), HasSubstr(Restarts("error", 9)));
}

TEST_F(ReflectorWatchTest, ASilentConnectionIsOpenedAgain) {
  PushLong(EndMark("7"));
  Push(Answer{.error = Fail(Code::kTimeout, "silent")});
  Run();
  EXPECT_THAT(Targets(), ElementsAre(WatchList(), WatchFrom("7"), WatchFrom("7")));
  EXPECT_EQ(transport_.script.Requests()[1].timeout, seconds(120));
  EXPECT_THAT(Metrics(), HasSubstr(Restarts("timeout", 1)));
}

TEST_F(ReflectorWatchTest, AnOverloadedServerIsAskedForTheSameWatchAfterItsRetryAfter) {
  PushLong(EndMark("7"));
  Push(Answer{.status = 429, .retry_after_seconds = 5});
  Push(Answer{.status = 503});
  Push(ErrorEvent(429));
  Push(Event("ERROR", StatusObject(429, R"({"retryAfterSeconds":9})")));
  Run();
  EXPECT_THAT(waits_, ElementsAre(seconds(5), milliseconds(1600), milliseconds(3200), seconds(9)));
  EXPECT_THAT(Targets(), ElementsAre(WatchList(), WatchFrom("7"), WatchFrom("7"), WatchFrom("7"),
                                     WatchFrom("7"), WatchFrom("7")));
  EXPECT_THAT(Metrics(),
              AllOf(HasSubstr(Restarts("throttled", 3)), HasSubstr(Restarts("status", 1))));
}

TEST_F(ReflectorWatchTest, RefusedCredentialsKeepTheVersionUntilNewOnesAreAccepted) {
  PushLong(EndMark("7"));
  Push(Answer{.status = 401});
  Push(Event("ADDED", Object("a", "8")));
  Run();
  EXPECT_THAT(Targets(), ElementsAre(WatchList(), WatchFrom("7"), WatchFrom("7"), WatchFrom("8")));
}

TEST_F(ReflectorWatchTest, InternalErrorsAreWatchedThroughUntilTheThirdInARow) {
  PushLong(EndMark("7"));
  Push(ErrorEvent(500));
  Push(Answer{.status = 500});
  Push(Event("ADDED", Object("a", "8")) + ErrorEvent(500));
  Push(ErrorEvent(500));
  Push(ErrorEvent(500));
  Push(EndMark("9"));
  Run();
  EXPECT_THAT(Targets(),
              ElementsAre(WatchList(), WatchFrom("7"), WatchFrom("7"), WatchFrom("7"),
                          WatchFrom("8"), WatchFrom("8"), WatchList("8"), WatchFrom("9")));
  EXPECT_THAT(Metrics(), HasSubstr(Restarts("internal", 5)));
}

TEST_F(ReflectorWatchTest, AnyOtherRefusalOfAWatchLeadsToASync) {
  PushLong(EndMark("7"));
  Push(Answer{.status = 403});
  PushLong(EndMark("8"));
  Push(ErrorEvent(400));
  PushLong(EndMark("9"));
  Push(Answer{.status = 504, .pieces = {kTooLargeVersion}});
  Push(EndMark("3"));
  Run();
  EXPECT_THAT(Targets(), ElementsAre(WatchList(), WatchFrom("7"), WatchList("7"), WatchFrom("8"),
                                     WatchList("8"), WatchFrom("9"), WatchList(), WatchFrom("3")))
      << "a version that the server does not have is not named again";
  EXPECT_THAT(Metrics(), HasSubstr(Restarts("status", 3)));
}

TEST_F(ReflectorWatchTest, ALineThatWasCutAtTheEndIsForgotten) {
  PushLong(EndMark("7"));
  const std::string whole = Event("ADDED", Object("b", "9"));
  Push(Answer{
      .pieces = {"\n", Event("ADDED", Object("a", "8")), whole.substr(0, whole.size() - 1)}});
  Push(whole);
  Run();
  EXPECT_THAT(sink_.log, ElementsAre("begin", "end", "changed a", "changed b"));
  EXPECT_THAT(Targets(), ElementsAre(WatchList(), WatchFrom("7"), WatchFrom("8"), WatchFrom("9")));
}

TEST_F(ReflectorWatchTest, ALineWithoutEndLeadsToASync) {
  PushLong(EndMark("7"));
  const std::string part(4 << 20, 'x');
  PushLong(part + part + part + part + part);
  Push(EndMark("8"));
  Run();
  EXPECT_THAT(Targets(), ElementsAre(WatchList(), WatchFrom("7"), WatchList("7"), WatchFrom("8")));
  EXPECT_THAT(Metrics(), HasSubstr(Restarts("oversize", 1)));
}

TEST_F(ReflectorWatchTest, AnEventOfFifteenMegabytesIsTaken) {
  const std::string object = R"({"metadata":{"name":"big","resourceVersion":"8"},"text":")" +
                             std::string(15 << 20, 'x') + "\"}";
  Push(EndMark("7") + Event("ADDED", object));
  Run();
  EXPECT_THAT(sink_.log, ElementsAre("begin", "end", "changed big"));
}

TEST_F(ReflectorWatchTest, ALineThatIsNoEventLeadsToASync) {
  PushLong(EndMark("7"));
  for (const char* line : {"gibberish", R"({"type":"ADDED"})", R"({"type":"ADDED","object":null})",
                           R"({"type":"ADDED","object":{"metadata":{"name":"\q"}}})"}) {
    Push(std::string(line) + "\n" + Event("ADDED", Object("never", "9")));
    PushLong(EndMark("8"));
  }
  Run();
  EXPECT_THAT(Metrics(),
              AllOf(HasSubstr(Restarts("malformed", 4)), HasSubstr(Total("decode_errors_total", 4)),
                    HasSubstr(Total("relists_total", 4))));
  EXPECT_THAT(sink_.log, ::testing::Not(::testing::Contains("changed never")));
}

TEST_F(ReflectorWatchTest, AnObjectThatDoesNotDecodeIsCountedAndDoesNotStopTheOthers) {
  Push(Event("ADDED", Object("", "1")) + EndMark("7") + Event("ADDED", Object("", "8")) +
       Event("ADDED", Object("d", "9")) + Event("DELETED", Object("", "10")));
  Run();
  EXPECT_THAT(sink_.log, ElementsAre("begin", "end", "changed d"));
  EXPECT_EQ(Targets()[1], WatchFrom("10"));
  EXPECT_THAT(Metrics(), HasSubstr(Total("decode_errors_total", 3)));
}

TEST_F(ReflectorWatchTest, AVersionThatTheSinkDoesNotGiveIsReadAnyway) {
  Push(EndMark("7") + Event("ADDED", Object("mute", "8")));
  Run();
  EXPECT_THAT(sink_.log, ElementsAre("begin", "end", "changed mute"));
  EXPECT_EQ(Targets()[1], WatchFrom("8"));
}

TEST_F(ReflectorWatchTest, AnUnknownKindOfEventIsCountedAndSkipped) {
  Push(EndMark("7") + Event("RENAMED", Object("a", "8")) + Event("ADDED", Object("b", "9")));
  Run();
  EXPECT_THAT(sink_.log, ElementsAre("begin", "end", "changed b"));
  EXPECT_THAT(Metrics(), HasSubstr(Total("decode_errors_total", 1)));
}

TEST_F(ReflectorWatchTest, EveryReasonStandsAtZeroFromTheStart) {
  for (const char* reason : {"eof", "short", "error", "timeout", "gone", "throttled", "internal",
                             "status", "malformed", "oversize", "rewind", "initial", "silent"}) {
    EXPECT_THAT(Metrics(), HasSubstr(Restarts(reason, 0)));
  }
  EXPECT_THAT(Metrics(), HasSubstr(Total("watch_bytes_total", 0)));
}

TEST_F(ReflectorWatchTest, BytesAndTheTimeOfTheLastEventAreTold) {
  const std::string first = EndMark("7"), second = Bookmark("8");
  Push(first);
  Push(second);
  Run();
  EXPECT_THAT(
      Metrics(),
      AllOf(HasSubstr(Total("watch_bytes_total", static_cast<int>(first.size() + second.size()))),
            HasSubstr("telltale_watch_last_event_timestamp_seconds{resource=\"pods\"} "
                      "1795222923.8\n")));
}

TEST_F(ReflectorWatchTest, StopEndsAWaitAtOnce) {
  Reflector waiting(ReflectorOptions{.name = "pods", .collection = "/api/v1/pods", .selector = ""},
                    transport_, sink_, registry_, clock_);
  // A wait that would outlast the test's own limit.
  Push(Answer{.status = 503, .retry_after_seconds = 3600});
  std::thread thread([&] { waiting.Run(); });
  WaitUntil("a request was sent", [&] { return !transport_.script.Requests().empty(); });
  waiting.Stop();
  thread.join();
}

}  // namespace
}  // namespace telltale
