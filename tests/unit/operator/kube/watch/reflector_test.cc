// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/watch/reflector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "common/base/log.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_transport.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Answer = FakeTransport::Answer;

std::string Object(const std::string& name, const std::string& version) {
  return R"({"metadata":{"name":")" + name + R"(","resourceVersion":")" + version + R"("}})";
}
std::string ListOf(const std::string& version, const std::string& items,
                   const std::string& more = "") {
  return R"({"metadata":{"resourceVersion":")" + version + R"(","continue":")" + more +
         R"("},"items":[)" + items + "]}";
}
std::string Event(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}
std::string ErrorEvent(int code) {
  return Event("ERROR", R"({"kind":"Status","message":"m","code":)" + std::to_string(code) + "}");
}

// Writes down what happens; an object without a name does not decode.
class RecordingSink final : public ReflectorSink {
 public:
  void ListBegin() override { log.push_back("begin"); }
  Status ListItem(JsonValue object) override { return Note("item ", object); }
  void ListEnd() override { log.push_back("end"); }
  void ListAbort() override { log.push_back("abort"); }
  Status Changed(JsonValue object) override { return Note("changed ", object); }
  Status Deleted(JsonValue object) override { return Note("deleted ", object); }

  std::vector<std::string> log;

 private:
  Status Note(const std::string& what, JsonValue object) {
    std::string name;
    TELLTALE_TRY(object.ForEachField([&](std::string_view key, JsonValue value) -> Status {
      if (key != "metadata") return {};
      return value.ForEachField([&](std::string_view field, JsonValue text) -> Status {
        if (field == "name") name = text.String().value_or("");
        return {};
      });
    }));
    if (name.empty()) return Fail(Code::kInvalid, "no name");
    log.push_back(what + name);
    return {};
  }
};

class ReflectorTest : public ::testing::Test {
 protected:
  // Lets the reflector work off the script; it is then in the request after the last answer.
  void Run() {
    std::thread thread([this] { reflector_.Run(); });
    transport_.WaitUntilIdle();
    synced_at_end_ = reflector_.synced();
    reflector_.Stop();
    transport_.Cancel();
    thread.join();
  }
  std::vector<std::string> Targets() const {
    std::vector<std::string> targets;
    for (const ApiRequest& request : transport_.Requests()) targets.push_back(request.target);
    return targets;
  }
  std::string Metrics() {
    std::string page;
    registry_.Render(page);
    return page;
  }
  static std::string WatchFrom(const std::string& version) {
    return "/api/v1/pods?watch=1&allowWatchBookmarks=true&resourceVersion=" + version +
           "&timeoutSeconds=240";
  }
  // A watch that lasted, as far as the clock says.
  Answer Long(std::string body) {
    return Answer{.pieces = {std::move(body)},
                  .before_end = [this] { clock_.Advance(seconds(250)); }};
  }

  static constexpr const char* kList = "/api/v1/pods?limit=500";
  FakeTransport transport_;
  RecordingSink sink_;
  Registry registry_;
  FakeClock clock_;
  std::vector<milliseconds> waits_;
  bool synced_at_end_ = false;
  Reflector reflector_{
      ReflectorOptions{.name = "pods",
                       .collection = "/api/v1/pods",
                       .selector = "",
                       .wait = [this](milliseconds time) { waits_.push_back(time); },
                       .random = [] { return std::uint64_t{0}; }},
      transport_, sink_, registry_, clock_};
};

TEST_F(ReflectorTest, ListsThenWatchesFromTheVersionOfTheList) {
  transport_.Push(ListOf("7", Object("a", "1") + "," + Object("b", "2")));
  Run();
  EXPECT_THAT(sink_.log, ElementsAre("begin", "item a", "item b", "end"));
  EXPECT_THAT(Targets(), ElementsAre(kList, WatchFrom("7")));
  EXPECT_EQ(transport_.Requests()[1].timeout, seconds(120));
  EXPECT_TRUE(synced_at_end_);
}

TEST_F(ReflectorTest, IsNotSyncedBeforeTheListIsDelivered) {
  transport_.Push(ListOf("7", Object("a", "1"), "more"));
  Run();
  EXPECT_FALSE(synced_at_end_);
  EXPECT_THAT(sink_.log, ElementsAre("begin", "item a", "abort"));
}

TEST_F(ReflectorTest, ReadsEveryPageIntoOneList) {
  transport_.Push(ListOf("7", Object("a", "1"), "to/ken="));
  transport_.Push(ListOf("7", Object("b", "2")));
  Run();
  EXPECT_THAT(Targets(),
              ElementsAre(kList, "/api/v1/pods?limit=500&continue=to%2Fken%3D", WatchFrom("7")));
  EXPECT_THAT(sink_.log, ElementsAre("begin", "item a", "item b", "end"));
}

