// SPDX-License-Identifier: Apache-2.0
//
// Bodies that the transport gives away as they come.
#include <thread>

#include "tests/unit/operator/kube/client/api_transport_fixture.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(ApiTransportStream, AStreamGivesEachPieceWhenItComes) {
  Gate first, second;
  RawServer server([&](RawConnection& connection) {
    connection.ReadRequest();
    connection.Write(kChunkedHead);
    connection.WriteChunk("one\n");
    // Goes on only when the piece has been seen: nothing waits for a buffer to fill.
    EXPECT_TRUE(first.Wait());
    connection.WriteChunk("two\n");
    EXPECT_TRUE(second.Wait());
    connection.WriteChunk("");
  });
  std::string body;
  auto transport = Connect(server.port());
  auto result = transport->Stream(Get("/watch"), [&](std::string_view piece) {
    body.append(piece);
    if (body == "one\n") first.Open();
    if (body == "one\ntwo\n") second.Open();
    return true;
  });
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(result->body, "");
  EXPECT_EQ(body, "one\ntwo\n");
}

TEST(ApiTransportStream, AStreamTakesABodyOfKnownLength) {
  const std::string long_body(1'000'000, 'x');
  RawServer server([&](RawConnection& connection) {
    connection.ReadRequest();
    connection.Write(PlainAnswer("200 OK", long_body));
  });
  const Streamed streamed = StreamAll(*Connect(server.port()), Get("/list"));
  ASSERT_TRUE(streamed.result.ok());
  EXPECT_EQ(streamed.body, long_body);
}

TEST(ApiTransportStream, AStreamEndsWhenItsReaderHasEnough) {
  Gate closed;
  RawServer server([&](RawConnection& connection) {
    connection.ReadRequest();
    connection.Write(kChunkedHead);
    connection.WriteChunk("one\n");
    connection.WaitForClose();
    closed.Open();
  });
  int calls = 0;
  auto transport = Connect(server.port());
  auto result = transport->Stream(Get("/watch"), [&](std::string_view) {
    ++calls;
    return false;
  });
  EXPECT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(closed.Wait()) << "the connection is closed, not kept";
}

TEST(ApiTransportStream, ARefusedStreamGivesTheBeginningOfItsBody) {
  RawServer server([](RawConnection& connection) {
    connection.ReadRequest();
    connection.Write(PlainAnswer("403 Forbidden", "reason " + std::string(200'000, 'x')));
    connection.WaitForClose();
  });
  const Streamed streamed = StreamAll(*Connect(server.port()), Get("/watch"));
  ASSERT_TRUE(streamed.result.ok()) << streamed.result.error().message;
  EXPECT_EQ(streamed.result->status, 403);
  EXPECT_THAT(streamed.result->body, StartsWith("reason x"));
  EXPECT_EQ(streamed.result->body.size(), 64u << 10);
  EXPECT_EQ(streamed.body, "") << "a page of an error is no event";
}

TEST(ApiTransportStream, ASilentStreamIsTakenForDead) {
  RawServer server([](RawConnection& connection) {
    connection.ReadRequest();
    connection.Write(kChunkedHead);
    connection.WriteChunk("one\n");
    connection.WaitForClose();
  });
  const Streamed streamed = StreamAll(*Connect(server.port()), Get("/watch", milliseconds(300)));
  ASSERT_FALSE(streamed.result.ok());
  EXPECT_EQ(streamed.result.error().code, Code::kTimeout);
  EXPECT_THAT(streamed.result.error().message, HasSubstr("silent"));
  EXPECT_EQ(streamed.body, "one\n");
}

TEST(ApiTransportStream, TheReaderOfAStreamMayChangeHowLongASilenceIsBorne) {
  RawServer server([](RawConnection& connection) {
    connection.ReadRequest();
    connection.Write(kChunkedHead);
    connection.WriteChunk("one\n");
    connection.WaitForClose();
  });
  ApiRequest request = Get("/watch", milliseconds::max());
  const auto ended = Connect(server.port())->Stream(request, [&](std::string_view) {
    request.timeout = milliseconds(100);
    return true;
  });
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code, Code::kTimeout);
}

TEST(ApiTransportStream, ASlowReaderIsFeltByTheServerAndNotByOurMemory) {
  constexpr std::size_t kLimit = 256u << 20;
  std::size_t taken = 0;
  Gate stalled;
  RawServer server([&](RawConnection& connection) {
    connection.ReadRequest();
    connection.Write(kChunkedHead);
    taken = connection.WriteUntilStalled(500, kLimit);
    stalled.Open();
  });
  auto transport = Connect(server.port());
  auto result = transport->Stream(Get("/watch"), [&](std::string_view) {
    EXPECT_TRUE(stalled.Wait());
    return false;
  });
  EXPECT_TRUE(result.ok());
  // What sockets hold; without back-pressure it would be the limit.
  EXPECT_LT(taken, 32u << 20);
}

TEST(ApiTransportStream, StreamsAndCallsGoOnSideBySide) {
  // A quiet watch must not keep a call waiting.
  Gate called;
  RawServer watch_server([&](RawConnection& connection) {
    connection.ReadRequest();
    connection.Write(kChunkedHead);
    connection.WriteChunk("one\n");
    EXPECT_TRUE(called.Wait());
    connection.WriteChunk("");
  });
  RawServer call_server([](RawConnection& connection) {
    connection.ReadRequest();
    connection.Write(PlainAnswer("200 OK", "{}"));
  });
  auto watching = Connect(watch_server.port());
  auto calling = Connect(call_server.port());
  std::thread caller([&] {
    EXPECT_TRUE(calling->Call(Get("/x")).ok());
    called.Open();
  });
  const Streamed streamed = StreamAll(*watching, Get("/watch"));
  caller.join();
  EXPECT_TRUE(streamed.result.ok());
  EXPECT_EQ(streamed.body, "one\n");
}

}  // namespace
}  // namespace telltale
