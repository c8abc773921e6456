// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/client/exchange.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace telltale {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Exchange, CollectsTheBodyOfACall) {
  Exchange exchange(std::nullopt, 100);
  std::thread library([&] {
    exchange.Head(404, 3);
    exchange.Piece("no");
    exchange.Piece("thing");
    exchange.Done(std::nullopt);
  });
  auto response = exchange.Wait(seconds(30));
  library.join();
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "nothing");
  EXPECT_EQ(response->retry_after_seconds, 3);
}

TEST(Exchange, ACallOverItsLimitIsTooLarge) {
  Exchange exchange(std::nullopt, 5);
  exchange.Head(200, 0);
  EXPECT_TRUE(exchange.Piece("12345"));
  EXPECT_FALSE(exchange.Piece("6"));
  exchange.Done(Fail(Code::kUnavailable, "closed by us"));
  EXPECT_EQ(exchange.Wait(seconds(30)).error().code, Code::kTooLarge);
}

TEST(Exchange, TheErrorOfTheConnectionIsReturned) {
  Exchange exchange(std::nullopt, 5);
  exchange.Done(Fail(Code::kUnavailable, "broken"));
  EXPECT_EQ(exchange.Wait(seconds(30)).error().message, "broken");
}

TEST(Exchange, TheSinkIsNeverCalledAfterWaitReturned) {
  int calls = 0;
  const auto sink = [&](std::string_view) {
    ++calls;
    return true;
  };
  Exchange exchange(Exchange::Sink(sink), 5);
  exchange.Head(200, 0);
  EXPECT_TRUE(exchange.Piece("a"));
  exchange.Cancel();
  EXPECT_EQ(exchange.Wait(seconds(30)).error().code, Code::kCancelled);
  EXPECT_FALSE(exchange.Piece("b"));
  EXPECT_EQ(calls, 1);
}

TEST(Exchange, WaitReturnsOnlyWhenTheSinkDoes) {
  Exchange* self = nullptr;
  bool finished = false;
  const auto sink = [&](std::string_view) {
    self->Cancel();
    // The waiting thread has been told by now; it must not believe that we are done.
    for (int i = 0; i < 1000; ++i) std::this_thread::yield();
    finished = true;
    return true;
  };
  Exchange exchange(Exchange::Sink(sink), 5);
  self = &exchange;
  exchange.Head(200, 0);
  std::thread library([&] { exchange.Piece("a"); });
  EXPECT_EQ(exchange.Wait(seconds(30)).error().code, Code::kCancelled);
  EXPECT_TRUE(finished);
  library.join();
}

TEST(Exchange, ASlowSinkIsNotSilence) {
  std::atomic<bool> entered{false};
  const auto sink = [&](std::string_view) {
    entered = true;
    // Work that takes longer than the silence which would mean a dead connection.
    const auto until = std::chrono::steady_clock::now() + milliseconds(300);
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
    return false;
  };
  Exchange exchange(Exchange::Sink(sink), 5);
  exchange.Head(200, 0);
  std::thread library([&] { exchange.Piece("a"); });
  while (!entered) std::this_thread::yield();
  EXPECT_TRUE(exchange.Wait(milliseconds(100)).ok());
  library.join();
}

TEST(Exchange, SilenceEndsAStreamAndTheDeadlineACall) {
  const auto sink = [](std::string_view) { return true; };
  Exchange stream(Exchange::Sink(sink), 5);
  EXPECT_EQ(stream.Wait(milliseconds(1)).error().code, Code::kTimeout);
  Exchange call(std::nullopt, 5);
  EXPECT_EQ(call.Wait(milliseconds(1)).error().code, Code::kTimeout);
}

}  // namespace
}  // namespace telltale