TEST_F(ReflectorTest, ASnapshotThatExpiresBetweenPagesIsListedAgainWithoutPages) {
  transport_.Push(ListOf("7", Object("a", "1"), "token"));
  transport_.Push(Answer{.status = 410});
  transport_.Push(ListOf("9", Object("b", "2")));
  Run();
  EXPECT_THAT(Targets(), ElementsAre(kList, "/api/v1/pods?limit=500&continue=token", "/api/v1/pods",
                                     WatchFrom("9")));
  EXPECT_THAT(sink_.log, ElementsAre("begin", "item a", "abort", "begin", "item b", "end"));
  EXPECT_TRUE(waits_.empty());
}

TEST_F(ReflectorTest, AListThatIsCutIsAbortedAndTriedAgain) {
  transport_.Push(R"({"metadata":{"resourceVersion":"7"},"items":[)" + Object("a", "1"));
  transport_.Push(ListOf("8", Object("b", "2")));
  Run();
  EXPECT_THAT(sink_.log, ElementsAre("begin", "item a", "abort", "begin", "item b", "end"));
  EXPECT_THAT(waits_, ElementsAre(milliseconds(800)));
}

TEST_F(ReflectorTest, EventsReachTheSink) {
  transport_.Push(ListOf("7", ""));
  transport_.Push(Event("ADDED", Object("a", "8")) + Event("MODIFIED", Object("a", "9")) +
                  Event("DELETED", Object("a", "10")));
  Run();
  EXPECT_THAT(sink_.log, ElementsAre("begin", "end", "changed a", "changed a", "deleted a"));
  EXPECT_THAT(Metrics(), HasSubstr("telltale_watch_events_total{resource=\"pods\"} 3"));
}

TEST_F(ReflectorTest, AWatchThatEndedGoesOnFromTheLastEventWithoutAList) {
  transport_.Push(ListOf("7", ""));
  transport_.Push(Event("ADDED", Object("a", "8")));
  transport_.Push(Event("DELETED", Object("a", "12")));
  transport_.Push(Event("BOOKMARK", Object("", "40")));
  transport_.Push(Long(""));
  Run();
  EXPECT_THAT(Targets(), ElementsAre(kList, WatchFrom("7"), WatchFrom("8"), WatchFrom("12"),
                                     WatchFrom("40"), WatchFrom("40")));
  EXPECT_TRUE(waits_.empty());
  EXPECT_THAT(Metrics(),
              HasSubstr("telltale_watch_restarts_total{reason=\"eof\",resource=\"pods\"} 4"));
  EXPECT_THAT(Metrics(), HasSubstr("telltale_relists_total{resource=\"pods\"} 0"));
}

TEST_F(ReflectorTest, BookmarksDoNotReachTheSink) {
  transport_.Push(ListOf("7", ""));
  transport_.Push(Event("BOOKMARK", Object("not-an-object", "40")));
  Run();
  EXPECT_THAT(sink_.log, ElementsAre("begin", "end"));
}

TEST_F(ReflectorTest, HistoryThatIsGoneIsListedAgainAtOnce) {
  transport_.Push(ListOf("7", Object("a", "1")));
  transport_.Push(Event("ADDED", Object("b", "8")));
  transport_.Push(Answer{.status = 410});
  transport_.Push(ListOf("20", Object("b", "8")));
  transport_.Push(Event("ADDED", Object("c", "21")) + ErrorEvent(410));
  transport_.Push(ListOf("30", ""));
  Run();
  EXPECT_THAT(Targets(), ElementsAre(kList, WatchFrom("7"), WatchFrom("8"), kList, WatchFrom("20"),
                                     kList, WatchFrom("30")));
  EXPECT_TRUE(waits_.empty());
  EXPECT_THAT(Metrics(), AllOf(HasSubstr("telltale_relists_total{resource=\"pods\"} 2"),
                               HasSubstr("{reason=\"gone\",resource=\"pods\"} 2")));
}

TEST_F(ReflectorTest, AListThatIsGoneBeforeItsFirstEventIsNotRepeatedInAHotLoop) {
  transport_.Push(ListOf("7", ""));
  transport_.Push(ErrorEvent(410));
  transport_.Push(ListOf("8", ""));
  transport_.Push(Answer{.status = 410});
  transport_.Push(ListOf("9", ""));
  Run();
  EXPECT_THAT(waits_, ElementsAre(milliseconds(800), milliseconds(1600)));
}

