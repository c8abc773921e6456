// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/client/instrumented_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_transport.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

class InstrumentedTransportTest : public ::testing::Test {
 protected:
  std::string Page() {
    std::string page;
    registry_.Render(page);
    return page;
  }
  static std::string Requests(const std::string& method, const std::string& code, int count) {
    return "rest_client_requests_total{code=\"" + code + "\",host=\"k:6443\",method=\"" + method +
           "\"} " + std::to_string(count) + "\n";
  }
  static ApiRequest Request(const std::string& method) {
    ApiRequest request;
    request.method = method;
    return request;
  }

  FakeTransport fake_;
  Registry registry_;
  FakeClock clock_;
  InstrumentedTransport transport_{fake_, registry_, "k:6443", clock_};
};

TEST_F(InstrumentedTransportTest, EachMethodIsThereFromTheStart) {
  const std::string page = Page();
  for (const char* method : {"GET", "PATCH", "PUT", "DELETE"}) {
    EXPECT_THAT(page, HasSubstr(Requests(method, "200", 0)));
    EXPECT_THAT(page, HasSubstr(Requests(method, "<error>", 0)));
  }
  EXPECT_THAT(page, HasSubstr(Requests("POST", "201", 0)));
  EXPECT_THAT(page, HasSubstr("rest_client_request_duration_seconds_count{host=\"k:6443\","
                              "verb=\"PUT\"} 0\n"));
}

TEST_F(InstrumentedTransportTest, CallsAreCountedByTheirAnswer) {
  fake_.Push("{}");
  fake_.Push(FakeTransport::Answer{.status = 409});
  fake_.Push(FakeTransport::Answer{.error = Fail(Code::kTimeout, "slow")});
  fake_.Push(FakeTransport::Answer{.status = 1'000'000});
  EXPECT_TRUE(transport_.Call(Request("PUT")).ok());
  EXPECT_EQ(transport_.Call(Request("PUT"))->status, 409);
  EXPECT_EQ(transport_.Call(Request("PUT")).error().code, Code::kTimeout);
  EXPECT_TRUE(transport_.Call(Request("PUT")).ok());
  EXPECT_EQ(fake_.Requests().size(), 4u);
  EXPECT_THAT(Page(), HasSubstr(Requests("PUT", "200", 1)));
  EXPECT_THAT(Page(), HasSubstr(Requests("PUT", "409", 1)));
  EXPECT_THAT(Page(), HasSubstr(Requests("PUT", "<error>", 2)));
}

TEST_F(InstrumentedTransportTest, CallsAreTimedInTheBucketsOfClientGo) {
  fake_.Push({.pieces = {"{}"}, .before_end = [this] { clock_.Advance(milliseconds(300)); }});
  EXPECT_TRUE(transport_.Call(Request("GET")).ok());
  const auto bucket = [](const std::string& le, int count) {
    return "rest_client_request_duration_seconds_bucket{host=\"k:6443\",verb=\"GET\",le=\"" + le +
           "\"} " + std::to_string(count) + "\n";
  };
  const std::string page = Page();
  int index = 0;
  for (const char* le :
       {"0.005", "0.025", "0.1", "0.25", "0.5", "1", "2", "4", "8", "15", "30", "60", "+Inf"}) {
    EXPECT_THAT(page, HasSubstr(bucket(le, index++ < 4 ? 0 : 1)));
  }
}

TEST_F(InstrumentedTransportTest, AStreamIsCountedWhenItBeginsAndIsNotTimed) {
  fake_.Push({.pieces = {"one", "two"}, .error = Fail(Code::kTimeout, "silent")});
  std::string seen;
  auto ended = transport_.Stream(Request("GET"), [&](std::string_view piece) {
    seen.append(piece);
    EXPECT_THAT(Page(), HasSubstr(Requests("GET", "200", 1)));
    return true;
  });
  EXPECT_EQ(seen, "onetwo");
  EXPECT_EQ(ended.error().code, Code::kTimeout);
  EXPECT_THAT(Page(), HasSubstr(Requests("GET", "200", 1)));
  EXPECT_THAT(Page(), HasSubstr(Requests("GET", "<error>", 0)));
  EXPECT_THAT(Page(), HasSubstr("duration_seconds_count{host=\"k:6443\",verb=\"GET\"} 0\n"));
}

TEST_F(InstrumentedTransportTest, AStreamThatDoesNotBeginIsCountedByItsAnswer) {
  const auto stream = [&] { return transport_.Stream(Request("GET"), [](auto) { return true; }); };
  fake_.Push(FakeTransport::Answer{.status = 410});
  fake_.Push(FakeTransport::Answer{.error = Fail(Code::kUnavailable, "refused")});
  fake_.Push(FakeTransport::Answer{});
  EXPECT_EQ(stream()->status, 410);
  EXPECT_FALSE(stream().ok());
  EXPECT_TRUE(stream().ok());
  EXPECT_THAT(Page(), HasSubstr(Requests("GET", "410", 1)));
  EXPECT_THAT(Page(), HasSubstr(Requests("GET", "<error>", 1)));
  EXPECT_THAT(Page(), HasSubstr(Requests("GET", "200", 1)));
}

TEST_F(InstrumentedTransportTest, CancelIsHandedOn) {
  std::thread canceller([&] {
    fake_.WaitUntilIdle();
    transport_.Cancel();
  });
  EXPECT_EQ(transport_.Call(Request("GET")).error().code, Code::kCancelled);
  canceller.join();
}

}  // namespace
}  // namespace telltale
