// SPDX-License-Identifier: Apache-2.0
#include "sidecar/serve/status_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/net/http/gzip.h"
#include "tests/fakes/fake_clock.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;

class StatusPagesTest : public ::testing::Test {
 protected:
  HttpResponse Get(std::string target, std::string method = "GET", HttpHeaders headers = {}) {
    HttpRequest request;
    request.headers = std::move(headers);
    request.method = std::move(method);
    request.target = std::move(target);
    return pages_.Handle(request);
  }

  Registry registry_;
  FakeClock clock_;
  PushHandler push_{registry_, clock_};
  StatusPages pages_{push_, "1.2<3"};
};

TEST_F(StatusPagesTest, MetricsSayWhatTheyAreAsPrometheus3Demands) {
  registry_.AddCounter("things_total", "Things.").Add(3);
  const HttpResponse response = Get("/metrics?name[]=x");
  EXPECT_EQ(response.status, 200);
  ASSERT_NE(FindHeader(response.headers, "content-type"), nullptr);
  EXPECT_EQ(*FindHeader(response.headers, "content-type"),
            "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(response.body,
            "# HELP things_total Things.\n# TYPE things_total counter\nthings_total 3\n");
}

TEST_F(StatusPagesTest, MetricsComeInTheFormatThatIsAskedForAndCompressed) {
  registry_.AddCounter("things_total", "Things.").Add(3);
  const HttpResponse response =
      Get("/metrics", "GET",
          {{"Accept", "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8,*/*;q=0.1"},
           {"Accept-Encoding", "gzip"}});
  EXPECT_EQ(*FindHeader(response.headers, "Content-Type"),
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8");
  EXPECT_EQ(*FindHeader(response.headers, "Content-Encoding"), "gzip");
  const auto body = GzipDecompress(response.body, 1'000);
  ASSERT_TRUE(body.ok()) << body.error().message;
  EXPECT_EQ(*body, "# HELP things Things.\n# TYPE things counter\nthings_total 3\n# EOF\n");
}

TEST_F(StatusPagesTest, TheScrapersTimeIsTheDeadlineIfItIsANumberOfSeconds) {
  const auto limit = [&](const char* seconds) {
    return Get("/metrics", "GET", {{"X-Prometheus-Scrape-Timeout-Seconds", seconds}})
        .write_timeout.count();
  };
  EXPECT_EQ(limit("10"), 10'000);
  EXPECT_EQ(limit("0.5"), 500);
  EXPECT_EQ(limit("1e-9"), 1);
  EXPECT_EQ(limit("1e9"), 3'600'000);
  for (const char* none : {"0", "-1", "NaN", "-Inf", "", "soon", "1s"}) EXPECT_EQ(limit(none), 0);
  EXPECT_EQ(Get("/metrics").write_timeout.count(), 0);
}

TEST_F(StatusPagesTest, ReadyOnlyBetweenStartAndStop) {
  using State = StatusPages::State;
  EXPECT_EQ(Get("/readyz").status, 503);
  EXPECT_EQ(Get("/healthz").status, 200);
  pages_.SetState(State::kReady);
  EXPECT_EQ(Get("/readyz").status, 200);
  pages_.SetState(State::kStopping);
  EXPECT_EQ(Get("/readyz").status, 503);
  EXPECT_THAT(std::string(Get("/readyz").body), HasSubstr("stopping"));
  EXPECT_EQ(Get("/healthz").status, 200);
}

TEST_F(StatusPagesTest, TheLandingPageLinksToTheOthers) {
  const HttpResponse response = Get("/");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(std::string(response.body), HasSubstr("href=\"/metrics\""));
  EXPECT_THAT(std::string(response.body), HasSubstr("1.2&lt;3"));
}

TEST_F(StatusPagesTest, WhatIsNotThereIsSaidAndNothingIsWritten) {
  EXPECT_EQ(Get("/metricsx").status, 404);
  const HttpResponse response = Get("/metrics", "POST");
  EXPECT_EQ(response.status, 405);
  ASSERT_NE(FindHeader(response.headers, "allow"), nullptr);
  EXPECT_EQ(Get("/metrics", "HEAD").status, 200);
}

}  // namespace
}  // namespace telltale
