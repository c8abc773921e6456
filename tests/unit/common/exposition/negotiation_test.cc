// SPDX-License-Identifier: Apache-2.0
#include "common/exposition/negotiation.h"

#include <gtest/gtest.h>

namespace telltale {
namespace {

const std::string kText = "text/plain; version=0.0.4; charset=utf-8";
const std::string kOpenMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const std::string kProto =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

std::string TypeFor(std::string_view accept) { return NegotiateFormat(accept).content_type; }

TEST(Negotiation, GivesPrometheusWhatItAsksForFirst) {
  // Prometheus 2.42, 3 and 3 with native histograms.
  EXPECT_EQ(TypeFor("application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
                    "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
            kOpenMetrics + "; escaping=underscores");
  const std::string three =
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
      "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;"
      "escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
  EXPECT_EQ(TypeFor(three), kOpenMetrics + "; escaping=allow-utf-8");
  EXPECT_EQ(TypeFor("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
                    "encoding=delimited;escaping=allow-utf-8;q=0.6," +
                    three),
            kProto + "; escaping=allow-utf-8");
  EXPECT_EQ(NegotiateFormat(three).style,
            (PageStyle{PageFormat::kOpenMetrics, Escaping::kAllowUtf8}));
}

TEST(Negotiation, AnswersTextToWhateverItDoesNotKnow) {
  for (const char* accept :
       {"", "*/*", "text/*", "text/html", "text/html,*/*;q=0.1", ",;=,", "q=1",
        "application/json;q=1", "text/plain;version=9", "application/openmetrics-text;q=0",
        "application/vnd.google.protobuf;encoding=delimited",
        "application/vnd.google.protobuf;proto=x;encoding=delimited",
        "application/openmetrics-text;version=2.0.0"}) {
    EXPECT_EQ(TypeFor(accept), kText) << accept;
  }
}

TEST(Negotiation, FollowsQualitiesVersionsAndTheOrderOfEquals) {
  EXPECT_EQ(TypeFor("application/openmetrics-text;q=0.5, text/plain;q=0.9"), kText);
  EXPECT_EQ(TypeFor("text/plain;q=0.5, APPLICATION/OpenMetrics-Text ; Q=0.9"),
            kOpenMetrics + "; escaping=underscores");
  EXPECT_EQ(TypeFor("application/openmetrics-text;version=2.0.0,text/plain;version=1.0.0;q=0.3"),
            "text/plain; version=1.0.0; charset=utf-8; escaping=underscores");
  EXPECT_EQ(TypeFor("application/openmetrics-text;version=\"0.0.1\""),
            "application/openmetrics-text; version=0.0.1; charset=utf-8; escaping=underscores");
  EXPECT_EQ(TypeFor("text/plain,application/openmetrics-text"), kText);
  EXPECT_EQ(TypeFor("text/plain;q=1.5,text/plain;version=1.0.0;escaping=dots;q=0.1"),
            "text/plain; version=1.0.0; charset=utf-8; escaping=dots");
  // 0.0.4 has no names beyond the classic ones, whatever is asked.
  EXPECT_EQ(NegotiateFormat("text/plain;version=0.0.4;escaping=allow-utf-8").style, PageStyle());
  EXPECT_EQ(TypeFor("text/plain;version=1.0.0;escaping=unheard-of"),
            "text/plain; version=1.0.0; charset=utf-8; escaping=underscores");
}

TEST(Negotiation, ReadsHeadersOfAnyLength) {
  std::string accept;
  for (int i = 0; i < 200; ++i) accept += "application/x-" + std::to_string(i) + ";q=0.9;a=b,";
  EXPECT_EQ(TypeFor(accept + "application/openmetrics-text;q=0.1"),
            kOpenMetrics + "; escaping=underscores");
  EXPECT_EQ(TypeFor("text/plain" + std::string(8'000, ';')), kText);
}

TEST(Negotiation, KnowsWhoTakesGzip) {
  for (const char* yes : {"gzip", "GZIP", "deflate, gzip;q=0.5", "*", "br, *;q=0.1"}) {
    EXPECT_TRUE(AcceptsGzip(yes)) << yes;
  }
  for (const char* no : {"", "identity", "gzip;q=0", "*;q=0", "gzip;q=0, *", "gzipped", "br"}) {
    EXPECT_FALSE(AcceptsGzip(no)) << no;
  }
}

}  // namespace
}  // namespace telltale
