// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <latch>
#include <thread>

#include "common/net/http/http_server.h"
#include "tests/fakes/text_pieces.h"
#include "tests/unit/common/net/http/raw_socket.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

HttpServerOptions Loopback() {
  HttpServerOptions options;
  options.listen = "127.0.0.1:0";
  return options;
}

HttpResponse Length(const HttpRequest& request) {
  return TextResponse(200, "length=" + std::to_string(request.body.size()));
}

// Until the server takes no connection any more: Stop has begun.
void WaitUntilRefused(std::uint16_t port) {
  const auto limit = steady_clock::now() + seconds(20);
  while (RawSocket::Connect(port).connected()) ASSERT_LT(steady_clock::now(), limit);
}

TEST(HttpServerDrainTest, ARequestThatHasBegunIsFinished) {
  HttpServer server(Loopback(), &Length);
  ASSERT_TRUE(server.Start().ok());
  const std::uint16_t port = server.port();
  RawSocket socket = RawSocket::Connect(port);
  socket.Send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n");
  socket.ReadUntil("100 Continue\r\n\r\n");
  std::thread stopper([&server] { server.Stop(seconds(20)); });
  WaitUntilRefused(port);
  socket.Send("abcdef");
  const std::string answer = socket.ReadAll();
  stopper.join();
  EXPECT_NE(answer.find("length=6"), std::string::npos);
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
}

TEST(HttpServerDrainTest, AnAnswerUnderWayIsSentToItsEnd) {
  constexpr std::size_t kSize = 32u << 20;
  const auto body = InPieces(std::string(kSize, 'x'), 500);
  HttpServer server(Loopback(), [body](const HttpRequest&) {
    HttpResponse response;
    response.pieces = body;
    return response;
  });
  ASSERT_TRUE(server.Start().ok());
  const std::uint16_t port = server.port();
  RawSocket socket = RawSocket::Connect(port);
  socket.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  std::string answer = socket.ReadUntil("\r\n\r\n");
  std::thread stopper([&server] { server.Stop(seconds(20)); });
  WaitUntilRefused(port);
  answer += socket.ReadAll();
  stopper.join();
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, kSize);
}

TEST(HttpServerDrainTest, IdleConnectionsAreClosedAtOnce) {
  HttpServer server(Loopback(), &Length);
  ASSERT_TRUE(server.Start().ok());
  RawSocket kept = RawSocket::Connect(server.port());
  kept.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  kept.ReadUntil("length=0");
  RawSocket silent = RawSocket::Connect(server.port());
  const auto start = steady_clock::now();
  server.Stop(seconds(30));
  EXPECT_LT(steady_clock::now() - start, seconds(5));
  EXPECT_EQ(kept.ReadAll(), "");
  EXPECT_EQ(silent.ReadAll(), "");
}

TEST(HttpServerDrainTest, ARequestThatArrivedUnreadBeforeStopIsAnswered) {
  std::latch in_handler(1), release(1);
  HttpServer server(Loopback(), [&](const HttpRequest& request) {
    if (request.path() == "/block") {  // what no real handler may do
      in_handler.count_down();
      release.wait();
    }
    return Length(request);
  });
  ASSERT_TRUE(server.Start().ok());
  RawSocket kept = RawSocket::Connect(server.port());
  kept.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  kept.ReadUntil("length=0");
  RawSocket blocker = RawSocket::Connect(server.port());
  blocker.Send("GET /block HTTP/1.1\r\nHost: h\r\n\r\n");
  in_handler.wait();
  kept.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  std::thread stopper([&server] { server.Stop(seconds(20)); });
  release.count_down();
  EXPECT_NE(kept.ReadAll().find("length=0"), std::string::npos);
  EXPECT_NE(blocker.ReadAll().find("length=0"), std::string::npos);
  stopper.join();
}

TEST(HttpServerDrainTest, AfterTheGraceEverythingIsClosed) {
  HttpServer server(Loopback(), &Length);
  ASSERT_TRUE(server.Start().ok());
  RawSocket socket = RawSocket::Connect(server.port());
  socket.Send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n");
  socket.ReadUntil("100 Continue\r\n\r\n");
  const auto start = steady_clock::now();
  server.Stop(milliseconds(200));
  const auto took = steady_clock::now() - start;
  EXPECT_GE(took, milliseconds(190));
  EXPECT_LT(took, seconds(5));
  EXPECT_EQ(socket.ReadAll(), "");
}

TEST(HttpServerDrainTest, StoppingTwiceOrWithoutStartIsHarmless) {
  HttpServer never(Loopback(), &Length);
  never.Stop();
  HttpServer server(Loopback(), &Length);
  ASSERT_TRUE(server.Start().ok());
  server.Stop();
  server.Stop();
}

TEST(HttpServerDrainTest, StoppingUnderTrafficLosesNoAcceptedRequest) {
  HttpServer server(Loopback(), &Length);
  ASSERT_TRUE(server.Start().ok());
  const std::uint16_t port = server.port();
  auto client = [port](std::latch& warm) {
    int answered = 0;
    RawSocket socket = RawSocket::Connect(port);
    for (bool more = true; more; ++answered) {
      socket.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd");
      const std::string answer = socket.ReadUntil("length=4");
      if (answer.empty()) return answered;  // closed between two requests
      EXPECT_NE(answer.find("length=4"), std::string::npos);
      more = answer.find("Connection: close") == std::string::npos;
      if (answered == 50) warm.count_down();
    }
    return answered;
  };
  std::latch warm(2);
  auto one = std::async(std::launch::async, client, std::ref(warm));
  auto two = std::async(std::launch::async, client, std::ref(warm));
  warm.wait();
  server.Stop(seconds(20));
  EXPECT_GT(one.get(), 50);
  EXPECT_GT(two.get(), 50);
}

}  // namespace
}  // namespace telltale
