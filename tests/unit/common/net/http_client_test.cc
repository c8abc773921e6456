// SPDX-License-Identifier: Apache-2.0
#include "common/net/http_client.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <latch>
#include <thread>
#include <vector>

#include "common/net/http_server.h"
#include "tests/unit/common/net/raw_socket.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

HttpClientOptions OptionsFor(std::uint16_t port, const std::string& host = "127.0.0.1") {
  HttpClientOptions options;
  options.server = *ParseUrl("http://" + JoinHostPort(host, port));
  return options;
}

constexpr seconds kLong{20};

// A server that does what a function says, once per connection or over several.
class Script {
 public:
  explicit Script(std::function<void(RawListener&)> play)
      : thread_([this, play = std::move(play)] { play(listener_); }) {}
  ~Script() { thread_.join(); }
  std::uint16_t port() const { return listener_.port(); }

 private:
  RawListener listener_;
  std::thread thread_;
};

std::string Ok(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// Answers every connection's first request with these bytes and closes.
Script Once(std::string bytes) {
  return Script([bytes = std::move(bytes)](RawListener& listener) {
    RawSocket socket = listener.Accept();
    socket.ReadUntil("\r\n\r\n");
    socket.Send(bytes);
  });
}

TEST(HttpClientTest, AskingARealServerByName) {
  HttpServerOptions options;
  options.listen = "127.0.0.1:0";
  HttpServer server(options, [](const HttpRequest& request) {
    HttpResponse response = JsonResponse(201, request.body + request.target);
    response.headers.emplace_back("X-Host", *FindHeader(request.headers, "Host"));
    return response;
  });
  ASSERT_TRUE(server.Start().ok());
  HttpClient client(OptionsFor(server.port(), "localhost"));
  const auto response = client.Send({"POST", "/a?b", {}, "body "}, kLong);
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, "body /a?b");
  EXPECT_EQ(*FindHeader(response->headers, "content-type"), "application/json");
  EXPECT_EQ(*FindHeader(response->headers, "x-host"), JoinHostPort("localhost", server.port()));
}

TEST(HttpClientTest, TheConnectionIsKeptForTheNextRequest) {
  bool second_connection = true;
  {
    Script script([&](RawListener& listener) {
      RawSocket socket = listener.Accept();
      for (const char* body : {"one", "two"}) {
        socket.ReadUntil("\r\n\r\n");
        socket.Send(Ok(body));
      }
      socket.ReadAll();  // until the client is gone
      second_connection = listener.HasWaiting();
    });
    HttpClient client(OptionsFor(script.port()));
    EXPECT_EQ(client.Send({}, kLong)->body, "one");
    EXPECT_EQ(client.Send({}, kLong)->body, "two");
  }
  EXPECT_FALSE(second_connection);
}

TEST(HttpClientTest, AKeptConnectionThatWasClosedMeanwhileIsReplaced) {
  std::latch closed(1);
  Script script([&](RawListener& listener) {
    {
      RawSocket socket = listener.Accept();
      socket.ReadUntil("\r\n\r\n");
      socket.Send(Ok("one"));
    }
    closed.count_down();
    RawSocket socket = listener.Accept();
    socket.ReadUntil("\r\n\r\n");
    socket.Send(Ok("two"));
  });
  HttpClient client(OptionsFor(script.port()));
  EXPECT_EQ(client.Send({}, kLong)->body, "one");
  closed.wait();
  const auto second = client.Send({}, kLong);
  ASSERT_TRUE(second.ok()) << second.error().message;
  EXPECT_EQ(second->body, "two");
}

