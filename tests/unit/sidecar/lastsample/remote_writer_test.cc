// SPDX-License-Identifier: Apache-2.0
#include "sidecar/lastsample/remote_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/unit/sidecar/lastsample/receiver.h"

namespace telltale {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr std::string_view kFive = "a 1\nb 2\nc 3\nd 4\ne 5\n";

RemoteWriter::Outcome Send(RemoteWriter& writer, std::string_view page, bool end = true,
                           seconds within = seconds(60)) {
  RemoteWriter::Outcome outcome;
  const std::shared_ptr<const LastPage> pages[] = {PageOf(page, end)};
  writer.Send(pages, RealClock().Steady() + within, outcome);
  return outcome;
}

TEST(RemoteWriter, SendsTheSecondVersionToAStoreThatSaysWhatItWrote) {
  Receiver store([](const ReceivedWrite& write) { return Written(write.samples); });
  ASSERT_TRUE(store.started());
  RemoteWriter writer(store.url(), {}, RealClock());
  EXPECT_EQ(Send(writer, kFive).written, 5u);
  EXPECT_EQ(Send(writer, "f 1\n", false).written, 1u);
  ASSERT_EQ(store.writes().size(), 2u);
  EXPECT_TRUE(store.writes()[0].second);
  EXPECT_EQ(store.writes()[0].samples, 10u);  // with the markers of the end
  EXPECT_EQ(store.writes()[1].samples, 1u);
}

TEST(RemoteWriter, SendsTheFirstVersionToAllOthers) {
  // The first takes what it does not understand, the second says what it does not understand.
  Receiver silent([](const ReceivedWrite&) { return HttpResponse{204, {}, "", {}}; });
  Receiver strict([](const ReceivedWrite& write) {
    return write.second ? TextResponse(415, "unsupported") : HttpResponse{204, {}, "", {}};
  });
  for (Receiver* store : {&silent, &strict}) {
    RemoteWriter writer(store->url(), {}, RealClock());
    EXPECT_EQ(Send(writer, kFive).written, 5u);
    ASSERT_EQ(store->writes().size(), 1u);
    EXPECT_FALSE(store->writes()[0].second);
    EXPECT_EQ(store->writes()[0].samples, 10u);
  }
}

// Case L8.
TEST(RemoteWriter, OfARequestThatIsRolledBackOnlyTheBadSeriesIsLost) {
  Receiver store([](const ReceivedWrite& write) {
    return write.Has(
               "\x01"
               "d")
               ? TextResponse(400, "no such label")
               : HttpResponse{204, {}, "", {}};
  });
  RemoteWriter writer(store.url(), {}, RealClock());
  const auto outcome = Send(writer, kFive);
  EXPECT_EQ(outcome.written, 4u);
  EXPECT_EQ(outcome.refused, 1u);
  EXPECT_THAT(outcome.error, HasSubstr("no such label"));
}

TEST(RemoteWriter, WhatTheSecondVersionStoredInPartIsNotSentAgain) {
  Receiver store([](const ReceivedWrite& write) {
    return write.series == 0 ? Written(0) : Written(8, 400, "no such label");
  });
  RemoteWriter writer(store.url(), {}, RealClock());
  const auto outcome = Send(writer, kFive);
  EXPECT_EQ(outcome.written, 4u);
  EXPECT_EQ(outcome.refused, 1u);
  EXPECT_EQ(store.writes().size(), 1u);
}

// Case L4: a marker that Prometheus set is newer.
TEST(RemoteWriter, SamplesThatComeTooLateAreSentOnceMoreWithALaterTime) {
  int refused = 0;
  Receiver store([&](const ReceivedWrite& write) {
    return write.second || ++refused > 1 ? HttpResponse{204, {}, "", {}}
                                         : TextResponse(400, "out of order sample");
  });
  RemoteWriter writer(store.url(), {}, RealClock());
  EXPECT_EQ(Send(writer, kFive).written, 5u);
  ASSERT_EQ(store.writes().size(), 2u);
  EXPECT_GE(store.writes()[1].time_ms, store.writes()[0].time_ms + 1'000);
}

// The second version stores what is good in it and says of the rest only that there is some.
TEST(RemoteWriter, WhatTheSecondVersionStoredInPartIsSentAgainIfTheTimeWasTheReason) {
  int answers = 0;
  Receiver store([&](const ReceivedWrite& write) {
    if (write.series == 0) return Written(0);
    return ++answers == 1 ? Written(8, 400, "out of order sample") : Written(write.samples);
  });
  RemoteWriter writer(store.url(), {}, RealClock());
  EXPECT_EQ(Send(writer, kFive).written, 5u);
  ASSERT_EQ(store.writes().size(), 2u);
  EXPECT_GE(store.writes()[1].time_ms, store.writes()[0].time_ms + 1'000);
}

TEST(RemoteWriter, APageOfALoginIsNoAnswerOfAStore) {
  int asked = 0;
  Receiver store([&](const ReceivedWrite& write) {
    HttpResponse page = TextResponse(200, "<html>log in</html>");
    page.headers = {{"Content-Type", "text/html"}};
    return ++asked == 2 ? page : Written(write.samples);
  });
  RemoteWriter writer(store.url(), {}, RealClock());
  const auto outcome = Send(writer, kFive);
  EXPECT_EQ(outcome.written, 5u);
  EXPECT_THAT(outcome.error, HasSubstr("log in"));
  EXPECT_EQ(store.writes().size(), 2u);
}

TEST(RemoteWriter, TimesThatAreAlwaysRefusedEnd) {
  Receiver store([&](const ReceivedWrite& write) {
    return write.second ? HttpResponse{204, {}, "", {}} : TextResponse(400, "too old sample");
  });
  RemoteWriter writer(store.url(), {}, RealClock());
  EXPECT_EQ(Send(writer, kFive).refused, 5u);
  EXPECT_LT(store.writes().size(), 12u);
}

// Case L3: the store's clock is an hour ahead, or behind.
TEST(RemoteWriter, TimesAreThoseOfTheStoresClock) {
  for (const char* date : {"Fri, 01 Jan 2038 00:00:00 GMT", "Thu, 01 Jan 2015 00:00:00 GMT"}) {
    Receiver store([&](const ReceivedWrite&) {
      HttpResponse response{204, {}, "", {}};
      response.headers.emplace_back("Date", date);
      return response;
    });
    RemoteWriter writer(store.url(), {}, RealClock());
    EXPECT_EQ(Send(writer, "a 1\n").written, 1u);
    const std::int64_t there = std::string_view(date).find("2038") != std::string_view::npos
                                   ? 2'145'916'800'000
                                   : 1'420'070'400'000;
    EXPECT_NEAR(static_cast<double>(store.writes().at(0).time_ms - there), 500, 60'000);
  }
}

// Case L5, and a store that is only just starting.
TEST(RemoteWriter, TheSameBytesComeAgainUntilTheyAreAnswered) {
  int asked = 0;
  Receiver store([&](const ReceivedWrite& write) {
    if (write.series > 0 && ++asked < 3) return TextResponse(503, "starting");
    return Written(write.samples);
  });
  RemoteWriter writer(store.url(), {}, RealClock());
  EXPECT_EQ(Send(writer, kFive).written, 5u);
  const auto writes = store.writes();
  ASSERT_EQ(writes.size(), 3u);
  EXPECT_EQ(writes[0].bytes, writes[2].bytes);
}

// Case L6.
TEST(RemoteWriter, AStoreThatIsAwayHoldsItUpUntilTheDeadline) {
  RemoteWriter writer("http://127.0.0.1:1/api/v1/write", {}, RealClock());
  const auto outcome = Send(writer, kFive, true, seconds(1));
  EXPECT_EQ(outcome.unsent, 5u);
  EXPECT_THAT(outcome.error, HasSubstr("refused"));
}

TEST(RemoteWriter, AReceiverThatIsOffIsSaidAtOnce) {
  Receiver store([](const ReceivedWrite&) { return TextResponse(404, "remote write receiver"); });
  RemoteWriter writer(store.url(), {}, RealClock());
  const auto outcome = Send(writer, kFive);
  EXPECT_EQ(outcome.unsent, 5u);
  EXPECT_THAT(outcome.error, HasSubstr("--web.enable-remote-write-receiver"));
}

TEST(RemoteWriter, CancelEndsIt) {
  RemoteWriter writer("http://127.0.0.1:1/api/v1/write", {}, RealClock());
  std::thread sending([&] { EXPECT_EQ(Send(writer, kFive, true, seconds(600)).unsent, 5u); });
  writer.Cancel();
  sending.join();
}

}  // namespace
}  // namespace telltale
