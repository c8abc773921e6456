// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/events/event_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "tests/fakes/fake_clock.h"

namespace telltale {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// Events by name, as the API server takes and refuses them.
class FakeEvents : public HttpTransport {
 public:
  Result<ApiResponse> Call(const ApiRequest& request) override {
    requests.push_back(request);
    if (status != 200) return ApiResponse{status, R"({"message":"no"})"};
    const bool patch = request.method == "PATCH";
    std::string path = request.target.substr(0, request.target.find('?'));
    if (!patch) {
      const auto at = request.body.find("\"name\":\"") + 8;
      path += "/" + request.body.substr(at, request.body.find('"', at) - at);
    }
    if (patch != objects.contains(path)) return ApiResponse{patch ? 404 : 409, "{}"};
    objects[path] = request.body;
    if (lose_answer) {
      lose_answer = false;
      return Fail(Code::kTimeout, "no answer came");
    }
    return ApiResponse{patch ? 200 : 201, request.body};
  }
  Result<ApiResponse> Stream(const ApiRequest&, FunctionRef<bool(std::string_view)>) override {
    return Fail(Code::kUnavailable, "this fake streams nothing");
  }
  void Cancel() override {}

  std::vector<std::string> Methods() const {
    std::vector<std::string> methods;
    for (const auto& request : requests) methods.push_back(request.method);
    return methods;
  }

  int status = 200;
  bool lose_answer = false;
  std::vector<ApiRequest> requests;
  std::map<std::string, std::string> objects;  // path -> the last body
};

class EventRecorderTest : public ::testing::Test {
 protected:
  void Say(std::string_view note = "a note", std::string_view reason = "Timeout") {
    recorder_.Record(kWeb, EventType::kWarning, reason, "Scrape", note);
  }
  void Process() {
    while (recorder_.ProcessOne()) {
    }
  }
  std::uint64_t Count(const char* result) {
    return registry_
        .AddCounter("telltale_events_total", "Kubernetes events by what became of them.",
                    {{"result", result}})
        .Value();
  }

