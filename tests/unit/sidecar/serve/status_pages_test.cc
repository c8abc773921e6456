// SPDX-License-Identifier: Apache-2.0
#include "sidecar/serve/status_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace telltale {
namespace {

using ::testing::HasSubstr;

class StatusPagesTest : public ::testing::Test {
 protected:
  HttpResponse Get(std::string target, std::string method = "GET") {
    HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(target);
    return pages_.Handle(request);
  }

  Registry registry_;
  StatusPages pages_{registry_, "1.2<3"};
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
