// SPDX-License-Identifier: Apache-2.0
//
// Requests and answers of the transport, with servers that behave and with some that do not.
#include <cstdio>
#include <thread>

#include "common/base/files.h"
#include "common/net/http/http_server.h"
#include "tests/unit/operator/kube/client/api_transport_fixture.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(ApiTransportTest, SendsTheRequestAndOurNameAndToken) {
  std::string request;
  RawServer server([&](RawConnection& connection) {
    request = connection.ReadRequest();
    connection.Write(PlainAnswer("201 Created", R"({"a":1})"));
  });
  KubeConfig config;
  config.token = "secret";
  ApiRequest patch = Get("/api/v1/x?fieldManager=telltale-operator&force=true&s=a%3Db%2Cc");
  patch.method = "PATCH";
  patch.content_type = "application/apply-patch+yaml";
  patch.body = R"({"intent":"ä"})";
  auto response = Connect(server.port(), config)->Call(patch);
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, R"({"a":1})");
  EXPECT_THAT(request, AllOf(StartsWith("PATCH /api/v1/x?fieldManager=telltale-operator&force=true"
                                        "&s=a%3Db%2Cc HTTP/1.1\r\n"),
                             HasSubstr("\r\nAuthorization: Bearer secret\r\n"),
                             HasSubstr("\r\nUser-Agent: telltale-operator/0.1.0\r\n"),
                             HasSubstr("\r\nAccept: application/json\r\n"),
                             HasSubstr("\r\nContent-Type: application/apply-patch+yaml\r\n"),
                             HasSubstr("\r\n\r\n{\"intent\":\"ä\"}")));
}

TEST(ApiTransportTest, PutsThePathOfTheServerInFront) {
  std::string request;
  RawServer server([&](RawConnection& connection) {
    request = connection.ReadRequest();
    connection.Write(PlainAnswer("200 OK", "{}"));
  });
  KubeConfig config;
  config.server.target = "/k8s/clusters/c-1";
  ASSERT_TRUE(Connect(server.port(), config)->Call(Get("/api/v1/pods?limit=500")).ok());
  EXPECT_THAT(request, AllOf(StartsWith("GET /k8s/clusters/c-1/api/v1/pods?limit=500 HTTP/1.1\r\n"),
                             Not(HasSubstr("Authorization"))));
}

TEST(ApiTransportTest, AnyStatusIsAnAnswerAndRedirectsAreNotFollowed) {
  RawServer server([](RawConnection& connection) {
    while (true) {
      const std::string request = connection.ReadRequest();
      if (request.empty()) return;
      if (request.starts_with("GET /busy")) {
        connection.Write(PlainAnswer("429 Too Many Requests", "wait", "Retry-After: 7\r\n"));
      } else {
        connection.Write(PlainAnswer("302 Found", "", "Location: http://127.0.0.1:1/\r\n"));
      }
    }
  });
  auto transport = Connect(server.port());
  auto busy = transport->Call(Get("/busy"));
  ASSERT_TRUE(busy.ok());
  EXPECT_EQ(busy->status, 429);
  EXPECT_EQ(busy->body, "wait");
  EXPECT_EQ(busy->retry_after_seconds, 7);
  auto moved = transport->Call(Get("/moved"));
  ASSERT_TRUE(moved.ok()) << moved.error().message;
  EXPECT_EQ(moved->status, 302);
}

TEST(ApiTransportTest, CancelEndsWhatIsUnderWayAndWhatComes) {
  Gate watching;
  RawServer server([](RawConnection& connection) {
    connection.ReadRequest();
    connection.Write(kChunkedHead);
    connection.WriteChunk("one\n");
    connection.WaitForClose();
  });
  auto transport = Connect(server.port());
  std::thread canceller([&] {
    EXPECT_TRUE(watching.Wait());
    transport->Cancel();
  });
  auto result = transport->Stream(Get("/watch"), [&](std::string_view) {
    watching.Open();
    return true;
  });
  canceller.join();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, Code::kCancelled);
  auto later = transport->Call(Get("/x"));
  ASSERT_FALSE(later.ok());
  EXPECT_EQ(later.error().code, Code::kCancelled);
}

TEST(ApiTransportTest, ACallHasOneDeadlineHoweverItsAnswerDrips) {
  RawServer server([](RawConnection& connection) {
    connection.ReadRequest();
    connection.Write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    // Each chunk restarts an inactivity timer; only a total deadline ends this.
    while (connection.WriteChunk("x")) std::this_thread::sleep_for(milliseconds(20));
  });
  auto result = Connect(server.port())->Call(Get("/x", milliseconds(400)));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, Code::kTimeout);
  EXPECT_THAT(result.error().message, HasSubstr("took more than"));
}

