// SPDX-License-Identifier: Apache-2.0
#include "common/net/http/http_wire.h"

#include <gtest/gtest.h>

namespace telltale {
namespace {

TEST(ResponseHeadTest, HasStatusHeadersAndLength) {
  EXPECT_EQ(ResponseHead(JsonResponse(200, "{}"), {}),
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n");
}

TEST(ResponseHeadTest, SaysHowTheConnectionGoesOn) {
  EXPECT_NE(ResponseHead({}, {11, false}).find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(ResponseHead({}, {11, true}).find("Connection"), std::string::npos);
  EXPECT_NE(ResponseHead({}, {10, true}).find("Connection: keep-alive\r\n"), std::string::npos);
}

TEST(ResponseHeadTest, NoContentHasNoLength) {
  HttpResponse response;
  response.status = 204;
  EXPECT_EQ(ResponseHead(response, {}), "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST(ResponseHeadTest, AHandlerCannotSplitTheResponse) {
  HttpResponse response;
  response.headers = {{"X", "a\r\nEvil: 1"},
                      {"Bad\r\nName", "v"},
                      {"Transfer-Encoding", "chunked"},
                      {"content-length", "7"}};
  EXPECT_EQ(ResponseHead(response, {}),
            "HTTP/1.1 200 OK\r\nX: a  Evil: 1\r\nContent-Length: 0\r\n\r\n");
}

TEST(ResponseHeadTest, AnImpossibleStatusBecomes500) {
  HttpResponse response;
  response.status = 7;
  EXPECT_EQ(ResponseHead(response, {}).substr(0, 13), "HTTP/1.1 500 ");
}

TEST(RequestHeadTest, SetsHostAgentAndLength) {
  const HttpRequest request{"POST", "/push?x=1", {{"X-Scope-OrgID", "t"}, {"host", "evil"}}, "abc"};
  const auto head = RequestHead(request, "loki:3100", "telltale");
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(*head,
            "POST /push?x=1 HTTP/1.1\r\nHost: loki:3100\r\nUser-Agent: telltale\r\n"
            "X-Scope-OrgID: t\r\nContent-Length: 3\r\n\r\n");
}

TEST(RequestHeadTest, AGetWithoutBodyHasNoLengthAndAPostHas) {
  EXPECT_EQ(RequestHead({"GET", "/", {}, ""}, "h", "a")->find("Content-Length"), std::string::npos);
  EXPECT_NE(RequestHead({"POST", "/", {}, ""}, "h", "a")->find("Content-Length: 0\r\n"),
            std::string::npos);
}

TEST(RequestHeadTest, WhatCannotStandInARequestLineIsRefused) {
  EXPECT_FALSE(RequestHead({"GET /x", "/", {}, ""}, "h", "a").ok());
  EXPECT_FALSE(RequestHead({"", "/", {}, ""}, "h", "a").ok());
  EXPECT_FALSE(RequestHead({"GET", "", {}, ""}, "h", "a").ok());
  EXPECT_FALSE(RequestHead({"GET", "x", {}, ""}, "h", "a").ok());
  EXPECT_FALSE(RequestHead({"GET", "/a b", {}, ""}, "h", "a").ok());
  EXPECT_FALSE(RequestHead({"GET", "/a\r\nX:", {}, ""}, "h", "a").ok());
  EXPECT_FALSE(RequestHead({"GET", "/", {{"a b", "c"}}, ""}, "h", "a").ok());
}

}  // namespace
}  // namespace telltale
