// SPDX-License-Identifier: Apache-2.0
//
// Transports beside each other and one after the other, and the connections that they keep.
#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "common/base/files.h"
#include "common/base/strings.h"
#include "operator/kube/client/api_transport.h"
#include "tests/unit/operator/kube/client/raw_server.h"
#include "tests/unit/operator/kube/client/tls_mirror.h"

namespace telltale {
namespace {

// One arena, so that mallinfo2 sees what every thread holds; before any thread begins.
[[maybe_unused]] const int kOneArena = mallopt(M_ARENA_MAX, 1);

using ::testing::AllOf;
using ::testing::HasSubstr;

std::unique_ptr<HttpTransport> Connect(KubeConfig config, std::uint16_t port) {
  if (config.server.host.empty()) config.server.host = "127.0.0.1";
  config.server.port = port;
  auto transport = MakeApiTransport(std::move(config));
  EXPECT_TRUE(transport.ok()) << transport.error().message;
  return std::move(*transport);
}

ApiRequest Request(const char* method, const char* target) {
  ApiRequest request;
  request.method = method;
  request.target = target;
  return request;
}

// Answers every request on every connection until the peer is gone.
void AnswerAll(RawConnection& connection) {
  while (!connection.ReadRequest().empty()) connection.Write(PlainAnswer("200 OK", "{}"));
}

// A server with a certificate, and a configuration that trusts it.
struct Tls {
  static std::int64_t Now() { return RealClock().WallNanos() / 1'000'000'000; }
  const KeyPair authority = *MakeAuthority("cluster", Now(), 86'400);
  TlsMirror server{*MakeServerCertificate(authority, {"localhost"}, Now(), 86'400)};

  std::unique_ptr<HttpTransport> Connect() const {
    KubeConfig config;
    config.server.tls = true;
    config.server.host = "localhost";
    config.ca_pem = authority.certificate;
    return telltale::Connect(config, server.port());
  }
};

// A watch on a thread of its own, which has begun when the constructor returns.
class Watch {
 public:
  explicit Watch(HttpTransport& transport)
      : thread_([&] {
          auto ended = transport.Stream(Request("GET", "/watch"), [&](std::string_view) {
            begun_ = true;
            begun_.notify_all();
            return true;
          });
          result_ = ended.ok() ? Code::kInternal : ended.error().code;
          ended_ = true;
        }) {
    begun_.wait(false);
  }
  ~Watch() {
    if (thread_.joinable()) thread_.join();
  }
  bool ended() const { return ended_; }
  Code Join() {
    thread_.join();
    return result_;
  }

 private:
  std::atomic<bool> begun_{false}, ended_{false};
  Code result_ = Code::kInternal;
  std::thread thread_;
};

int OpenDescriptors() {
  int count = 0;
  DIR* folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

TEST(ApiTransportLifetime, CancelOfOneLeavesTheOthersAlone) {
  const Tls tls;
  auto reads = tls.Connect(), writes = tls.Connect(), lease = tls.Connect();
  Watch watch(*reads);
  EXPECT_TRUE(writes->Call(Request("GET", "/x")).ok());
  writes->Cancel();
  writes.reset();
  EXPECT_TRUE(lease->Call(Request("PUT", "/x")).ok());
  EXPECT_FALSE(watch.ended());
  auto next_term = tls.Connect();
  EXPECT_TRUE(next_term->Call(Request("GET", "/x")).ok());
  reads->Cancel();
  EXPECT_EQ(watch.Join(), Code::kCancelled);
  EXPECT_TRUE(lease->Call(Request("PUT", "/x")).ok());
}

TEST(ApiTransportLifetime, EachHasConnectionsOfItsOwn) {
  const Tls tls;
  auto one = tls.Connect(), other = tls.Connect();
  EXPECT_THAT(one->Call(Request("GET", "/x"))->body, HasSubstr("connection=1 "));
  EXPECT_THAT(other->Call(Request("GET", "/x"))->body, HasSubstr("connection=2 "));
  EXPECT_THAT(one->Call(Request("GET", "/x"))->body, HasSubstr("connection=1 "));
}

TEST(ApiTransportLifetime, OneForEachTermOfALeaderLeaksNothing) {
  const auto term = [](const Tls& tls) {
    auto transport = tls.Connect();
    EXPECT_TRUE(transport->Call(Request("GET", "/x")).ok());
    Watch watch(*transport);
    transport->Cancel();
    EXPECT_EQ(watch.Join(), Code::kCancelled);
  };
  const Tls tls;
  for (int i = 0; i < 20; ++i) term(tls);
  // The mirror keeps its ends until it is gone: two for each term.
  const auto ours = [start = OpenDescriptors()](int terms) {
    return OpenDescriptors() - start - 2 * terms;
  };
  const std::size_t before = mallinfo2().uordblks;
  constexpr int kTerms = 60;
  for (int i = 0; i < kTerms; ++i) term(tls);
  EXPECT_LE(ours(kTerms), 0) << "sockets were left open";
  // A term that leaked would leave a connection's TLS state, a client and a body: 50 KB and more;
  // the mirror remembers some for each of its own. (Under a sanitizer the count stands still and
  // its own check finds leaks.)
  EXPECT_LT(mallinfo2().uordblks, before + kTerms * 16'384u)
      << mallinfo2().uordblks - before << " bytes more after " << kTerms << " terms";
}

TEST(ApiTransportLifetime, AWriteIsSentAgainWhenAKeptConnectionTurnsOutToBeClosed) {
  // Known and not to be changed: writes have to tolerate it, as they have to tolerate a timeout.
  std::atomic<int> posts{0};
  std::atomic<bool> first{true};
  RawServer server([&](RawConnection& connection) {
    while (true) {
      const std::string request = connection.ReadRequest();
      if (request.empty()) return;
      if (request.starts_with("POST ")) ++posts;
      // It has read the POST, and goes away without an answer.
      if (request.starts_with("POST ") && first.exchange(false)) return;
      connection.Write(PlainAnswer("201 Created", "{}"));
    }
  });
  auto transport = Connect({}, server.port());
  EXPECT_TRUE(transport->Call(Request("GET", "/x")).ok());
  ApiRequest post = Request("POST", "/x");
  post.content_type = "application/json";
  post.body = R"({"a":1})";
  auto created = transport->Call(post);
  ASSERT_TRUE(created.ok()) << created.error().message;
  EXPECT_EQ(created->status, 201);
  EXPECT_EQ(posts, 2);
}

TEST(ApiTransportLifetime, TheKernelIsToldToNoticeAPeerThatVanished) {
  RawServer server(AnswerAll);
  auto transport = Connect({}, server.port());
  ASSERT_TRUE(transport->Call(Request("GET", "/x")).ok());
  // "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when": tr 2 is a keepalive
  // timer; the server's own end has none.
  char peer[16];
  std::snprintf(peer, sizeof peer, "0100007F:%04X", server.port());
  const std::string table = *ReadFile("/proc/net/tcp");
  int kept = 0;
  for (const std::string_view line : Split(table, '\n')) {
    std::vector<std::string_view> words;
    for (const std::string_view word : Split(line, ' ')) {
      if (!word.empty()) words.push_back(word);
    }
    if (words.size() < 6 || words[2] != peer || words[3] != "01") continue;
    EXPECT_TRUE(words[5].starts_with("02:")) << line;
    ++kept;
  }
  EXPECT_EQ(kept, 1);
}

TEST(ApiTransportLifetime, ANameAndWhomToActAsAreSent) {
  std::string request;
  RawServer server([&](RawConnection& connection) {
    request = connection.ReadRequest();
    connection.Write(PlainAnswer("200 OK", "{}"));
  });
  KubeConfig config;
  config.username = "me";
  config.password = "pw";
  config.impersonate = {{"Impersonate-User", "you"}, {"Impersonate-Group", "they"}};
  ASSERT_TRUE(Connect(config, server.port())->Call(Request("GET", "/x")).ok());
  EXPECT_THAT(request,
              AllOf(HasSubstr("\r\nAuthorization: Basic " + Base64Encode("me:pw") + "\r\n"),
                    HasSubstr("\r\nImpersonate-User: you\r\n"),
                    HasSubstr("\r\nImpersonate-Group: they\r\n")));
}

TEST(ApiTransportLifetime, CancelEndsAPluginThatARequestWaitsFor) {
  int started[2];
  ASSERT_EQ(pipe(started), 0);
  KubeConfig config;
  config.exec.emplace();
  config.exec->command = "/bin/sh";
  config.exec->arguments = {"-c", "echo x >/proc/" + std::to_string(getpid()) + "/fd/" +
                                      std::to_string(started[1]) + "; sleep 600"};
  config.exec->api_version = kExecV1;
  auto transport = Connect(config, 1);
  std::thread canceller([&] {
    char byte;
    EXPECT_EQ(read(started[0], &byte, 1), 1);
    transport->Cancel();
  });
  auto ended = transport->Call(Request("GET", "/x"));
  canceller.join();
  close(started[0]);
  close(started[1]);
  EXPECT_EQ(ended.error().code, Code::kCancelled);
}

}  // namespace
}  // namespace telltale
