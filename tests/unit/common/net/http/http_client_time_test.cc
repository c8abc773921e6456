// SPDX-License-Identifier: Apache-2.0
//
// How long HttpClient waits, and how a wait is ended.
#include <latch>
#include <vector>

#include "common/net/http/http_server.h"
#include "tests/unit/common/net/http/http_client_fixture.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(HttpClientTimeTest, AnAddressThatDoesNotAnswerIsGivenUpAtTheConnectTimeout) {
  RawListener full(/*backlog=*/0);
  std::vector<UniqueFd> fill;  // the kernel ignores whoever comes to a full queue
  for (int i = 0; i < 3; ++i) {
    fill.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(full.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect(fill.back().get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  HttpClientOptions options = OptionsFor(full.port());
  options.connect_timeout = milliseconds(200);
  const auto start = std::chrono::steady_clock::now();
  const auto response = HttpClient(options).Send({}, kLong);
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, Code::kTimeout) << response.error().message;
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(10));
}

TEST(HttpClientTimeTest, OneDeadlineIsOverTheWholeCall) {
  std::latch done(1);
  Script script([&](RawListener& listener) {
    RawSocket socket = listener.Accept();
    socket.ReadUntil("\r\n\r\n");
    socket.Send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    while (socket.Send("x") && !socket.ReadableWithin(20)) {  // a byte now and then
    }
    done.wait();
  });
  HttpClient client(OptionsFor(script.port()));
  const auto start = std::chrono::steady_clock::now();
  const auto response = client.Send({}, milliseconds(300));
  const auto took = std::chrono::steady_clock::now() - start;
  done.count_down();
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, Code::kTimeout) << response.error().message;
  EXPECT_GE(took, milliseconds(290));
  EXPECT_LT(took, seconds(5));
}

TEST(HttpClientTimeTest, AfterATimeoutTheNextCallUsesANewConnection) {
  std::latch asked_again(1);
  Script script([&](RawListener& listener) {
    RawSocket silent = listener.Accept();
    silent.ReadUntil("\r\n\r\n");
    RawSocket socket = listener.Accept();
    socket.ReadUntil("\r\n\r\n");
    silent.Send(Ok("late"));
    socket.Send(Ok("fresh"));
  });
  HttpClient client(OptionsFor(script.port()));
  EXPECT_EQ(client.Send({}, milliseconds(100)).error().code, Code::kTimeout);
  EXPECT_EQ(client.Send({}, kLong)->body, "fresh");
}

TEST(HttpClientTimeTest, CancelFromAnotherThreadEndsTheCallAndAllLaterOnes) {
  std::latch asked(1);
  Script script([&](RawListener& listener) {
    RawSocket socket = listener.Accept();
    socket.ReadUntil("\r\n\r\n");
    asked.count_down();
    socket.ReadAll();  // never answers
  });
  HttpClient client(OptionsFor(script.port()));
  std::thread canceller([&] {
    asked.wait();
    client.Cancel();
  });
  const auto start = std::chrono::steady_clock::now();
  const auto response = client.Send({}, seconds(50));
  canceller.join();
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(15));
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, Code::kCancelled) << response.error().message;
  EXPECT_EQ(client.Send({}, seconds(50)).error().code, Code::kCancelled);
}

TEST(HttpClientTimeTest, CancelAtAnyMomentOfARunIsNoticed) {
  HttpServerOptions options;
  options.listen = "127.0.0.1:0";
  HttpServer server(options, [](const HttpRequest&) { return TextResponse(200, "x"); });
  ASSERT_TRUE(server.Start().ok());
  for (int i = 0; i < 20; ++i) {
    HttpClient client(OptionsFor(server.port()));
    std::latch started(1);
    std::thread canceller([&] {
      started.wait();
      for (int spin = 0; spin < i * 50; ++spin) std::this_thread::yield();
      client.Cancel();
    });
    started.count_down();
    Code code = Code::kInternal;
    for (bool running = true; running;) {
      const auto response = client.Send({}, kLong);
      running = response.ok();
      if (!running) code = response.error().code;
    }
    canceller.join();
    EXPECT_EQ(code, Code::kCancelled);
  }
}

}  // namespace
}  // namespace telltale
