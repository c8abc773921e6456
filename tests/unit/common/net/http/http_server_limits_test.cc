// SPDX-License-Identifier: Apache-2.0
//
// What a server on an admission path must survive. Deadlines are short here, and the tests wait
// for the server to close, not for time to pass.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/log.h"
#include "common/net/http/http_client.h"
#include "common/net/http/http_server.h"
#include "tests/fakes/sanitizer.h"
#include "tests/fakes/text_pieces.h"
#include "tests/unit/common/net/http/raw_socket.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Of this process, in KiB.
std::int64_t ResidentKib() {
  std::ifstream file("/proc/self/statm");
  std::int64_t whole = 0, resident = 0;
  file >> whole >> resident;
  return resident * sysconf(_SC_PAGESIZE) / 1024;
}

constexpr char kRequest[] = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

class HttpServerLimitsTest : public testing::Test {
 protected:
  HttpServerLimitsTest() { options_.listen = "127.0.0.1:0"; }
  void Start() {
    server_ = std::make_unique<HttpServer>(options_, [this](const HttpRequest& request) {
      ++handled_;
      return TextResponse(200, std::to_string(request.body.size()));
    });
    ASSERT_TRUE(server_->Start().ok());
  }
  std::string Ask(std::string_view bytes) {
    RawSocket socket = RawSocket::Connect(server_->port());
    socket.Send(bytes);
    return socket.ReadAll();
  }
  static milliseconds Since(steady_clock::time_point start) {
    return std::chrono::duration_cast<milliseconds>(steady_clock::now() - start);
  }
  HttpServerOptions options_;
  std::unique_ptr<HttpServer> server_;
  std::atomic<int> handled_ = 0;
};

TEST_F(HttpServerLimitsTest, GarbageIs400AndReachesNoHandler) {
  Start();
  for (const char* bytes :
       {"\x01\x02\x03\x04\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "GET / FTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET nowhere HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "\x16\x03\x01\x02\x01\x01\x01\xfc\x03\x03\r\n"}) {
    const std::string answer = Ask(bytes);
    EXPECT_EQ(answer.substr(0, 13), "HTTP/1.1 400 ") << bytes;
    EXPECT_NE(answer.find("Connection: close"), std::string::npos);
  }
  EXPECT_EQ(handled_, 0);
  EXPECT_EQ(Ask(kRequest).substr(0, 13), "HTTP/1.1 200 ");
}

TEST_F(HttpServerLimitsTest, AHeaderBeyondTheLimitIs431) {
  Start();
  const std::string start = "GET / HTTP/1.1\r\nHost: h\r\nX: ";
  EXPECT_EQ(Ask(start + std::string(1 << 20, 'a')).substr(0, 13), "HTTP/1.1 431 ");
  EXPECT_EQ(Ask(start + std::string(17 << 10, 'a') + "\r\n\r\n").substr(0, 13), "HTTP/1.1 431 ");
  EXPECT_EQ(handled_, 0);
  const std::string fits = start + std::string(15 << 10, 'a') + "\r\nConnection: close\r\n\r\n";
  EXPECT_EQ(Ask(fits).substr(0, 13), "HTTP/1.1 200 ");
}

TEST_F(HttpServerLimitsTest, ABodyBeyondTheLimitIs413AndTheClientCanReadIt) {
  Start();
  const std::string big(8u << 20, 'b');
  RawSocket socket = RawSocket::Connect(server_->port());
  socket.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 8388608\r\n\r\n");
  EXPECT_TRUE(socket.Send(big));  // all of it is taken, and thrown away
  EXPECT_EQ(socket.ReadAll().substr(0, 13), "HTTP/1.1 413 ");
  EXPECT_EQ(handled_, 0);
}

