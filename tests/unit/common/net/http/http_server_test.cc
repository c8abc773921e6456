// SPDX-License-Identifier: Apache-2.0
#include "common/net/http/http_server.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <fstream>
#include <stdexcept>
#include <vector>

#include "tests/fakes/text_pieces.h"
#include "tests/unit/common/net/http/raw_socket.h"

namespace telltale {
namespace {

HttpResponse Echo(const HttpRequest& request) {
  if (request.path() == "/throw") throw std::runtime_error("boom");
  if (request.path() == "/throw-int") throw 7;
  const std::string* header = FindHeader(request.headers, "X-Test");
  return TextResponse(200, request.method + "|" + request.target + "|" + (header ? *header : "-") +
                               "|" + request.body);
}

HttpServerOptions Loopback() {
  HttpServerOptions options;
  options.listen = "127.0.0.1:0";
  return options;
}

class HttpServerTest : public testing::Test {
 protected:
  void Start(HttpServerOptions options = Loopback(), HttpHandler handler = &Echo) {
    server_ = std::make_unique<HttpServer>(std::move(options), std::move(handler));
    const Status started = server_->Start();
    ASSERT_TRUE(started.ok()) << started.error().message;
    ASSERT_NE(server_->port(), 0);
  }
  // Sends and reads until the server closes.
  std::string Ask(std::string_view bytes) {
    RawSocket socket = RawSocket::Connect(server_->port());
    socket.Send(bytes);
    return socket.ReadAll();
  }
  std::unique_ptr<HttpServer> server_;
};

bool EndsWith(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

TEST_F(HttpServerTest, TheHandlerSeesTheRequestAndItsAnswerGoesOut) {
  Start();
  const std::string answer =
      Ask("POST /a/b?c=d HTTP/1.1\r\nHost: h\r\nx-test: v\r\nConnection: close\r\n"
          "Content-Length: 4\r\n\r\nbody");
  EXPECT_EQ(answer.substr(0, 17), "HTTP/1.1 200 OK\r\n");
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(EndsWith(answer, "\r\n\r\nPOST|/a/b?c=d|v|body")) << answer;
}

TEST_F(HttpServerTest, ChunkedBodiesAreDecoded) {
  Start();
  const std::string answer =
      Ask("POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
          "3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\n\r\n");
  EXPECT_TRUE(EndsWith(answer, "POST|/|-|abcdefg")) << answer;
}

TEST_F(HttpServerTest, AConnectionIsKeptForTheNextRequest) {
  Start();
  RawSocket socket = RawSocket::Connect(server_->port());
  socket.Send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(EndsWith(socket.ReadUntil("GET|/1|-|"), "GET|/1|-|"));
  socket.Send("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(EndsWith(socket.ReadUntil("GET|/2|-|"), "GET|/2|-|"));
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  Start();
  const std::string answer =
      Ask("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n"
          "GET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const auto first = answer.find("GET|/1|-|");
  const auto second = answer.find("GET|/2|-|");
  EXPECT_NE(first, std::string::npos);
  EXPECT_LT(first, second);
  EXPECT_TRUE(EndsWith(answer, "GET|/3|-|")) << answer;
}

TEST_F(HttpServerTest, Http10ClosesUnlessAskedToKeep) {
  Start();
  EXPECT_TRUE(EndsWith(Ask("GET / HTTP/1.0\r\n\r\n"), "GET|/|-|"));
  RawSocket socket = RawSocket::Connect(server_->port());
  socket.Send("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_NE(socket.ReadUntil("GET|/1|-|").find("Connection: keep-alive"), std::string::npos);
  socket.Send("GET /2 HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(EndsWith(socket.ReadAll(), "GET|/2|-|"));
}

TEST_F(HttpServerTest, HeadHasTheLengthOfTheBodyButNoBody) {
  Start();
  const std::string answer = Ask("HEAD /abc HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answer.find("Content-Length: 12\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(EndsWith(answer, "\r\n\r\n")) << answer;
}

TEST_F(HttpServerTest, AnExceptionInTheHandlerIs500AndTheServerGoesOn) {
  Start();
  RawSocket socket = RawSocket::Connect(server_->port());
  for (const char* path : {"/throw", "/throw-int"}) {
    socket.Send(std::string("GET ") + path + " HTTP/1.1\r\nHost: h\r\n\r\n");
    const std::string answer = socket.ReadUntil("internal error\n");
    EXPECT_EQ(answer.substr(0, 13), "HTTP/1.1 500 ");
    EXPECT_EQ(answer.find("boom"), std::string::npos);
  }
  socket.Send("GET /after HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(EndsWith(socket.ReadAll(), "GET|/after|-|"));
}

TEST_F(HttpServerTest, AClientThatExpectsContinueIsAskedForTheBody) {
  Start();
  RawSocket socket = RawSocket::Connect(server_->port());
  socket.Send(
      "PUT / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nExpect: 100-continue\r\n"
      "Content-Length: 3\r\n\r\n");
  EXPECT_EQ(socket.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  socket.Send("abc");
  EXPECT_TRUE(EndsWith(socket.ReadAll(), "PUT|/|-|abc"));
}

TEST_F(HttpServerTest, OtherExpectationsAre417) {
  Start();
  EXPECT_EQ(Ask("PUT / HTTP/1.1\r\nHost: h\r\nExpect: wonders\r\nContent-Length: 3\r\n\r\nabc")
                .substr(0, 13),
            "HTTP/1.1 417 ");
}

TEST_F(HttpServerTest, AnAbsoluteTargetIsReducedToItsPath) {
  Start();
  EXPECT_TRUE(EndsWith(Ask("GET http://other/x?y HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
                       "GET|/x?y|-|"));
}

TEST_F(HttpServerTest, AnEmptyHostListensOnIpv4AndIpv6) {
  HttpServerOptions options;
  options.listen = ":0";
  Start(options);
  const std::string request = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
  EXPECT_TRUE(EndsWith(Ask(request), "GET|/|-|"));
  UniqueFd fd(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(server_->port());
  address.sin6_addr = in6addr_loopback;
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    GTEST_SKIP() << "this machine has no IPv6 loopback";
  }
  RawSocket socket(std::move(fd));
  socket.Send(request);
  EXPECT_TRUE(EndsWith(socket.ReadAll(), "GET|/|-|"));
}

TEST_F(HttpServerTest, APortInUseIsAnErrorThatNamesTheAddress) {
  Start();
  HttpServerOptions options;
  options.listen = "127.0.0.1:" + std::to_string(server_->port());
  HttpServer second(options, &Echo);
  const Status started = second.Start();
  ASSERT_FALSE(started.ok());
  EXPECT_NE(started.error().message.find(options.listen), std::string::npos);
  EXPECT_NE(started.error().message.find("in use"), std::string::npos);
  options.listen = "nonsense";
  EXPECT_FALSE(HttpServer(options, &Echo).Start().ok());
}

long ResidentMegabytes() {
  std::ifstream statm("/proc/self/statm");
  long total = 0, resident = 0;
  statm >> total >> resident;
  return resident * 4 / 1024;
}

TEST_F(HttpServerTest, ABodyInManyPiecesArrivesWholeAndInOrderThroughAFullSocket) {
  std::string text;
  for (int i = 0; text.size() < (12u << 20); ++i) text += std::to_string(i) + ",";
  const auto body = InPieces(text, 431);
  Start(Loopback(), [body](const HttpRequest&) {
    HttpResponse response;
    response.pieces = body;
    return response;
  });
  RawSocket socket = RawSocket::Connect(server_->port());
  socket.Send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  std::string answer = socket.ReadUntil("\r\n\r\n");
  poll(nullptr, 0, 20);  // the server fills the socket meanwhile
  answer += socket.ReadAll();
  const std::string content = answer.substr(answer.find("\r\n\r\n") + 4);
  EXPECT_EQ(content.size(), text.size());
  EXPECT_TRUE(content == text);
}

TEST_F(HttpServerTest, SlowReadersOfABigSharedBodyHoldUpNobodyAndCopyNothing) {
  constexpr std::size_t kSize = 32u << 20;
  std::string body(kSize, 'x');
  body.back() = '!';
  const auto shared = InPieces(std::move(body), 500);
  Start(Loopback(), [shared](const HttpRequest& request) {
    if (request.path() != "/big") return Echo(request);
    HttpResponse response;
    response.pieces = shared;
    return response;
  });
  const long idle_uses = shared.use_count();
  const long before = ResidentMegabytes();
  std::vector<RawSocket> slow;
  for (int i = 0; i < 16; ++i) {
    slow.push_back(RawSocket::Connect(server_->port()));
    slow.back().Send("GET /big HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    ASSERT_EQ(slow.back().ReadUntil("\r\n\r\n").substr(0, 13), "HTTP/1.1 200 ");
  }
  EXPECT_EQ(shared.use_count(), idle_uses + 16);
  EXPECT_LT(ResidentMegabytes() - before, 128);  // 512 if each had its own bytes
  EXPECT_TRUE(
      EndsWith(Ask("GET /s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), "GET|/s|-|"));
  const std::string rest = slow.front().ReadAll();
  EXPECT_EQ(rest.back(), '!');
  EXPECT_GT(rest.size(), kSize - (1u << 20));
}

}  // namespace
}  // namespace telltale
