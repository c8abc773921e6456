// SPDX-License-Identifier: Apache-2.0
//
// HttpClient::Stream: bodies that nobody holds whole.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "tests/unit/common/net/http/http_client_fixture.h"

namespace telltale {
namespace {

HttpClientOptions Limited(const Script& script) {
  HttpClientOptions options = OptionsFor(script.port());
  options.max_response = 1000;
  return options;
}

std::string Head(std::size_t length, const char* status = "200 OK") {
  return std::string("HTTP/1.1 ") + status + "\r\nContent-Length: " + std::to_string(length) +
         "\r\n\r\n";
}

TEST(HttpClientStreamTest, ABodyFarLargerThanTheLimitArrivesWholeAndInOrder) {
  std::string body;
  for (int i = 0; body.size() < 3'000'000; ++i) body += std::to_string(i) + ",";
  Script script([&](RawListener& listener) {
    RawSocket socket = listener.Accept();
    for (int i = 0; i < 2; ++i) {
      socket.ReadUntil("\r\n\r\n");
      socket.Send(Head(body.size()) + body);
    }
  });
  HttpClient client(Limited(script));
  for (int i = 0; i < 2; ++i) {  // the second over the kept connection
    std::string got;
    std::size_t largest = 0;
    const auto response = client.Stream({}, {.whole = kLong}, [&](std::string_view piece) {
      got += piece;
      largest = std::max(largest, piece.size());
      return true;
    });
    ASSERT_TRUE(response.ok()) << response.error().message;
    EXPECT_EQ(response->status, 200);
    EXPECT_TRUE(response->body.empty());
    EXPECT_TRUE(got == body);
    EXPECT_LE(largest, 64u << 10);
  }
}

TEST(HttpClientStreamTest, ChunksAreTakenApart) {
  Script script([&](RawListener& listener) {
    RawSocket socket = listener.Accept();
    socket.ReadUntil("\r\n\r\n");
    socket.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 1000; ++i) socket.Send("5\r\nhello\r\n");
    socket.Send("0\r\n\r\n");
  });
  HttpClient client(Limited(script));
  std::string got;
  ASSERT_TRUE(client
                  .Stream({}, {.whole = kLong},
                          [&](std::string_view piece) {
                            got += piece;
                            return true;
                          })
                  .ok());
  ASSERT_EQ(got.size(), 5000u);
  EXPECT_EQ(got.substr(4990), "hellohello");
}

TEST(HttpClientStreamTest, WhatCameInManyChunksIsHandedOverAtOnceAfterAPause) {
  std::atomic<int> begun{0};
  Script script([&](RawListener& listener) {
    RawSocket socket = listener.Accept();
    socket.ReadUntil("\r\n\r\n");
    socket.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    begun.wait(0);
    for (int i = 0; i < 100; ++i) socket.Send("5\r\nhello\r\n");
    socket.Send("0\r\n\r\n");
  });
  HttpClient client(Limited(script));
  int pieces = 0;
  std::size_t bytes = 0;
  const auto read = [&](std::string_view piece) {
    ++pieces;
    bytes += piece.size();
    begun = 1;
    begun.notify_all();
    return true;
  };
  const StreamLimits patient{.whole = kLong, .silence = kLong, .pause = StreamLimits::Millis(200)};
  ASSERT_TRUE(client.Stream({}, patient, read).ok());
  EXPECT_EQ(bytes, 505u);
  EXPECT_LE(pieces, 5) << "the hundred were there before the pause was over";
}

void BeginAndBeSilent(RawListener& listener) {
  RawSocket socket = listener.Accept();
  socket.ReadUntil("\r\n\r\n");
  socket.Send(Head(100) + "begun");
  socket.ReadAll();
}

TEST(HttpClientStreamTest, SilenceEndsAStreamThatMayTakeForever) {
  Script script(BeginAndBeSilent);
  HttpClient client(Limited(script));
  std::string got;
  const auto response =
      client.Stream({}, {.silence = StreamLimits::Millis(100)}, [&](std::string_view piece) {
        got += piece;
        return true;
      });
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, Code::kTimeout);
  EXPECT_EQ(got, "begun");
  EXPECT_EQ(client.stage(), HttpStage::kAnswer);
}

TEST(HttpClientStreamTest, TheReaderMayChangeHowLongASilenceIsBorne) {
  Script script(BeginAndBeSilent);
  HttpClient client(Limited(script));
  StreamLimits limits{.silence = StreamLimits::Millis::max()};
  const auto response = client.Stream({}, limits, [&](std::string_view) {
    limits.silence = StreamLimits::Millis(100);
    return true;
  });
  ASSERT_FALSE(response.ok());
  EXPECT_NE(response.error().message.find("no answer within 100 ms"), std::string::npos)
      << response.error().message;
}

TEST(HttpClientStreamTest, TheWholeTimeEndsAStreamThatDrips) {
  Script script([](RawListener& listener) {
    RawSocket socket = listener.Accept();
    socket.ReadUntil("\r\n\r\n");
    socket.Send(Head(100'000'000));
    while (socket.Send("drip")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  });
  HttpClient client(Limited(script));
  const auto response = client.Stream({}, {.whole = StreamLimits::Millis(200), .silence = kLong},
                                      [](std::string_view) { return true; });
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, Code::kTimeout);
}

TEST(HttpClientStreamTest, ASinkThatHasEnoughEndsTheCallAndTheConnection) {
  Script script([&](RawListener& listener) {
    {
      RawSocket socket = listener.Accept();
      socket.ReadUntil("\r\n\r\n");
      socket.Send(Head(100'000'000) + std::string(100'000, 'x'));
      while (!socket.ReadSome().empty()) {
      }
    }
    RawSocket next = listener.Accept();
    next.ReadUntil("\r\n\r\n");
    next.Send(Head(2) + "ok");
  });
  HttpClient client(Limited(script));
  int calls = 0;
  const auto response = client.Stream({}, {.whole = kLong}, [&](std::string_view) {
    ++calls;
    return false;
  });
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(client.Send({}, kLong)->body, "ok");
}

TEST(HttpClientStreamTest, AnotherStatusGivesTheSinkNothingAndKeepsTheBeginningOfItsBody) {
  Script script([&](RawListener& listener) {
    RawSocket socket = listener.Accept();
    socket.ReadUntil("\r\n\r\n");
    socket.Send(Head(3, "503 Busy") + "why");
    socket.ReadUntil("\r\n\r\n");
    socket.Send(Head(1'000'000, "500 Broken") + std::string(1'000'000, 'x'));
  });
  HttpClient client(Limited(script));
  const auto never = [](std::string_view) {
    ADD_FAILURE();
    return true;
  };
  auto response = client.Stream({}, {.whole = kLong}, never);
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(response->body, "why");
  response = client.Stream({}, {.whole = kLong}, never);
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->body.size(), 64u << 10);
}

TEST(HttpClientStreamTest, ABodyThatIsCutIsAnError) {
  Script script([&](RawListener& listener) {
    RawSocket socket = listener.Accept();
    socket.ReadUntil("\r\n\r\n");
    socket.Send(Head(100) + "half");
  });
  HttpClient client(Limited(script));
  const auto response = client.Stream({}, {.whole = kLong}, [](std::string_view) { return true; });
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace telltale