TEST_F(HttpServerLimitsTest, AChunkedBodyIsHeldToTheSameLimit) {
  options_.max_body = 1000;
  Start();
  const std::string head =
      "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string chunk = "1f4\r\n" + std::string(500, 'c') + "\r\n";
  EXPECT_EQ(Ask(head + chunk + chunk + "0\r\n\r\n").substr(0, 13), "HTTP/1.1 200 ");
  EXPECT_EQ(Ask(head + chunk + chunk + "1\r\nx\r\n0\r\n\r\n").substr(0, 13), "HTTP/1.1 413 ");
}

TEST_F(HttpServerLimitsTest, ABodyOfExactlyTheLimitIsTaken) {
  Start();
  std::string request = "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: ";
  request += std::to_string(1 << 20) + "\r\n\r\n" + std::string(1 << 20, 'b');
  const std::string answer = Ask(request);
  EXPECT_EQ(answer.substr(answer.size() - 7), "1048576");
}

TEST_F(HttpServerLimitsTest, AClientThatExpectsContinueIsNotAskedForTooLargeABody) {
  Start();
  EXPECT_EQ(Ask("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                "Content-Length: 8388608\r\n\r\n")
                .substr(0, 13),
            "HTTP/1.1 413 ");
}

TEST_F(HttpServerLimitsTest, HalfSentRequestsAreClosedByTheDeadline) {
  options_.read_timeout = milliseconds(150);
  Start();
  for (const char* half : {"", "GET / HT", "GET / HTTP/1.1\r\nHost: h\r\n",
                           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf"}) {
    const auto start = steady_clock::now();
    EXPECT_EQ(Ask(half), "") << half;
    EXPECT_GE(Since(start), milliseconds(140)) << half;
    EXPECT_LT(Since(start), milliseconds(5'000)) << half;
  }
  EXPECT_EQ(handled_, 0);
}

TEST_F(HttpServerLimitsTest, AByteNowAndThenGainsNoTime) {
  options_.read_timeout = milliseconds(300);
  Start();
  for (const char* start_of_request :
       {"GET / HTTP/1.1\r\nHost: h\r\nX: ",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n"}) {
    RawSocket socket = RawSocket::Connect(server_->port());
    socket.Send(start_of_request);
    const auto start = steady_clock::now();
    while (!socket.ReadableWithin(20) && Since(start) < milliseconds(15'000)) socket.Send("a");
    EXPECT_EQ(socket.ReadAll(), "");
    EXPECT_LT(Since(start), milliseconds(5'000));
  }
}

TEST_F(HttpServerLimitsTest, AnIdleConnectionIsClosedByItsOwnDeadline) {
  options_.idle_timeout = milliseconds(150);
  Start();
  RawSocket socket = RawSocket::Connect(server_->port());
  socket.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(socket.ReadUntil("\r\n\r\n0").find("200 OK"), std::string::npos);
  const auto start = steady_clock::now();
  EXPECT_EQ(socket.ReadAll(), "");
  EXPECT_GE(Since(start), milliseconds(100));
  EXPECT_LT(Since(start), milliseconds(5'000));
}

TEST_F(HttpServerLimitsTest, AClientThatReadsNothingIsClosedByTheWriteDeadline) {
  options_.write_timeout = milliseconds(150);
  const auto body = InPieces(std::string(64u << 20, 'x'), 500);
  server_ = std::make_unique<HttpServer>(options_, [body](const HttpRequest&) {
    HttpResponse response;
    response.pieces = body;
    return response;
  });
  ASSERT_TRUE(server_->Start().ok());
  RawSocket socket = RawSocket::Connect(server_->port());
  socket.Send(kRequest);
  ASSERT_TRUE(socket.ReadableWithin(20'000));  // the answer has begun, perhaps been cut already
  const auto start = steady_clock::now();
  while (body.use_count() > 2 && Since(start) < milliseconds(10'000)) poll(nullptr, 0, 10);
  EXPECT_LT(Since(start), milliseconds(10'000));
  EXPECT_LT(socket.ReadAll().size(), 64u << 20);
}

TEST_F(HttpServerLimitsTest, OfSixHundredSilentConnectionsTheNewestHundredStay) {
  rlimit files{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  options_.max_connections = 100;
  Start();
  std::vector<RawSocket> sockets;
  for (int i = 0; i < 600; ++i) {
    sockets.push_back(RawSocket::Connect(server_->port()));
    ASSERT_TRUE(sockets.back().connected()) << i;
  }
  for (std::size_t i = 0; i < 500; ++i) ASSERT_EQ(sockets[i].ReadAll(), "") << i;
  for (std::size_t i = 500; i < 600; ++i) {
    sockets[i].Send(kRequest);
    ASSERT_EQ(sockets[i].ReadAll().substr(0, 13), "HTTP/1.1 200 ") << i;
  }
  EXPECT_EQ(handled_, 100);
  EXPECT_EQ(Ask(kRequest).substr(0, 13), "HTTP/1.1 200 ");  // room again
}

TEST_F(HttpServerLimitsTest, HalfSentRequestsKeepNobodyOut) {
  options_.max_connections = 4;
  options_.slow_header = milliseconds(10);
  options_.slow_peer = milliseconds(50);
  Start();
  for (const char* half : {"", "GET /met", "GET / HTTP/1.1\r\nHost: h\r\n",
                           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf"}) {
    std::vector<RawSocket> sockets;
    for (int i = 0; i < 12; ++i) {
      sockets.push_back(RawSocket::Connect(server_->port()));
      sockets.back().Send(half);
      EXPECT_EQ(Ask(kRequest).substr(0, 13), "HTTP/1.1 200 ") << half << " " << i;
    }
  }
}

TEST_F(HttpServerLimitsTest, WhoHasOneSlowRequestDoesNotMakeRoomForWhoHasMany) {
  options_.max_connections = 4;
  options_.slow_header = milliseconds(10);
  options_.slow_peer = milliseconds(50);
  Start();
  RawSocket slow{UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))};
  sockaddr_in other{};
  other.sin_family = AF_INET;
  other.sin_addr.s_addr = inet_addr("127.0.0.2");
  ASSERT_TRUE(slow.ConnectTo(server_->port(), &other));
  slow.Send("GET / HT");
  std::vector<RawSocket> sockets;
  for (int i = 0; i < 40; ++i) {
    sockets.push_back(RawSocket::Connect(server_->port()));
    sockets.back().Send("GET /met");
  }
  for (std::size_t i = 0; i < 36; ++i) EXPECT_EQ(sockets[i].ReadAll(), "") << i;
  slow.Send("TP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(slow.ReadAll().substr(0, 13), "HTTP/1.1 200 ");
}

TEST_F(HttpServerLimitsTest, ClientsThatReadNothingKeepNobodyOut) {
  options_.max_connections = 2;
  options_.slow_peer = milliseconds(50);
  const auto body = InPieces(std::string(64u << 20, 'x'), 500);
  server_ = std::make_unique<HttpServer>(options_, [body](const HttpRequest& request) {
    HttpResponse response = TextResponse(200, "short");
    if (request.target == "/long") response.pieces = body;
    return response;
  });
  ASSERT_TRUE(server_->Start().ok());
  std::vector<RawSocket> sockets;
  for (int i = 0; i < 2; ++i) {
    sockets.push_back(RawSocket::Connect(server_->port()));
    sockets.back().Send("GET /long HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_TRUE(sockets.back().ReadableWithin(20'000));
  }
  const auto start = steady_clock::now();
  std::string answer;
  while (answer.substr(0, 13) != "HTTP/1.1 200 " && Since(start) < milliseconds(20'000)) {
    answer = Ask(kRequest);
  }
  EXPECT_EQ(answer.substr(answer.size() - 5), "short");
  EXPECT_LT(Since(start), milliseconds(10'000));
}

TEST_F(HttpServerLimitsTest, SilentTlsConnectionsKeepNobodyOut) {
  const auto now = static_cast<std::int64_t>(time(nullptr));
  const auto authority = MakeAuthority("a", now, 3600);
  ASSERT_TRUE(authority.ok());
  auto pair = MakeServerCertificate(*authority, {"localhost"}, now, 3600);
  ASSERT_TRUE(pair.ok());
  options_.tls = *pair;
  options_.max_connections = 4;
  options_.slow_header = milliseconds(10);
  options_.slow_peer = milliseconds(50);
  Start();
  std::vector<RawSocket> sockets;
  for (int i = 0; i < 8; ++i) sockets.push_back(RawSocket::Connect(server_->port()));
  HttpClientOptions client;
  client.server = *ParseUrl("https://localhost:" + std::to_string(server_->port()));
  client.tls.identity = TlsIdentity{authority->certificate};
  const auto answer = HttpClient(client).Send({}, milliseconds(20'000));
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
}

class HttpServerCrowdTest : public HttpServerLimitsTest {
 protected:
  HttpServerCrowdTest() {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  // Connections that each send `bytes` and then nothing.
  void Crowd(int count, std::string_view bytes = {}) {
    for (int i = 0; i < count; ++i) {
      crowd_.push_back(RawSocket::Connect(server_->port()));
      ASSERT_TRUE(crowd_.back().connected()) << i;
      crowd_.back().Send(bytes);
    }
  }
  std::string AskFrom(const char* source) {
    RawSocket socket = RawSocket::ConnectFrom(source, server_->port());
    socket.Send(kRequest);
    return socket.ReadAll();
  }
  std::vector<RawSocket> crowd_;
};

TEST_F(HttpServerCrowdTest, IdleAndStalledConnectionsKeepNobodyFromAnAnswer) {
  options_.max_connections = 100;
  options_.max_waiting = 100;
  options_.read_timeout = milliseconds(60'000);  // no deadline helps
  Start();
  const std::string body = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nab";
  for (const std::string& sent : {std::string(), std::string("GET / HT"), body}) {
    Crowd(300, sent);
    EXPECT_EQ(AskFrom("127.0.0.2").substr(0, 13), "HTTP/1.1 200 ") << sent;
    EXPECT_EQ(Ask(kRequest).substr(0, 13), "HTTP/1.1 200 ") << sent;  // the crowd's own address
  }
}

TEST_F(HttpServerCrowdTest, ABurstOfRequestsIsAnsweredLateAndNotRefused) {
  options_.max_connections = 20;
  Start();
  Crowd(400);
  for (RawSocket& socket : crowd_) socket.Send(kRequest);
  int answered = 0;
  for (RawSocket& socket : crowd_) answered += socket.ReadAll().substr(0, 13) == "HTTP/1.1 200 ";
  EXPECT_GE(answered, 380);  // those that had a place were idle until the last was there
}

TEST_F(HttpServerCrowdTest, StalledBodiesTakeNoMoreMemoryThanTheLimit) {
  options_.max_body = 1 << 20;
  options_.max_input = 2 << 20;
  options_.read_timeout = milliseconds(60'000);
  Start();
  const std::int64_t before = ResidentKib();
  Crowd(120, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" +
                 std::string(900'000, 'x'));
  EXPECT_EQ(Ask(kRequest).substr(0, 13), "HTTP/1.1 200 ");
  if (!kSanitized) {
    EXPECT_LT(ResidentKib() - before, 8 << 10);
  }
  // A whole body is taken all the same.
  EXPECT_TRUE(
      Ask("POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n" +
          std::string(1'000'000, 'x'))
          .ends_with("\r\n\r\n1000000"));
}

TEST_F(HttpServerCrowdTest, LongHeadersThatDoNotEndAreHeldToTheSameLimit) {
  options_.max_input = 1 << 20;
  options_.read_timeout = milliseconds(60'000);
  Start();
  const std::int64_t before = ResidentKib();
  Crowd(500, "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(15'000, 'x'));
  EXPECT_EQ(Ask(kRequest).substr(0, 13), "HTTP/1.1 200 ");
  if (!kSanitized) {
    EXPECT_LT(ResidentKib() - before, 6 << 10);
  }
}

TEST_F(HttpServerLimitsTest, AServerWithoutBodiesAnswersByTheHeader) {
  options_.max_body = 0;
  Start();
  for (const char* body : {"Content-Length: 900000\r\n\r\nxx", "Content-Length: 2\r\n\r\nxx",
                           "Transfer-Encoding: chunked\r\n\r\n2\r\nxx\r\n",
                           "Expect: 100-continue\r\nContent-Length: 9\r\n\r\n"}) {
    const std::string answer = Ask(std::string("POST / HTTP/1.1\r\nHost: h\r\n") + body);
    EXPECT_EQ(answer.substr(0, 13), "HTTP/1.1 200 ") << body;
    EXPECT_TRUE(answer.ends_with("\r\n\r\n0")) << answer;  // what the handler saw of it
    EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
  }
}

TEST_F(HttpServerLimitsTest, AtTheCapTheConnectionThatRestsLongestMakesRoomForANewOne) {
  constexpr char kKept[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  options_.max_connections = 3;
  Start();
  std::vector<RawSocket> sockets;
  for (int i = 0; i < 3; ++i) sockets.push_back(RawSocket::Connect(server_->port()));
  // The first has begun to ask, so it is not at rest; the second rests longer than the third.
  sockets[0].Send("GET");
  for (std::size_t i : {2U, 1U, 2U}) {
    sockets[i].Send(kKept);
    ASSERT_EQ(sockets[i].ReadUntil("\r\n\r\n0").substr(0, 13), "HTTP/1.1 200 ");
  }
  EXPECT_EQ(Ask(kRequest).substr(0, 13), "HTTP/1.1 200 ");
  EXPECT_EQ(sockets[1].ReadAll(), "");  // closed
  for (std::size_t i : {0U, 2U}) {
    sockets[i].Send(std::string_view(kRequest).substr(i == 0 ? 3 : 0));
    EXPECT_EQ(sockets[i].ReadAll().substr(0, 13), "HTTP/1.1 200 ") << i;
  }
}

std::atomic<int> accept_warnings = 0;

TEST_F(HttpServerLimitsTest, RunningOutOfDescriptorsIsOvercomeWithoutSpinning) {
  Start();
  accept_warnings = 0;
  SetLogSinkForTest([](std::string_view line) {
    if (line.find("cannot accept") != std::string_view::npos) ++accept_warnings;
  });
  RawSocket first{UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))};
  RawSocket second{UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))};
  const UniqueFd next(dup(0));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none_left = before;
  none_left.rlim_cur = static_cast<rlim_t>(next.get()) + 1;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none_left), 0);
  ASSERT_TRUE(first.ConnectTo(server_->port()));
  ASSERT_TRUE(second.ConnectTo(server_->port()));
  first.Send(kRequest);
  second.Send(kRequest);
  const auto start = steady_clock::now();
  rusage begin{}, end{};
  getrusage(RUSAGE_SELF, &begin);
  while (accept_warnings == 0 && Since(start) < milliseconds(10'000)) first.ReadableWithin(10);
  EXPECT_FALSE(first.ReadableWithin(1'000));  // several attempts later
  getrusage(RUSAGE_SELF, &end);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(first.ReadAll().substr(0, 13), "HTTP/1.1 200 ");
  EXPECT_EQ(second.ReadAll().substr(0, 13), "HTTP/1.1 200 ");
  SetLogSinkForTest(nullptr);
  EXPECT_EQ(accept_warnings, 1);
  const auto used =
      (end.ru_utime.tv_sec - begin.ru_utime.tv_sec + end.ru_stime.tv_sec - begin.ru_stime.tv_sec) *
          1'000'000 +
      end.ru_utime.tv_usec - begin.ru_utime.tv_usec + end.ru_stime.tv_usec - begin.ru_stime.tv_usec;
  EXPECT_LT(used, 500'000);  // microseconds of CPU in 1 s
}

}  // namespace
}  // namespace telltale
