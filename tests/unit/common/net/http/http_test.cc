// SPDX-License-Identifier: Apache-2.0
#include "common/net/http/http.h"

#include <gtest/gtest.h>

#include "tests/fakes/text_pieces.h"

namespace telltale {
namespace {

TEST(HttpTest, HeaderNamesCompareWithoutCaseAndTheFirstWins) {
  const HttpHeaders headers{{"Content-Type", "a"}, {"content-type", "b"}, {"X", "c"}};
  ASSERT_NE(FindHeader(headers, "CONTENT-TYPE"), nullptr);
  EXPECT_EQ(*FindHeader(headers, "CONTENT-TYPE"), "a");
  EXPECT_EQ(*FindHeader(headers, "x"), "c");
  EXPECT_EQ(FindHeader(headers, "Content-Typ"), nullptr);
  EXPECT_EQ(FindHeader(headers, ""), nullptr);
}

TEST(HttpTest, PathAndQueryAreSplitAtTheFirstQuestionMark) {
  HttpRequest request;
  request.target = "/sd/v1/targets?profile=a?b&shard=1";
  EXPECT_EQ(request.path(), "/sd/v1/targets");
  EXPECT_EQ(request.query(), "profile=a?b&shard=1");
  request.target = "/plain";
  EXPECT_EQ(request.path(), "/plain");
  EXPECT_EQ(request.query(), "");
}

TEST(HttpTest, QueryParametersAreDecoded) {
  EXPECT_EQ(QueryParameter("a=1&b=x%20y%2Fz+w&c", "b"), "x y/z w");
  EXPECT_EQ(QueryParameter("a=1&a=2", "a"), "1");
  EXPECT_EQ(QueryParameter("c", "c"), "");
  EXPECT_EQ(QueryParameter("ab=1", "a"), "");
  EXPECT_EQ(QueryParameter("na%6De=v", "name"), "v");
  EXPECT_EQ(QueryParameter("&&a==&", "a"), "=");
  EXPECT_EQ(QueryParameter("", "a"), "");
}

TEST(HttpTest, PercentSignsThatEncodeNothingStay) {
  EXPECT_EQ(QueryParameter("a=%", "a"), "%");
  EXPECT_EQ(QueryParameter("a=%4", "a"), "%4");
  EXPECT_EQ(QueryParameter("a=%zz%41", "a"), "%zzA");
}

TEST(HttpTest, EncodedTextDecodesToItself) {
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte.push_back(static_cast<char>(i));
  EXPECT_EQ(QueryParameter("q=" + UrlEncode(every_byte), "q"), every_byte);
  EXPECT_EQ(UrlEncode("a-b_c.d~e f/\xc3\xa9"), "a-b_c.d~e%20f%2F%C3%A9");
}

TEST(HttpTest, ResponsesCarryTheirType) {
  EXPECT_EQ(*FindHeader(JsonResponse(200, "{}").headers, "content-type"), "application/json");
  EXPECT_EQ(*FindHeader(TextResponse(404, "no").headers, "content-type"),
            "text/plain; charset=utf-8");
  EXPECT_EQ(TextResponse(404, "no").status, 404);
}

TEST(HttpTest, ABodyInPiecesStandsForTheBody) {
  HttpResponse response;
  response.body = "own";
  EXPECT_EQ(response.content_length(), 3);
  response.pieces = InPieces("shared");
  EXPECT_EQ(response.content_length(), 6);
}

}  // namespace
}  // namespace telltale