TEST(ApiTransportTest, AnAnswerCutInTheMiddleIsAnError) {
  const std::string cuts[] = {
      std::string(kChunkedHead) + "10\r\nonly-half",
      std::string(kChunkedHead) + "4\r\nwhol\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
  };
  for (const std::string& cut : cuts) {
    RawServer server([&](RawConnection& connection) {
      connection.ReadRequest();
      connection.Write(cut);
    });
    auto transport = Connect(server.port());
    const Streamed streamed = StreamAll(*transport, Get("/x"));
    ASSERT_FALSE(streamed.result.ok()) << cut;
    EXPECT_EQ(streamed.result.error().code, Code::kUnavailable);
    EXPECT_THAT(streamed.result.error().message, HasSubstr("broke in the middle of an answer"));
    EXPECT_FALSE(transport->Call(Get("/x")).ok()) << cut;
  }
}

TEST(ApiTransportTest, NoAnswerAtAllIsAnError) {
  RawServer server([](RawConnection& connection) { connection.ReadRequest(); });
  auto result = Connect(server.port())->Call(Get("/x"));
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.error().message, HasSubstr("the server closed the connection"));
}

TEST(ApiTransportTest, ARefusedConnectionIsOneClearSentence) {
  std::uint16_t port = 0;
  {
    RawServer gone([](RawConnection&) {});
    port = gone.port();
  }
  auto result = Connect(port)->Call(Get("/x"));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, Code::kUnavailable);
  EXPECT_EQ(result.error().message,
            "cannot reach the API server http://127.0.0.1:" + std::to_string(port) +
                ": connecting to 127.0.0.1:" + std::to_string(port) +
                ": Connection refused; is it running and is --kubeconfig right?");
}

TEST(ApiTransportTest, AConnectionThatIsNotMadeInTimeIsUnavailableAndNotSlow) {
  RawServer server([](RawConnection& connection) { connection.WaitForClose(); });
  KubeConfig config;
  config.server.tls = true;
  auto result = Connect(server.port(), config)->Call(Get("/x", milliseconds(100)));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, Code::kUnavailable);
  EXPECT_THAT(result.error().message, AllOf(HasSubstr("cannot reach the API server"),
                                            HasSubstr("no answer within 100 ms")));
}

TEST(ApiTransportTest, AHostThatDoesNotResolveIsNamed) {
  KubeConfig config;
  config.server.host = "no-such-host.invalid";
  auto transport = MakeApiTransport(config);
  ASSERT_TRUE(transport.ok());
  auto result = (*transport)->Call(Get("/x"));
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.error().message,
              AllOf(HasSubstr("no-such-host.invalid"), HasSubstr("is --kubeconfig right")));
}

TEST(ApiTransportTest, AnIPv6LiteralIsDialled) {
  HttpServer server({.listen = "[::1]:0", .tls = {}}, [](const HttpRequest& request) {
    return TextResponse(200, *FindHeader(request.headers, "host"));
  });
  ASSERT_TRUE(server.Start().ok());
  KubeConfig config;
  config.server.host = "::1";
  config.server.port = server.port();
  auto transport = MakeApiTransport(config);
  ASSERT_TRUE(transport.ok());
  auto result = (*transport)->Call(Get("/x"));
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(result->body, "[::1]:" + std::to_string(server.port()));
}

TEST(ApiTransportTest, AConnectionThatTheServerClosedWhileIdleIsReplaced) {
  RawServer server([](RawConnection& connection) {
    connection.ReadRequest();
    connection.Write(PlainAnswer("200 OK", "{}"));
  });
  auto transport = Connect(server.port());
  for (int i = 0; i < 3; ++i) {
    auto result = transport->Call(Get("/x"));
    ASSERT_TRUE(result.ok()) << result.error().message;
  }
}

TEST(ApiTransportTest, TheTokenFileIsReadAgainAfterARefusal) {
  const std::string file = ::testing::TempDir() + "transport-token";
  ASSERT_TRUE(WriteFileAtomic(file, "old\n").ok());
  RawServer server([](RawConnection& connection) {
    while (true) {
      const std::string request = connection.ReadRequest();
      if (request.empty()) return;
      const bool fresh = request.find("Bearer new\r\n") != std::string::npos;
      connection.Write(PlainAnswer(fresh ? "200 OK" : "401 Unauthorized", "{}"));
    }
  });
  KubeConfig config;
  config.token_file = file;
  auto transport = Connect(server.port(), config);
  EXPECT_EQ(transport->Call(Get("/x"))->status, 401);
  ASSERT_TRUE(WriteFileAtomic(file, "new\n").ok());
  EXPECT_EQ(transport->Call(Get("/x"))->status, 200);
  std::remove(file.c_str());
}

}  // namespace
}  // namespace telltale
