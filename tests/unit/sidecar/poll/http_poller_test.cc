// SPDX-License-Identifier: Apache-2.0
#include "sidecar/poll/http_poller.h"

#include <gmock/gmock.h>

#include <atomic>
#include <cstdlib>
#include <latch>
#include <thread>

#include "common/base/log.h"
#include "tests/fakes/wait_until.h"
#include "tests/unit/sidecar/poll/poll_servers.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class HttpPollerTest : public PollServers {
 protected:
  std::string Page() {
    std::string page;
    registry_.Render(page);
    return page;
  }
  // -1 if there is no such series.
  double Value(const std::string& series) {
    const std::string page = "\n" + Page(), line = "\n" + series + " ";
    const auto at = page.find(line);
    return at == std::string::npos ? -1 : std::strtod(page.c_str() + at + line.size(), nullptr);
  }
  HttpPollConfig Named(const std::string& name, const std::string& url,
                       std::int64_t timeout_ms = 20'000) {
    auto config = Poll(url);
    config.name = name;
    config.timeout_ms = timeout_ms;
    return config;
  }
  Registry registry_;
};

// Case H4, and one that hangs beside one that answers.
TEST_F(HttpPollerTest, AServerThatHangsIsCountedAtTheDeadlineAndHurtsNoOtherPoll) {
  Script hung([](RawListener& listener) {
    for (int i = 0; i < 3; ++i) {
      RawSocket peer = listener.Accept();
      peer.ReadAll();  // until we give up
    }
  });
  const auto good = Serve([](const HttpRequest&) { return TextResponse(200, "ok"); });
  {
    HttpPoller slow(Named("slow", "http://127.0.0.1:" + std::to_string(hung.port()), 250),
                    milliseconds(500), registry_, RealClock());
    HttpPoller fast(Named("fast", Http(good)), milliseconds(200), registry_, RealClock());
    const auto start = std::chrono::steady_clock::now();
    WaitUntil("two polls timed out", [&] {
      return Value("telltale_http_failures_total{poll=\"slow\",reason=\"timeout\"}") >= 2;
    });
    // The second began one interval after the first, not after the first one's end.
    EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(5'000));
    EXPECT_EQ(Value("telltale_http_up{poll=\"slow\"}"), 0);
    const double polls = Value("telltale_http_duration_seconds_count{poll=\"slow\"}");
    EXPECT_NEAR(Value("telltale_http_duration_seconds_sum{poll=\"slow\"}"), 0.25 * polls, 1e-9);
    EXPECT_EQ(Value("telltale_http_successes_total{poll=\"slow\"}"), 0);
    WaitUntil("many polls of the other",
              [&] { return Value("telltale_http_successes_total{poll=\"fast\"}") >= 5; });
    EXPECT_EQ(Value("telltale_http_up{poll=\"fast\"}"), 1);
    EXPECT_EQ(Value("telltale_http_status_code{poll=\"fast\"}"), 200);
  }
  EXPECT_EQ(Page(), "");            // they take their series along
  RawSocket::Connect(hung.port());  // so that the script ends, whichever poll it waits for
  RawSocket::Connect(hung.port());
  RawSocket::Connect(hung.port());
}

TEST_F(HttpPollerTest, TheFirstPollIsAwaitedWhetherItSucceedsOrNot) {
  std::latch asked(1), answer(1);
  const auto slow = Serve([&](const HttpRequest&) {
    asked.count_down();
    answer.wait();
    return TextResponse(200, "ok");
  });
  HttpPoller good(Named("good", Http(slow)), milliseconds(60'000), registry_, RealClock());
  HttpPoller bad(Named("bad", "http://127.0.0.1:1/"), milliseconds(60'000), registry_, RealClock());
  asked.wait();
  std::thread later([&] { answer.count_down(); });
  good.AwaitFirst();
  bad.AwaitFirst();
  later.join();
  EXPECT_EQ(Value("telltale_http_up{poll=\"good\"}"), 1);
  EXPECT_EQ(Value("telltale_http_failures_total{poll=\"bad\",reason=\"connect\"}"), 1);
}

TEST_F(HttpPollerTest, AServerThatBreaksAndIsMendedIsSaidOnceEach) {
  static std::vector<std::string> logged;
  logged.clear();
  static std::mutex mutex;
  SetLogSinkForTest([](std::string_view line) {
    const std::lock_guard lock(mutex);
    logged.emplace_back(line);
  });
  std::atomic<int> status{500};
  const auto port =
      Serve([&](const HttpRequest&) { return TextResponse(status, "ready"); }, 86'400);
  auto config = TlsPoll(port);
  config.name = "api";
  config.body = "ready";
  {
    // The interval is also the timeout: long enough for TLS on a machine that is busy.
    HttpPoller poller(config, milliseconds(1000), registry_, RealClock());
    WaitUntil("failures", [&] {
      return Value("telltale_http_failures_total{poll=\"api\",reason=\"status\"}") >= 2;
    });
    EXPECT_EQ(Value("telltale_http_body_matched{poll=\"api\"}"), 1);
    status = 200;
    WaitUntil("it is up", [&] { return Value("telltale_http_up{poll=\"api\"}") == 1; });
    EXPECT_EQ(Value("telltale_http_certificate_expiry_timestamp_seconds{poll=\"api\"}"),
              static_cast<double>(now_ + 86'400));
  }
  SetLogSinkForTest(nullptr);
  EXPECT_THAT(logged, ElementsAre(HasSubstr("HTTP 500"), HasSubstr("succeeds again")));
}

TEST_F(HttpPollerTest, ItEndsAtOnceAlsoWhileItWaitsForAnAnswer) {
  std::latch asked(1);
  Script hung([&](RawListener& listener) {
    RawSocket peer = listener.Accept();
    peer.ReadUntil("\r\n\r\n");
    asked.count_down();
    peer.ReadAll();
  });
  const auto start = std::chrono::steady_clock::now();
  {
    HttpPoller poller(Named("slow", "http://127.0.0.1:" + std::to_string(hung.port()), 60'000),
                      std::chrono::minutes(10), registry_, RealClock());
    asked.wait();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(15'000));
  EXPECT_THAT(Page(), Not(HasSubstr("slow")));
}

}  // namespace
}  // namespace telltale
