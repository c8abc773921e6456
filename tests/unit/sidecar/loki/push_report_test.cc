// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/push_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/base/log.h"
#include "tests/fakes/fake_clock.h"

namespace telltale {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = PushAnswer::Kind;

std::vector<std::string>& Logged() {
  static std::vector<std::string> lines;
  return lines;
}

class PushReportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Logged().clear();
    SetLogSinkForTest([](std::string_view line) { Logged().emplace_back(line); });
  }
  void TearDown() override { SetLogSinkForTest(nullptr); }

  // As Sender tells of an answer.
  void Answered(int status, const std::string& body, const std::string& tenant = "") {
    HttpResponse response;
    response.status = status;
    response.body = body;
    report_.Answered({"http://store/push", tenant, 1, 0, {}}, response,
                     ReadPushAnswer(response, 3, 1 << 20));
  }
  void NotSent(const std::string& why) {
    PushAnswer answer;
    answer.kind = Kind::kRetrySlowly;
    answer.credentials = true;
    report_.Answered({"http://store/push", "", 1, 0, {}}, Error{Code::kPermission, why}, answer);
  }

  FakeClock clock_;
  Registry registry_;
  PushReport report_{registry_, clock_};
};

TEST_F(PushReportTest, AFileThatCannotBeReadIsToldFromAStoreThatRefuses) {
  NotSent("loki.tls.caFile: opening /nope/ca.crt: No such file or directory");
  EXPECT_THAT(Logged(),
              ElementsAre(AllOf(HasSubstr("a credential or certificate"),
                                HasSubstr("nothing is sent"), HasSubstr("/nope/ca.crt"))));
  Answered(401, "no org id");
  ASSERT_EQ(Logged().size(), 2u);
  EXPECT_THAT(Logged()[1], HasSubstr("check loki.url, tenant and credentials"));
}

TEST_F(PushReportTest, AStoreThatCannotBeReachedAfterAMissingFileIsSaid) {
  NotSent("loki.credentials: opening token: No such file or directory");
  report_.Answered({"http://store/push", "", 1, 0, {}}, Error{Code::kUnavailable, "refused"}, {});
  ASSERT_EQ(Logged().size(), 2u);
  EXPECT_THAT(Logged()[1], HasSubstr("until the log store answers"));
}

TEST_F(PushReportTest, WhatAPersonMustChangeIsSaidOnceForATenant) {
  for (int i = 0; i < 3; ++i) {
    Answered(400, "unsupported path requested: \"/loki/api/v1/push\"\n");
    Answered(400, "cannot parse common params from request: cannot parse accountID", "team-a");
    clock_.Advance(std::chrono::minutes(5));
  }
  ASSERT_EQ(Logged().size(), 2u);
  for (const std::string& line : Logged()) {
    EXPECT_THAT(line, HasSubstr("check loki.url, tenant and credentials"));
  }
  EXPECT_THAT(Logged()[1], HasSubstr("tenant=team-a"));
}

TEST_F(PushReportTest, AStoreThatTakesPushesIsNoNews) {
  Answered(204, "");
  EXPECT_THAT(Logged(), IsEmpty());
}

}  // namespace
}  // namespace telltale