TEST_F(ReflectorTest, ARefusedConnectionIsRetriedFromTheSameVersionWithGrowingWaits) {
  transport_.Push(ListOf("7", ""));
  for (int i = 0; i < 8; ++i) {
    transport_.Push(Answer{.error = Fail(Code::kUnavailable, "connection refused")});
  }
  transport_.Push(Event("BOOKMARK", Object("", "8")));
  transport_.Push(Answer{.error = Fail(Code::kUnavailable, "connection refused")});
  Run();
  EXPECT_THAT(waits_, ElementsAre(milliseconds(800), milliseconds(1600), milliseconds(3200),
                                  milliseconds(6400), milliseconds(12800), milliseconds(25600),
                                  milliseconds(30000), milliseconds(30000), milliseconds(800)))
      << "after a success the waits start over";
  EXPECT_EQ(Targets()[9], WatchFrom("7"));
  EXPECT_EQ(Targets()[11], WatchFrom("8"));
  EXPECT_THAT(Metrics(), HasSubstr("{reason=\"error\",resource=\"pods\"} 9"));
}

TEST_F(ReflectorTest, ASilentConnectionIsOpenedAgain) {
  transport_.Push(ListOf("7", ""));
  transport_.Push(Answer{.error = Fail(Code::kTimeout, "silent")});
  Run();
  EXPECT_THAT(Targets(), ElementsAre(kList, WatchFrom("7"), WatchFrom("7")));
  EXPECT_THAT(Metrics(), HasSubstr("{reason=\"timeout\",resource=\"pods\"} 1"));
}

TEST_F(ReflectorTest, AnOverloadedServerIsAskedForTheSameWatchAfterItsRetryAfter) {
  transport_.Push(ListOf("7", ""));
  transport_.Push(Answer{.status = 429, .retry_after_seconds = 5});
  transport_.Push(Answer{.status = 503});
  transport_.Push(ErrorEvent(429));
  Run();
  EXPECT_THAT(waits_, ElementsAre(seconds(5), milliseconds(1600), milliseconds(3200)));
  EXPECT_THAT(Targets(),
              ElementsAre(kList, WatchFrom("7"), WatchFrom("7"), WatchFrom("7"), WatchFrom("7")));
}

TEST_F(ReflectorTest, AnyOtherRefusalOfAWatchLeadsToAList) {
  transport_.Push(ListOf("7", ""));
  transport_.Push(Answer{.status = 403});
  transport_.Push(ListOf("8", ""));
  transport_.Push(ErrorEvent(500));
  transport_.Push(ListOf("9", ""));
  Run();
  EXPECT_THAT(Targets(),
              ElementsAre(kList, WatchFrom("7"), kList, WatchFrom("8"), kList, WatchFrom("9")));
  EXPECT_EQ(waits_.size(), 2u);
}

TEST_F(ReflectorTest, AWatchThatEndsAtOnceWithoutEventsWaits) {
  transport_.Push(ListOf("7", ""));
  transport_.Push("");
  transport_.Push("");
  transport_.Push(Long(""));
  transport_.Push("");
  Run();
  EXPECT_THAT(waits_, ElementsAre(milliseconds(800), milliseconds(1600), milliseconds(800)));
  EXPECT_THAT(Metrics(), HasSubstr("{reason=\"short\",resource=\"pods\"} 3"));
}

TEST_F(ReflectorTest, ALineThatWasCutAtTheEndIsForgotten) {
  transport_.Push(ListOf("7", ""));
  const std::string whole = Event("ADDED", Object("b", "9"));
  transport_.Push(Answer{
      .pieces = {"\n", Event("ADDED", Object("a", "8")), whole.substr(0, whole.size() - 1)}});
  transport_.Push(whole);
  Run();
  EXPECT_THAT(sink_.log, ElementsAre("begin", "end", "changed a", "changed b"));
  EXPECT_THAT(Targets(), ElementsAre(kList, WatchFrom("7"), WatchFrom("8"), WatchFrom("9")));
}

TEST_F(ReflectorTest, ALineWithoutEndLeadsToAList) {
  transport_.Push(ListOf("7", ""));
  const std::string part(4 << 20, 'x');
  transport_.Push(Answer{.pieces = {part, part, part, part, part}});
  transport_.Push(ListOf("8", ""));
  Run();
  EXPECT_THAT(Targets(), ElementsAre(kList, WatchFrom("7"), kList, WatchFrom("8")));
  EXPECT_THAT(Metrics(), HasSubstr("{reason=\"oversize\",resource=\"pods\"} 1"));
}

