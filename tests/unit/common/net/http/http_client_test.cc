// SPDX-License-Identifier: Apache-2.0
//
// What HttpClient sends, and how it reads what answers.
#include "common/net/http/http_server.h"
#include "tests/unit/common/net/http/http_client_fixture.h"

namespace telltale {
namespace {

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

TEST(HttpClientTest, ABadRequestIsNotSent) {
  HttpClient client(OptionsFor(1));
  EXPECT_EQ(client.Send({"GET", "/ x", {}, ""}, kLong).error().code, Code::kInvalid);
}

}  // namespace
}  // namespace telltale
