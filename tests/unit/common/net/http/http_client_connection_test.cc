// SPDX-License-Identifier: Apache-2.0
//
// HttpClient's one connection: kept, replaced, lost.
#include <latch>

#include "common/net/http/http_server.h"
#include "tests/unit/common/net/http/http_client_fixture.h"

namespace telltale {
namespace {

TEST(HttpClientConnectionTest, TheConnectionIsKeptForTheNextRequest) {
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

TEST(HttpClientConnectionTest, AKeptConnectionThatWasClosedMeanwhileIsReplaced) {
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

TEST(HttpClientConnectionTest, WhatAServerSaysUnaskedIsNotTakenForTheNextAnswer) {
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

TEST(HttpClientConnectionTest, AKeptConnectionThatClosesOnTheNextRequestIsRetriedOnce) {
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
  const auto first = client.Send({}, kLong);
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_EQ(first->body, "one");
  EXPECT_FALSE(first->sent_twice);
  const auto second = client.Send({"POST", "/push", {}, "again"}, kLong);
  ASSERT_TRUE(second.ok()) << second.error().message;
  EXPECT_EQ(second->body, "two");
  EXPECT_TRUE(second->sent_twice);  // the server may have done it twice
}

TEST(HttpClientConnectionTest, ANewConnectionThatClosesIsNotRetried) {
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

TEST(HttpClientConnectionTest, AnAnswerThatBeganIsNotRetried) {
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

TEST(HttpClientConnectionTest, ARefusedConnectionIsUnavailableAndNamesTheServer) {
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

TEST(HttpClientConnectionTest, AServerThatRefusesABigBodyIsHeard) {
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

TEST(HttpClientConnectionTest, HttpsToAPortOfHttpAndHttpToAPortOfTlsNameTheMistake) {
  {
    Script plain([](RawListener& listener) {
      RawSocket client = listener.Accept();
      client.ReadSome();
      client.Send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    });
    HttpClientOptions options = OptionsFor(plain.port());
    options.server.tls = true;
    const auto response = HttpClient(options).Send({}, kLong);
    ASSERT_FALSE(response.ok());
    EXPECT_EQ(response.error().message, "TLS with 127.0.0.1:" + std::to_string(plain.port()) +
                                            ": it does not speak TLS: is the URL http://?");
  }
  for (const std::string& record : {std::string("\x15\x03\x01\x00\x02\x02\x46", 7),
                                    std::string("\x16\x03\x03\x00\x7a\x02", 6)}) {
    Script secure([&](RawListener& listener) {
      RawSocket client = listener.Accept();
      client.ReadUntil("\r\n\r\n");
      client.Send(record);
    });
    const auto response = HttpClient(OptionsFor(secure.port())).Send({}, kLong);
    ASSERT_FALSE(response.ok());
    EXPECT_EQ(response.error().message,
              "reading the response of 127.0.0.1:" + std::to_string(secure.port()) +
                  ": it answers in TLS: is the URL https://?");
  }
}

TEST(HttpClientConnectionTest, APeerThatDiesWhileWeWriteDoesNotKillUs) {
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

}  // namespace
}  // namespace telltale