  const ObjectReference kWeb{"telltale.dev/v1alpha1", "MonitoringTarget", "shop", "web", "uid-1"};
  FakeEvents server_;
  FakeClock clock_;
  Registry registry_;
  bool leader_ = true;
  std::uint64_t random_ = 2'500;  // no jitter
  Api api_{server_, ApiOptions{.may_write = [this] { return leader_; }}, clock_};
  EventRecorder recorder_{{.instance = "operator-0_1", .queue_limit = 10, .series_limit = 3},
                          api_,
                          registry_,
                          clock_,
                          [this] { return random_; }};
};

TEST_F(EventRecorderTest, AnEventIsPostedWithANameOfItsOwn) {
  Say();
  EXPECT_THAT(server_.requests, IsEmpty()) << "Record does not wait for the API";
  Process();
  ASSERT_THAT(server_.Methods(), ElementsAre("POST"));
  const ApiRequest& sent = server_.requests[0];
  EXPECT_THAT(sent.target, HasSubstr("/apis/events.k8s.io/v1/namespaces/shop/events?"));
  EXPECT_THAT(sent.body, HasSubstr(R"("name":"web.)"));
  EXPECT_THAT(sent.body, Not(HasSubstr("generateName")));
  EXPECT_THAT(sent.body, HasSubstr(R"("reportingInstance":"operator-0_1")"));
  EXPECT_THAT(sent.body, Not(HasSubstr("series")));
  EXPECT_EQ(Count("created"), 1u);
  EXPECT_FALSE(recorder_.ProcessOne());
}

TEST_F(EventRecorderTest, TheSecondIsAPatchAndTheThirdOnlyCounted) {
  Say("one");
  clock_.Advance(seconds(1));
  Say("two");
  clock_.Advance(seconds(1));
  Say("three");
  Process();
  ASSERT_THAT(server_.Methods(), ElementsAre("POST", "PATCH"));
  EXPECT_EQ(server_.requests[1].content_type, "application/merge-patch+json");
  EXPECT_EQ(server_.requests[1].body,
            R"({"series":{"count":2,"lastObservedTime":"2026-11-21T01:02:04.000000Z"}})");
  EXPECT_EQ(Count("updated"), 1u);
  EXPECT_THAT(server_.objects, SizeIs(1));
}

TEST_F(EventRecorderTest, ASeriesIsWrittenEveryHalfHourWhileItLasts) {
  for (int i = 0; i < 62; ++i) {
    Say();
    Process();
    clock_.Advance(minutes(1));
  }
  // POST, the second, and the flushes at about 31 and 61 minutes.
  EXPECT_THAT(server_.Methods(), ElementsAre("POST", "PATCH", "PATCH", "PATCH"));
  EXPECT_THAT(server_.requests[2].body, HasSubstr(R"("count":32)"));
}

TEST_F(EventRecorderTest, AQuietSeriesIsWrittenAtItsEndAndForgotten) {
  for (int i = 0; i < 5; ++i) Say();
  Process();
  EXPECT_EQ(recorder_.NextDue(), clock_.Steady() + minutes(6));
  clock_.Advance(minutes(6) - seconds(1));
  EXPECT_FALSE(recorder_.ProcessOne());
  clock_.Advance(seconds(1));
  Process();
  EXPECT_THAT(server_.Methods(), ElementsAre("POST", "PATCH", "PATCH"));
  EXPECT_THAT(server_.requests[2].body, HasSubstr(R"("count":5)"));
  EXPECT_EQ(recorder_.NextDue(), std::nullopt);
  Say();
  Process();
  EXPECT_EQ(server_.Methods().back(), "POST");
  EXPECT_THAT(server_.objects, SizeIs(2));
}

TEST_F(EventRecorderTest, AnEventThatIsThereAlreadyIsDone) {
  server_.lose_answer = true;  // posted, but nobody heard
  Say();
  Process();
  EXPECT_EQ(Count("created"), 0u);
  clock_.Advance(seconds(10));
  Process();
  EXPECT_THAT(server_.Methods(), ElementsAre("POST", "POST"));
  EXPECT_THAT(server_.objects, SizeIs(1)) << "under the same name";
  EXPECT_EQ(Count("created"), 1u);
  clock_.Advance(minutes(1));
  EXPECT_FALSE(recorder_.ProcessOne());
}

TEST_F(EventRecorderTest, AnEventThatTheServerForgotIsMadeAnew) {
  Say();
  Process();
  server_.objects.clear();
  Say();
  Process();
  EXPECT_THAT(server_.Methods(), ElementsAre("POST", "PATCH", "POST"));
  EXPECT_THAT(server_.requests[2].body, HasSubstr(R"("series":{"count":2)"));
}

TEST_F(EventRecorderTest, AFailureThatMayPassIsTriedTwelveTimes) {
  server_.status = 500;
  Say();
  Process();
  for (int i = 0; i < 20; ++i) {
    clock_.Advance(seconds(10));
    Process();
  }
  EXPECT_THAT(server_.requests, SizeIs(12));
  EXPECT_EQ(Count("failed"), 1u);
  EXPECT_EQ(recorder_.NextDue(), std::nullopt);
}

TEST_F(EventRecorderTest, TriesAreTenSecondsApartGiveOrTakeAQuarter) {
  server_.status = 500;
  random_ = 0;
  Say();
  Process();
  EXPECT_EQ(recorder_.NextDue(), clock_.Steady() + std::chrono::milliseconds(7'500));
  clock_.Advance(std::chrono::milliseconds(7'499));
  EXPECT_FALSE(recorder_.ProcessOne());
  clock_.Advance(std::chrono::milliseconds(1));
  random_ = 5'000;
  EXPECT_TRUE(recorder_.ProcessOne());
  EXPECT_EQ(recorder_.NextDue(), clock_.Steady() + std::chrono::milliseconds(12'500));
}

TEST_F(EventRecorderTest, WhatIsRepeatedWhileItWaitsForATryIsInThatTry) {
  server_.status = 500;
  Say();
  Process();
  Say();
  Say();
  Process();
  EXPECT_THAT(server_.requests, SizeIs(1));
  server_.status = 200;
  clock_.Advance(seconds(10));
  Process();
  EXPECT_THAT(server_.Methods(), ElementsAre("POST", "POST"));
  EXPECT_THAT(server_.requests[1].body, HasSubstr(R"("series":{"count":3)"));
}

TEST_F(EventRecorderTest, ARefusalIsNotRepeated) {
  for (int status : {400, 403, 404, 422}) {
    server_.status = status;
    Say();
    Process();
    clock_.Advance(seconds(20));
    Process();
  }
  EXPECT_THAT(server_.requests, SizeIs(4));
  EXPECT_EQ(Count("failed"), 4u);
}

TEST_F(EventRecorderTest, WhoDoesNotLeadSaysNothing) {
  leader_ = false;
  Say();
  Process();
  EXPECT_THAT(server_.requests, IsEmpty());
  EXPECT_EQ(Count("failed"), 1u);
  EXPECT_EQ(recorder_.NextDue(), std::nullopt);
}

TEST_F(EventRecorderTest, AFullQueueDropsAndCounts) {
  for (int i = 0; i < 12; ++i) Say("a note", "Reason" + std::to_string(i));
  EXPECT_EQ(Count("dropped"), 2u);
  Process();
  EXPECT_THAT(server_.objects, SizeIs(10));
}

TEST_F(EventRecorderTest, TheSeriesThatWasQuietLongestIsForgotten) {
  for (const char* reason : {"A", "B", "C", "A", "D", "A"}) {
    Say("a note", reason);
    Process();
    clock_.Advance(seconds(1));
  }
  // D pushed B out, A stayed.
  EXPECT_THAT(server_.Methods(), ElementsAre("POST", "POST", "POST", "PATCH", "POST"));
  Say("a note", "B");
  Process();
  EXPECT_EQ(server_.Methods().back(), "POST");
}

TEST_F(EventRecorderTest, LongTextsAreCutToWhatTheServerTakes) {
  Say(std::string(1'020, 'n') + "éééé", std::string(200, 'r'));
  Process();
  EXPECT_THAT(server_.requests[0].body,
              HasSubstr("\"note\":\"" + std::string(1'020, 'n') + "...\""));
  EXPECT_THAT(server_.requests[0].body,
              HasSubstr("\"reason\":\"" + std::string(125, 'r') + "...\""));
}

TEST_F(EventRecorderTest, StopSendsWhatIsQueuedAndNoMore) {
  Say();
  recorder_.Stop();
  Say("too late", "Late");
  recorder_.Run();
  EXPECT_THAT(server_.requests, SizeIs(1));
  EXPECT_EQ(Count("dropped"), 1u);
}

TEST_F(EventRecorderTest, RunSendsWhatOtherThreadsRecord) {
  std::jthread thread([this] { recorder_.Run(); });
  for (int i = 0; i < 5; ++i) Say("a note", "Reason" + std::to_string(i));
  recorder_.Stop();
  thread.join();
  EXPECT_THAT(server_.objects, SizeIs(5));
}

}  // namespace
}  // namespace telltale