TEST(HttpClientTest, WhatAServerSaysUnaskedIsNotTakenForTheNextAnswer) {
  std::latch answered(1), closed(1);
  Script script([&](RawListener& listener) {
    {
      RawSocket socket = listener.Accept();
      socket.ReadUntil("\r\n\r\n");
      socket.Send(Ok("one"));
      answered.wait();
      socket.Send("HTTP/1.1 408 Idle\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    }
    closed.count_down();
    RawSocket socket = listener.Accept();
    socket.ReadUntil("\r\n\r\n");
    socket.Send(Ok("two"));
  });
  HttpClient client(OptionsFor(script.port()));
  EXPECT_EQ(client.Send({}, kLong)->body, "one");
  answered.count_down();
  closed.wait();
  const auto second = client.Send({}, kLong);
  ASSERT_TRUE(second.ok()) << second.error().message;
  EXPECT_EQ(second->body, "two");
}

TEST(HttpClientTest, AKeptConnectionThatClosesOnTheNextRequestIsRetriedOnce) {
  Script script([](RawListener& listener) {
    {
      RawSocket socket = listener.Accept();
      socket.ReadUntil("\r\n\r\n");
      socket.Send(Ok("one"));
      socket.ReadUntil("\r\n\r\n");  // takes the second request and closes without a word
    }
    RawSocket socket = listener.Accept();
    EXPECT_NE(socket.ReadUntil("again").find("POST /push "), std::string::npos);
    socket.Send(Ok("two"));
  });
  HttpClient client(OptionsFor(script.port()));
  EXPECT_EQ(client.Send({}, kLong)->body, "one");
  const auto second = client.Send({"POST", "/push", {}, "again"}, kLong);
  ASSERT_TRUE(second.ok()) << second.error().message;
  EXPECT_EQ(second->body, "two");
}

TEST(HttpClientTest, ANewConnectionThatClosesIsNotRetried) {
  bool retried = true;
  {
    Script script([&](RawListener& listener) {
      listener.Accept().ReadUntil("\r\n\r\n");
      retried = listener.HasWaiting();
    });
    HttpClient client(OptionsFor(script.port()));
    const auto response = client.Send({}, kLong);
    ASSERT_FALSE(response.ok());
    EXPECT_EQ(response.error().code, Code::kUnavailable);
    EXPECT_NE(response.error().message.find("closed"), std::string::npos);
  }
  EXPECT_FALSE(retried);
}

TEST(HttpClientTest, AnAnswerThatBeganIsNotRetried) {
  bool retried = true;
  {
    Script script([&](RawListener& listener) {
      {
        RawSocket socket = listener.Accept();
        socket.ReadUntil("\r\n\r\n");
        socket.Send(Ok("one"));
        socket.ReadUntil("\r\n\r\n");
        socket.Send("HTTP/1.1 2");
      }
      retried = listener.HasWaiting();
    });
    HttpClient client(OptionsFor(script.port()));
    EXPECT_EQ(client.Send({}, kLong)->body, "one");
    EXPECT_EQ(client.Send({}, kLong).error().code, Code::kUnavailable);
  }
  EXPECT_FALSE(retried);
}

TEST(HttpClientTest, ChunkedAnswersAreDecoded) {
  Script script = Once(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n1;x=y\r\n \r\n5\r\nworld\r\n0\r\nTrailer: t\r\n\r\n");
  const auto response = HttpClient(OptionsFor(script.port())).Send({}, kLong);
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->body, "hello world");
}

TEST(HttpClientTest, AnAnswerWithoutLengthEndsWithTheConnection) {
  Script script = Once("HTTP/1.0 200 OK\r\n\r\nuntil the end");
  EXPECT_EQ(HttpClient(OptionsFor(script.port())).Send({}, kLong)->body, "until the end");
}

TEST(HttpClientTest, InterimAnswersAreSkipped) {
  Script script =
      Once("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" + Ok("real"));
  const auto response = HttpClient(OptionsFor(script.port())).Send({}, kLong);
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "real");
}

TEST(HttpClientTest, HeadAndNoContentHaveNoBody) {
  Script head = Once("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
  const auto response = HttpClient(OptionsFor(head.port())).Send({"HEAD", "/", {}, ""}, kLong);
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->body, "");
  Script none = Once("HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(HttpClient(OptionsFor(none.port())).Send({}, kLong)->status, 204);
}

TEST(HttpClientTest, ErrorStatusesAreAnswersToo) {
  Script script = Once("HTTP/1.1 429 Slow\r\nContent-Length: 4\r\n\r\nwait");
  const auto response = HttpClient(OptionsFor(script.port())).Send({}, kLong);
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 429);
  EXPECT_EQ(response->body, "wait");
}

TEST(HttpClientTest, TooLargeAnAnswerIsRefused) {
  for (const std::string& bytes :
       {Ok(std::string(1001, 'x')),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x'),
        "HTTP/1.1 200 OK\r\n\r\n" + std::string(5000, 'x'),
        "HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'x')}) {
    Script script = Once(bytes);
    HttpClientOptions options = OptionsFor(script.port());
    options.max_response = 1000;
    const auto response = HttpClient(options).Send({}, kLong);
    ASSERT_FALSE(response.ok());
    EXPECT_EQ(response.error().code, Code::kTooLarge) << response.error().message;
  }
  Script fits = Once(Ok(std::string(1000, 'x')));
  HttpClientOptions options = OptionsFor(fits.port());
  options.max_response = 1000;
  EXPECT_TRUE(HttpClient(options).Send({}, kLong).ok());
}

TEST(HttpClientTest, AServerThatClosesInMidBodyIsUnavailable) {
  for (const char* bytes : {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
                            "HTTP/1.1 200 OK\r\nContent-Le", "not HTTP at all\r\n\r\n"}) {
    Script script = Once(bytes);
    const auto response = HttpClient(OptionsFor(script.port())).Send({}, kLong);
    ASSERT_FALSE(response.ok()) << bytes;
    EXPECT_EQ(response.error().code, Code::kUnavailable) << response.error().message;
  }
}

TEST(HttpClientTest, ARefusedConnectionIsUnavailableAndNamesTheServer) {
  std::uint16_t port = 0;
  {
    RawListener closed;
    port = closed.port();
  }
  const auto response = HttpClient(OptionsFor(port)).Send({}, kLong);
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, Code::kUnavailable);
  EXPECT_EQ(response.error().message,
            "connecting to 127.0.0.1:" + std::to_string(port) + ": Connection refused");
}

TEST(HttpClientTest, AnAddressThatDoesNotAnswerIsGivenUpAtTheConnectTimeout) {
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

TEST(HttpClientTest, OneDeadlineIsOverTheWholeCall) {
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

TEST(HttpClientTest, AfterATimeoutTheNextCallUsesANewConnection) {
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

TEST(HttpClientTest, CancelFromAnotherThreadEndsTheCallAndAllLaterOnes) {
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

TEST(HttpClientTest, CancelAtAnyMomentOfARunIsNoticed) {
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

TEST(HttpClientTest, AServerThatRefusesABigBodyIsHeard) {
  HttpServerOptions options;
  options.listen = "127.0.0.1:0";
  HttpServer server(options, [](const HttpRequest&) { return TextResponse(200, "x"); });
  ASSERT_TRUE(server.Start().ok());
  HttpClient client(OptionsFor(server.port()));
  const auto response = client.Send({"POST", "/", {}, std::string(8u << 20, 'b')}, kLong);
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->status, 413);
  EXPECT_EQ(client.Send({}, kLong)->status, 200);
}

TEST(HttpClientTest, APeerThatDiesWhileWeWriteDoesNotKillUs) {
  Script script([](RawListener& listener) {
    for (int i = 0; i < 3; ++i) listener.Accept().ReadUntil("\r\n");
  });
  HttpClient client(OptionsFor(script.port()));
  for (int i = 0; i < 3; ++i) {
    const auto response = client.Send({"POST", "/", {}, std::string(8u << 20, 'b')}, kLong);
    ASSERT_FALSE(response.ok());
    EXPECT_EQ(response.error().code, Code::kUnavailable) << response.error().message;
  }
}

TEST(HttpClientTest, ABadRequestIsNotSent) {
  HttpClient client(OptionsFor(1));
  EXPECT_EQ(client.Send({"GET", "/ x", {}, ""}, kLong).error().code, Code::kInvalid);
}

}  // namespace
}  // namespace telltale
