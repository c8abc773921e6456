// SPDX-License-Identifier: Apache-2.0
//
// FakeApiServer over the wire: plain and TLS, streams, and every fault that a hook can ask for.
#include "tests/fakes/kube/server/fake_api_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <thread>

#include "tests/fakes/kube/cluster/test_requests.h"
#include "tests/fakes/wait_until.h"

namespace telltale {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A connection that says what it is told and reads what comes.
class Wire {
 public:
  explicit Wire(const FakeApiServer& server) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~Wire() { close(fd_); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  bool connected() const { return connected_; }
  void Send(const std::string& text) {
    ASSERT_EQ(send(fd_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  void Ask(const std::string& target) { Send("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n"); }
  // Reads until `text` has come, or the end of the connection.
  const std::string& Until(const std::string& text) {
    while (!ended_ && got_.find(text) == std::string::npos) Read(10'000);
    return got_;
  }
  const std::string& UntilEnd() {
    while (!ended_ && Read(10'000)) {
    }
    return got_;
  }
  // What comes within a moment, which must not be the end.
  const std::string& Rest(int milliseconds) {
    while (Read(milliseconds)) {
    }
    return got_;
  }
  bool ended() const { return ended_; }
  bool reset() const { return reset_; }

 private:
  bool Read(int milliseconds) {
    pollfd ready{fd_, POLLIN, 0};
    if (ended_ || poll(&ready, 1, milliseconds) <= 0) return false;
    char buffer[65'536];
    const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
    if (got > 0) got_.append(buffer, static_cast<std::size_t>(got));
    ended_ = got <= 0;
    reset_ = got < 0 && errno == ECONNRESET;
    return got > 0;
  }
  int fd_;
  bool connected_ = false, ended_ = false, reset_ = false;
  std::string got_;
};

struct Served {
  explicit Served(const FakeClusterOptions& options = {}) : t(options), server({}, t.cluster) {
    EXPECT_TRUE(server.Start().ok());
    for (const char* name : {"a", "b", "c"}) t.Do("POST", kMaps, MapJson(name, "{}"));
  }
  void Fault(const FakeFault& fault) {
    server.SetHook([fault](const FakeRequest&) { return fault; });
  }
  TestCluster t;
  FakeApiServer server;
};

const std::string kWatchMaps = std::string(kMaps) + "?watch=1&resourceVersion=1001";

TEST(FakeApiServer, ServesRequestsOneAfterTheOtherOnAConnection) {
  Served s;
  Wire wire(s.server);
  const std::string body = MapJson("new", "{}");
  wire.Send("POST " + std::string(kMaps) + " HTTP/1.1\r\nhost: x\r\nAUTHORIZATION: bearer abc\r\n" +
            "User-Agent: someone/2\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
            body + "GET " + kMaps + "/new HTTP/1.1\r\n\r\nGET /version HTTP/1.1\r\n" +
            "Connection: close\r\n\r\n");
  const std::string got = wire.UntilEnd();
  EXPECT_THAT(got, StartsWith("HTTP/1.1 201 Created\r\n"));
  EXPECT_THAT(got, HasSubstr("v1.34.4"));
  const FakeLogEntry write = s.t.cluster.Writes().back();
  EXPECT_EQ(write.caller.token, "abc");
  EXPECT_EQ(write.caller.user_agent, "someone/2");
  EXPECT_EQ(write.body, body);
}

TEST(FakeApiServer, StreamsAWatchEventByEvent) {
  Served s;
  Wire wire(s.server);
  wire.Ask(kWatchMaps + "&timeoutSeconds=9");
  wire.Until(R"("name":"c")");
  s.t.Do("DELETE", std::string(kMaps) + "/b");
  EXPECT_THAT(wire.Until("DELETED"), Not(HasSubstr("\r\n0\r\n")));
  s.t.clock.Advance(std::chrono::seconds(9));
  wire.Until("\r\n0\r\n\r\n");
  EXPECT_FALSE(wire.ended()) << "the connection is kept after a watch";
  wire.Ask("/healthz");
  EXPECT_THAT(wire.Until("ok"), EndsWith("ok"));
  EXPECT_EQ(s.server.counters().watch_events, 4u);
}

TEST(FakeApiServer, ALongListArrivesWholeOverASlowConnection) {
  Served s;
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(s.t.cluster
                    .Put(std::string(kMaps) + "/m" + std::to_string(i),
                         R"({"data":{"x":")" + std::string(10'000, 'x') + R"("}})")
                    .ok());
  }
  Wire wire(s.server);
  wire.Ask(kMaps);
  const std::string got = wire.Until("]}\n\r\n0\r\n\r\n");
  EXPECT_GT(got.size(), 3'000'000u);
  EXPECT_THAT(got.substr(got.size() - 20), EndsWith("0\r\n\r\n"));
}

TEST(FakeApiServer, OverTlsPlainTextIsNotAnswered) {
  TestCluster t;
  auto certificates = MakeFakeServerCertificates();
  ASSERT_TRUE(certificates.ok());
  FakeApiServer server({.tls = certificates->server}, t.cluster);
  ASSERT_TRUE(server.Start().ok());
  EXPECT_THAT(server.url(), StartsWith("https://127.0.0.1:"));
  Wire plain(server);
  plain.Ask("/version");
  EXPECT_THAT(plain.UntilEnd(), Not(HasSubstr("v1.34.4")));
}

TEST(FakeFaults, AStatusIsAnsweredInsteadOfTheCluster) {
  Served s;
  s.Fault({.status = 429, .retry_after_seconds = 3});
  Wire wire(s.server);
  wire.Ask(kMaps);
  const std::string got = wire.Until("\"code\":429}\n");
  EXPECT_THAT(got, StartsWith("HTTP/1.1 429 Too Many Requests\r\n"));
  EXPECT_THAT(got, HasSubstr("Retry-After: 3\r\n"));
  EXPECT_EQ(s.t.cluster.requests(), 3u);
}

TEST(FakeFaults, ABodyIsCutAfterBytesInMidChunk) {
  Served s;
  s.Fault({.cut_after_bytes = 40});
  Wire wire(s.server);
  wire.Ask(kWatchMaps);
  const std::string got = wire.UntilEnd();
  EXPECT_TRUE(wire.ended());
  const std::size_t body = got.find("\r\n\r\n") + 4;
  const std::size_t chunk = got.find("\r\n", body) + 2;
  EXPECT_EQ(got.size() - chunk, 40u);
  EXPECT_GT(std::stoul(got.substr(body), nullptr, 16), 40u) << "the chunk promised more";
}

TEST(FakeFaults, AWatchEndsAfterEventsWithOrWithoutOrder) {
  Served s;
  for (const bool clean : {true, false}) {
    s.Fault({.cut_after_events = 2, .clean_end = clean});
    Wire wire(s.server);
    wire.Ask(kWatchMaps);
    if (clean) {
      EXPECT_THAT(wire.Until("\r\n0\r\n\r\n"), HasSubstr(R"("name":"b")"));
    } else {
      EXPECT_THAT(wire.UntilEnd(), Not(HasSubstr("\r\n0\r\n\r\n")));
    }
    EXPECT_THAT(wire.Rest(0), Not(HasSubstr(R"("name":"c")")));
  }
}

TEST(FakeFaults, AStalledStreamIsSilentAndOpen) {
  Served s;
  s.Fault({.stall_after_events = 1});
  Wire wire(s.server);
  wire.Ask(kWatchMaps);
  wire.Until("}}\n");
  s.t.Do("DELETE", std::string(kMaps) + "/a");
  EXPECT_THAT(wire.Rest(80), Not(HasSubstr(R"("name":"b")")));
  EXPECT_FALSE(wire.ended());
}

TEST(FakeFaults, BytesDrip) {
  Served s;
  s.Fault({.drip_bytes_per_second = 4'000});
  Wire wire(s.server);
  const SteadyTime start = RealClock().Steady();
  wire.Ask(std::string(kMaps) + "/a");
  const std::string got = wire.Until("}\n");
  const auto took = RealClock().Steady() - start;
  EXPECT_GE(took, std::chrono::milliseconds((got.size() - 1) / 4 - 5));
}

TEST(FakeFaults, LinesAreInsertedBetweenEvents) {
  Served s;
  FakeFault fault;
  fault.insertions = {
      {1, UnknownEventLine()}, {2, GarbageLine()}, {3, ErrorEventLine(410, "Expired", "too old")}};
  s.Fault(fault);
  Wire wire(s.server);
  wire.Ask(kWatchMaps);
  const std::string got = wire.Until("too old");
  EXPECT_LT(got.find(R"("name":"a")"), got.find("RENAMED"));
  EXPECT_LT(got.find("RENAMED"), got.find(R"("name":"b")"));
  EXPECT_LT(got.find("this is no JSON"), got.find(R"("name":"c")"));
  EXPECT_LT(got.find(R"("name":"c")"), got.find("too old"));
  EXPECT_EQ(HugeLine(20'000'000).size(), 20'000'000u);
}

TEST(FakeFaults, AWriteIsCutBeforeOrAfterItWasApplied) {
  Served s;
  const std::string ask = "DELETE " + std::string(kMaps) + "/a HTTP/1.1\r\n\r\n";
  s.Fault({.cut_before = true});
  Wire before(s.server);
  before.Send(ask);
  EXPECT_EQ(before.UntilEnd(), "");
  EXPECT_EQ(s.t.Do("GET", std::string(kMaps) + "/a").status, 200);
  s.Fault({.cut_after = true, .reset = true});
  Wire after(s.server);
  after.Send(ask);
  EXPECT_EQ(after.UntilEnd(), "");
  EXPECT_TRUE(after.reset());
  EXPECT_EQ(s.t.Do("GET", std::string(kMaps) + "/a").status, 404);
}

TEST(FakeFaults, AWriteIsHeldUntilItIsReleasedOrItsClientIsGone) {
  Served s;
  std::promise<void> begun[2];
  std::atomic<int> count{0};
  s.server.OnHeld([&](const FakeRequest&) { begun[count++].set_value(); });
  s.server.SetHook([](const FakeRequest& request) {
    FakeFault fault;
    fault.hold_before = request.method == "DELETE";
    return fault;
  });
  {
    Wire gone(s.server);
    gone.Send("DELETE " + std::string(kMaps) + "/a HTTP/1.1\r\n\r\n");
    begun[0].get_future().wait();
  }
  Wire patient(s.server);
  patient.Send("DELETE " + std::string(kMaps) + "/b HTTP/1.1\r\n\r\n");
  begun[1].get_future().wait();
  EXPECT_EQ(s.t.Do("GET", std::string(kMaps) + "/b").status, 200);
  WaitUntil("the end of the first client is seen", [&] { return s.server.held() == 1; });
  EXPECT_EQ(s.server.Release(), 1u);
  EXPECT_THAT(patient.Until("Success"), HasSubstr("200 OK"));
  EXPECT_EQ(s.t.Do("GET", std::string(kMaps) + "/a").status, 200) << "its client was gone";
}

TEST(FakeFaults, ConnectionsAreRefusedAndCut) {
  Served s;
  Wire standing(s.server);
  standing.Ask(kWatchMaps);
  standing.Until(R"("name":"c")");
  s.server.Refuse(true);
  EXPECT_FALSE(Wire(s.server).connected());
  EXPECT_FALSE(standing.ended());
  s.server.CutAll();
  standing.UntilEnd();
  EXPECT_TRUE(standing.ended());
  s.server.Refuse(false);
  Wire again(s.server);
  EXPECT_TRUE(again.connected());
  again.Ask("/healthz");
  again.Until("ok");
}

}  // namespace
}  // namespace telltale