TEST_F(ReflectorTest, ALineThatIsNoEventLeadsToAList) {
  transport_.Push(ListOf("7", ""));
  transport_.Push("gibberish\n" + Event("ADDED", Object("never", "9")));
  transport_.Push(ListOf("8", ""));
  Run();
  EXPECT_THAT(Targets(), ElementsAre(kList, WatchFrom("7"), kList, WatchFrom("8")));
  EXPECT_THAT(sink_.log, ElementsAre("begin", "end", "begin", "end"));
  EXPECT_EQ(waits_.size(), 1u);
}

TEST_F(ReflectorTest, AnObjectThatDoesNotDecodeIsCountedAndDoesNotStopTheOthers) {
  transport_.Push(ListOf("7", Object("a", "1") + "," + Object("", "2") + "," + Object("c", "3")));
  transport_.Push(Event("ADDED", Object("", "8")) + Event("ADDED", Object("d", "9")) +
                  Event("DELETED", Object("", "10")));
  Run();
  EXPECT_THAT(sink_.log, ElementsAre("begin", "item a", "item c", "end", "changed d"));
  EXPECT_EQ(Targets()[2], WatchFrom("10"));
  EXPECT_THAT(Metrics(), HasSubstr("telltale_decode_errors_total{resource=\"pods\"} 3"));
}

TEST_F(ReflectorTest, AnUnknownKindOfEventIsCountedAndSkipped) {
  transport_.Push(ListOf("7", ""));
  transport_.Push(Event("RENAMED", Object("a", "8")) + Event("ADDED", Object("b", "9")));
  Run();
  EXPECT_THAT(sink_.log, ElementsAre("begin", "end", "changed b"));
  EXPECT_THAT(Metrics(), HasSubstr("telltale_decode_errors_total{resource=\"pods\"} 1"));
}

std::string* logged = nullptr;

TEST_F(ReflectorTest, AMissingDefinitionIsWaitedForAndSaidClearly) {
  std::string lines;
  logged = &lines;
  SetLogSinkForTest([](std::string_view line) { logged->append(line); });
  transport_.Push(
      Answer{.status = 404, .pieces = {R"({"message":"the server could not find it"})"}});
  transport_.Push(Answer{.status = 404});
  transport_.Push(ListOf("7", Object("a", "1")));
  Run();
  SetLogSinkForTest(nullptr);
  EXPECT_THAT(waits_, ElementsAre(milliseconds(800), milliseconds(1600)));
  EXPECT_THAT(sink_.log, ElementsAre("begin", "abort", "begin", "abort", "begin", "item a", "end"));
  EXPECT_THAT(lines, AllOf(HasSubstr("the server could not find it"),
                           HasSubstr("is the CustomResourceDefinition installed?")));
  EXPECT_THAT(Metrics(), HasSubstr("telltale_relists_total{resource=\"pods\"} 0"))
      << "tries before the first list are not repetitions of it";
}

TEST_F(ReflectorTest, ASelectorIsPartOfListAndWatch) {
  Reflector selecting(ReflectorOptions{.name = "configmaps",
                                       .collection = "/api/v1/configmaps",
                                       .selector = "fieldSelector=metadata.name%3Dx",
                                       .random = [] { return std::uint64_t{60}; }},
                      transport_, sink_, registry_, clock_);
  transport_.Push(ListOf("7", ""));
  std::thread thread([&] { selecting.Run(); });
  transport_.WaitUntilIdle();
  selecting.Stop();
  transport_.Cancel();
  thread.join();
  EXPECT_THAT(Targets(),
              ElementsAre("/api/v1/configmaps?limit=500&fieldSelector=metadata.name%3Dx",
                          "/api/v1/configmaps?watch=1&allowWatchBookmarks=true&resourceVersion=7"
                          "&timeoutSeconds=300&fieldSelector=metadata.name%3Dx"));
}

TEST_F(ReflectorTest, StopEndsAWaitAtOnce) {
  Reflector waiting(ReflectorOptions{.name = "pods", .collection = "/api/v1/pods", .selector = ""},
                    transport_, sink_, registry_, clock_);
  // A wait that would outlast the test's own limit.
  transport_.Push(Answer{.status = 503, .retry_after_seconds = 3600});
  std::thread thread([&] { waiting.Run(); });
  while (transport_.Requests().empty()) std::this_thread::yield();
  waiting.Stop();
  thread.join();
}

}  // namespace
}  // namespace telltale
