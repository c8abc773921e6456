// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/push_answer.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <utility>

namespace telltale {
namespace {

using Kind = PushAnswer::Kind;

PushAnswer Read(int status, std::string body = "", std::uint64_t lines = 10,
                HttpHeaders headers = {}) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  response.headers = std::move(headers);
  return ReadPushAnswer(response, lines, lines * 1'000);
}

TEST(PushAnswer, OnlyTwoStatusesSayStored) {
  EXPECT_EQ(Read(204).kind, Kind::kStored);
  EXPECT_EQ(Read(200).kind, Kind::kStored);
  EXPECT_EQ(Read(260).kind, Kind::kRetry);  // ingestion is blocked
  EXPECT_EQ(Read(202).kind, Kind::kRetry);
}

TEST(PushAnswer, A200WithAPageOrAnErrorStoredNothing) {
  const HttpHeaders html{{"Content-Type", "text/html; charset=utf-8"}};
  EXPECT_EQ(Read(200, "Sign in", 1, html).kind, Kind::kRetrySlowly);
  EXPECT_EQ(Read(200, "\n<!DOCTYPE html><html>Sign in</html>").kind, Kind::kRetrySlowly);
  EXPECT_EQ(Read(200, "{\"status\":\"error\",\"error\":\"no such index\"}").kind, Kind::kUnclear);
}

TEST(PushAnswer, A200IsBelievedUnlessItsBodySpeaksAgainstIt) {
  for (const char* body :
       {"", " \n", "ok\n", "OK", "Success", "{}", R"({"status":"success"})", R"({"status": "ok"})",
        R"({"errors":false,"items":[]})", R"({"error":null,"code":200})", R"({"errors": []})",
        R"({"error":"","code":0})", R"({"status":204})", R"({"message":"no error"})"}) {
    EXPECT_EQ(Read(200, body).kind, Kind::kStored) << body;
  }
  for (const char* body :
       {R"({"errors":[{"message":"no such index"}]})", R"({"took":3,"errors": true})",
        R"({"error":{"code":7}})", R"({"Status":"Error"})", R"({"status":"failed"})",
        R"({"code":401,"message":"login first"})", R"({"statusCode":"503"})",
        R"({"success":false})", "Sign in", "It works!", "[]", "upstream connect error"}) {
    EXPECT_EQ(Read(200, body).kind, Kind::kUnclear) << body;
  }
}

TEST(PushAnswer, NoLineIsTheReasonWhereEvenTheSmallestRequestIsTooLarge) {
  HttpResponse response;
  response.status = 413;
  response.body = "<html>413</html>";
  EXPECT_EQ(ReadPushAnswer(response, 2, 100).kind, Kind::kTooLarge);
  EXPECT_EQ(ReadPushAnswer(response, 1, 4'096).kind, Kind::kTooLarge);
  EXPECT_EQ(ReadPushAnswer(response, 1, 4'095).kind, Kind::kUnclear);
}

TEST(PushAnswer, ServerTroubleIsRetriedAndPersonsTroubleSlowly) {
  for (int status : {408, 499, 500, 502, 503, 504}) EXPECT_EQ(Read(status).kind, Kind::kRetry);
  for (int status : {301, 401, 403, 404, 405, 415}) {
    EXPECT_EQ(Read(status).kind, Kind::kRetrySlowly) << status;
  }
  EXPECT_EQ(Read(429).kind, Kind::kTenantLimited);
  EXPECT_EQ(Read(413).kind, Kind::kTooLarge);
  EXPECT_EQ(Read(500, "rpc error: grpc: received message larger than max (5 vs. 4)").kind,
            Kind::kTooLarge);
}

TEST(PushAnswer, A400ThatIsNotInTheStoresWordsLosesNothing) {
  for (const char* body :
       {"Client sent an HTTP request to an HTTPS server.\n",
        "<html><head><title>400 The plain HTTP request was sent to HTTPS port"
        "</title></head></html>",
        "unsupported path requested: \"/loki/api/v1/push\"\n",
        "cannot parse common params from request: cannot parse accountID from \"team-a\": cannot "
        "parse \"team-a\" as uint32\n",
        "<html>proto: structured metadata too large, entry too far behind</html>"}) {
    EXPECT_EQ(Read(400, body).kind, Kind::kRetrySlowly) << body;
    EXPECT_EQ(Read(400, body).lost_lines, 0u) << body;
  }
  for (const char* body : {"", "whatever", "Bad Request", "total ignored: 11 out of 11",
                           "{\"error\":\"entry too far behind\"}"}) {
    EXPECT_EQ(Read(400, body).kind, Kind::kUnclear) << body;
    EXPECT_EQ(Read(422, body).kind, Kind::kUnclear) << body;
    EXPECT_EQ(Read(400, body).lost_lines, 0u) << body;
  }
}

TEST(PushAnswer, ARefusalOfLinesWithoutTheirNumberIsDividedUntilItIsAboutOne) {
  for (const char* body :
       {"entry too far behind", "entry out of order", "entry out of order, total ignored: x"}) {
    EXPECT_EQ(Read(400, body).kind, Kind::kTooLarge) << body;
    EXPECT_EQ(Read(400, body, 1).kind, Kind::kRefused) << body;
    EXPECT_EQ(Read(400, body, 1).lost_lines, 1u) << body;
    EXPECT_EQ(Read(400, body, 1).reason, "too_far_behind") << body;
  }
}

TEST(PushAnswer, RefusedLabelsHoldTheStream) {
  for (const char* body :
       {"1 errors like: stream '{}' has 16 label names; limit 15",
        "entry for stream '{a=\"b\"}' has 16 label names; limit 15",
        "stream '{}' has label value too long: 'x'", "stream '{}' has label name too long: 'x'",
        "stream '{a=\"1\", a=\"2\"}' has duplicate label name: 'a'",
        "Error parsing labels '{' with error: unexpected end",
        "error at least one label pair is required per stream",
        "missing required labels team for user fake"}) {
    const auto answer = Read(400, body);
    EXPECT_EQ(answer.kind, Kind::kStreamRefused) << body;
    EXPECT_EQ(answer.lost_lines, 0u) << body;
  }
}

TEST(PushAnswer, AStoreWithoutStructuredMetadataSaysSo) {
  EXPECT_EQ(Read(400,
                 "stream '{}' includes structured metadata, but this feature is disallowed. "
                 "Please see `limits_config.allow_structured_metadata`")
                .kind,
            Kind::kNoMetadata);
}

TEST(PushAnswer, LinesThatAreOutOfOrderMayBeThereAlready) {
  const auto answer =
      Read(400,
           "entry with timestamp 2026-11-30 00:00:00 +0000 UTC ignored, reason: "
           "'entry out of order' for stream: {a=\"b\"},\ntotal ignored: 9 out of 10");
  EXPECT_EQ(answer.kind, Kind::kRefused);
  EXPECT_TRUE(answer.out_of_order);
  EXPECT_EQ(answer.lost_lines, 9u);
}

TEST(PushAnswer, WhatTheStoreCannotDecodeIsTold) {
  EXPECT_EQ(Read(400, "proto: wrong wireType = 6 for field Line").kind, Kind::kUnreadable);
  EXPECT_EQ(Read(400, "snappy: corrupt input").kind, Kind::kUnreadable);
}

TEST(PushAnswer, A400NamesWhatWasNotStored) {
  auto answer = Read(400,
                     "entry with timestamp 2026-11-20 01:02:03 +0000 UTC ignored, reason: 'entry "
                     "too far behind, oldest acceptable timestamp is: 2026-11-21T00:00:00Z',\n"
                     "user 'fake', total ignored: 3 out of 10 for stream: {app=\"a\"}");
  EXPECT_EQ(answer.kind, Kind::kRefused);
  EXPECT_EQ(answer.lost_lines, 3u);
  EXPECT_EQ(answer.reason, "too_far_behind");
}

TEST(PushAnswer, LinesThatTheDistributorTookOutAreCountedBesideThoseOfTheIngester) {
  std::string body =
      "entry with timestamp 2026-11-20 23:56:15.074482 +0000 UTC ignored, reason: 'entry too far "
      "behind, oldest acceptable timestamp is: 2026-11-21T01:56:15Z',\n"
      "user 'fake', total ignored: 1 out of 3 for stream: {app=\"c\"}";
  EXPECT_EQ(Read(400, body, 4).lost_lines, 2u);
  EXPECT_EQ(Read(400, body + "{__stream_shard__=\"1\"}", 4).lost_lines, 1u);
}

TEST(PushAnswer, EachGroupOfTheDistributorsErrorsCounts) {
  std::string one = "1 errors like: entry for stream '{a=\"b\"}' has timestamp too new: 2026";
  auto answer = Read(400, one + "; 12" + one.substr(1), 20);
  EXPECT_EQ(answer.lost_lines, 13u);
  EXPECT_EQ(answer.reason, "too_new");
}

TEST(PushAnswer, ASingleErrorAboutALineIsOneLine) {
  for (auto [text, reason] : std::initializer_list<std::pair<const char*, const char*>>{
           {"entry for stream '{a=\"b\"}' has timestamp too old: 2026-01-01T00:00:00Z", "too_old"},
           {"entry for stream '{a=\"b\"}' has timestamp too new: 2027-01-01T00:00:00Z", "too_new"},
           {"max entry size '256' bytes exceeded for stream", "line_too_long"},
           {"Max entry size '256' bytes exceeded for stream", "line_too_long"},
           {"stream '{}' has structured metadata too large: '70000' bytes", "limit_exceeded"}}) {
    EXPECT_EQ(Read(400, text).lost_lines, 1u) << text;
    EXPECT_EQ(Read(400, text).reason, reason);
  }
}

TEST(PushAnswer, ALimitOfOneStreamIsToldFromOneOfTheTenant) {
  EXPECT_EQ(Read(429,
                 "entry with timestamp x ignored, reason: 'Per stream rate limit exceeded "
                 "(limit: 3MB/sec) while attempting to ingest for stream")
                .kind,
            Kind::kStreamLimited);
  EXPECT_EQ(Read(429, "maximum active stream limit exceeded when trying to create stream").kind,
            Kind::kStreamLimited);
  EXPECT_EQ(Read(429, "ingestion rate limit exceeded for user fake").kind, Kind::kTenantLimited);
}

TEST(PushAnswer, WrongCredentialsAreNamedAsSuch) {
  for (int status : {401, 403, 407}) EXPECT_TRUE(Read(status).credentials);
  EXPECT_FALSE(Read(404).credentials);
}

TEST(PushAnswer, RetryAfterIsReadAndBounded) {
  EXPECT_EQ(Read(503, "", 1, {{"retry-after", "7"}}).retry_after, std::chrono::seconds(7));
  EXPECT_EQ(Read(503, "", 1, {{"Retry-After", "999999"}}).retry_after, std::chrono::minutes(10));
  EXPECT_EQ(Read(503, "", 1, {{"Retry-After", "-4"}}).retry_after.count(), 0);
  EXPECT_EQ(Read(503, "", 1, {{"Retry-After", "Fri, 31 Dec"}}).retry_after.count(), 0);
  const std::pair<std::string, std::string> sent{"Date", "Sun, 06 Nov 1994 08:49:37 GMT"};
  const auto after = [&](const std::string& value) {
    return Read(429, "", 1, {sent, {"Retry-After", value}}).retry_after;
  };
  EXPECT_EQ(after("Sun, 06 Nov 1994 08:50:07 GMT"), std::chrono::seconds(30));
  EXPECT_EQ(after("Sunday, 06-Nov-94 08:50:08 GMT"), std::chrono::seconds(31));
  EXPECT_EQ(after("Sun, 06 Nov 1994 08:49:36 GMT").count(), 0);
  EXPECT_EQ(after("Sun, 06 Nov 1994 23:00:00 GMT"), std::chrono::minutes(10));
  EXPECT_EQ(Read(429, "", 1, {{"Retry-After", "Sun, 06 Nov 2994 08:00:00 GMT"}}).retry_after,
            std::chrono::minutes(10));  // by our clock
}

}  // namespace
}  // namespace telltale
