// SPDX-License-Identifier: Apache-2.0
#include "sidecar/alert/alert_pusher.h"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "common/base/files.h"
#include "tests/unit/sidecar/alert/fake_alertmanager.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

using testing::HasSubstr;
using testing::Not;

RaisedAlert Panic(std::int64_t quiet_ms = 60'000, const std::string& app = "shop") {
  return {{{"alertname", "Panic"}, {"app", app}}, {{"line", "panic: x"}}, quiet_ms};
}

std::string EndsAt(const HttpRequest& request) {
  const std::size_t at = request.body.find("\"endsAt\":\"") + 10;
  return request.body.substr(at, 24);
}

class AlertPusherTest : public testing::Test {
 protected:
  std::string Page() const {
    std::string page;
    registry_.Render(page);
    return page;
  }
  // Waits for the page to say so; for what has no other event.
  bool WaitForPage(const std::string& text) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (Page().find(text) == std::string::npos) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }
  // As Alertmanager answers a push that holds an alert with an unusable label.
  static HttpResponse RefuseBad(const HttpRequest& request) {
    const bool bad = request.body.find("\"bad") != std::string::npos;
    return bad ? TextResponse(400, "\"invalid label set\"") : TextResponse(200, "");
  }

  mutable Registry registry_;
  AlertPusher pusher_{registry_, RealClock()};
};

TEST_F(AlertPusherTest, TheFirstLineIsPushedAtOnceAndFurtherOnesAreTheSameAlert) {
  FakeAlertmanager alertmanager;
  pusher_.Configure({{alertmanager.url() + "/am/"}});
  for (int i = 0; i < 100; ++i) pusher_.Raise(Panic());
  ASSERT_TRUE(alertmanager.WaitFor(1));
  pusher_.Raise(Panic(60'000, "other"));
  ASSERT_TRUE(alertmanager.WaitFor(2));
  pusher_.Stop();
  const auto requests = alertmanager.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].target, "/am/api/v2/alerts");
  EXPECT_THAT(requests[0].body, HasSubstr(R"("labels":{"alertname":"Panic","app":"shop"})"));
  EXPECT_THAT(requests[0].body, HasSubstr(R"("annotations":{"line":"panic: x"})"));
  EXPECT_THAT(requests[1].body, Not(HasSubstr("shop")));
}

TEST_F(AlertPusherTest, AfterItsQuietTimeItIsResolvedAndANewLineIsANewAlert) {
  FakeAlertmanager alertmanager;
  pusher_.Configure({{alertmanager.url()}});
  pusher_.Raise(Panic(50));
  ASSERT_TRUE(alertmanager.WaitFor(2));
  const auto requests = alertmanager.requests();
  EXPECT_EQ(EndsAt(requests[0]), EndsAt(requests[1]));
  pusher_.Raise(Panic(50));
  ASSERT_TRUE(alertmanager.WaitFor(3));
  EXPECT_NE(EndsAt(alertmanager.requests()[2]), EndsAt(requests[1]));
}

TEST_F(AlertPusherTest, AFailedPushIsTriedAgainWhateverTheFailure) {
  for (const int status : {500, 503, 429, 401, 403, 404, 302}) {
    FakeAlertmanager alertmanager([&](const HttpRequest&) { return TextResponse(status, "no"); });
    pusher_.Configure({{alertmanager.url()}});
    pusher_.Raise(Panic(60'000, std::to_string(status)));
    ASSERT_TRUE(alertmanager.WaitFor(2)) << status;
    alertmanager.SetAnswer({});
    EXPECT_TRUE(alertmanager.WaitForTaken(std::to_string(status))) << status;
    pusher_.Configure({});
  }
  EXPECT_THAT(Page(), HasSubstr("telltale_alerts_dropped_total{reason=\"refused\"} 0"));
}

TEST_F(AlertPusherTest, APageIsNotAnAlertmanagersAnswer) {
  for (const int status : {200, 400}) {
    FakeAlertmanager alertmanager(
        [&](const HttpRequest&) { return TextResponse(status, "<html>Sign in</html>"); });
    pusher_.Configure({{alertmanager.url()}});
    pusher_.Raise(Panic(60'000, "page"));
    ASSERT_TRUE(alertmanager.WaitFor(2)) << status;
    alertmanager.SetAnswer({});
    const std::size_t before = alertmanager.requests().size();
    EXPECT_TRUE(alertmanager.WaitFor(before + 1)) << status;
    pusher_.Configure({});
  }
  EXPECT_THAT(Page(), HasSubstr("telltale_alerts_dropped_total{reason=\"refused\"} 0"));
}

TEST_F(AlertPusherTest, ARefusedAlertHoldsUpNoOtherAndOnlyItIsDropped) {
  FakeAlertmanager alertmanager([](const HttpRequest&) { return TextResponse(503, "not yet"); });
  pusher_.Configure({{alertmanager.url()}});
  for (int i = 0; i < 9; ++i) pusher_.Raise(Panic(60'000, "good" + std::to_string(i)));
  pusher_.Raise(Panic(60'000, "bad1"));
  pusher_.Raise(Panic(60'000, "bad2"));
  ASSERT_TRUE(alertmanager.WaitFor(2));
  alertmanager.SetAnswer(RefuseBad);
  for (int i = 0; i < 9; ++i) {
    EXPECT_TRUE(alertmanager.WaitForTaken("good" + std::to_string(i)));
  }
  EXPECT_TRUE(WaitForPage("telltale_alerts_dropped_total{reason=\"refused\"} 2"));
  pusher_.Raise(Panic(60'000, "good later"));
  EXPECT_TRUE(alertmanager.WaitForTaken("good later"));
  pusher_.Stop();
  EXPECT_THAT(Page(), HasSubstr("telltale_alerts_dropped_total{reason=\"refused\"} 2"));
}

TEST_F(AlertPusherTest, AnAlertmanagerThatIsDownOrSilentDelaysNoOther) {
  // One refuses connections, one accepts them and never answers.
  const UniqueFd silent(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(bind(silent.get(), generic, size), 0);
  ASSERT_EQ(listen(silent.get(), 8), 0);
  ASSERT_EQ(getsockname(silent.get(), generic, &size), 0);
  FakeAlertmanager one, two;
  pusher_.Configure({{"http://127.0.0.1:1"},
                     {"http://127.0.0.1:" + std::to_string(ntohs(address.sin_port))},
                     {one.url()},
                     {two.url()}});
  for (const std::string app : {"a", "b", "c"}) {
    pusher_.Raise(Panic(60'000, app));
    EXPECT_TRUE(one.WaitForTaken("\"" + app + "\""));
    EXPECT_TRUE(two.WaitForTaken("\"" + app + "\""));
  }
}

TEST_F(AlertPusherTest, ConfiguringTheSameTargetKeepsItsAlertsAndAnotherBeginsWithNone) {
  FakeAlertmanager one, two;
  pusher_.Configure({{one.url()}});
  pusher_.Raise(Panic());
  ASSERT_TRUE(one.WaitFor(1));
  pusher_.Configure({{one.url()}, {two.url()}, {one.url()}});
  pusher_.Raise(Panic());
  pusher_.Raise(Panic(60'000, "new"));
  EXPECT_TRUE(one.WaitForTaken("new"));
  EXPECT_TRUE(two.WaitForTaken("new"));
  pusher_.Stop();
  EXPECT_EQ(one.requests().size(), 2u);
}

TEST_F(AlertPusherTest, ItSendsTheTokenThatIsInItsFileNow) {
  TempFolder temp;
  temp.Write("token", "first\n");
  FakeAlertmanager alertmanager([](const HttpRequest& request) {
    const std::string* sent = FindHeader(request.headers, "Authorization");
    const bool good = sent != nullptr && *sent == "Bearer second";
    return TextResponse(good ? 200 : 401, "");
  });
  Access access;
  access.bearer_token_file = temp / "token";
  pusher_.Configure({{alertmanager.url(), access}});
  pusher_.Raise(Panic());
  ASSERT_TRUE(alertmanager.WaitFor(1));
  EXPECT_EQ(*FindHeader(alertmanager.requests()[0].headers, "Authorization"), "Bearer first");
  ASSERT_TRUE(WriteFileAtomic(temp / "token", "second\n").ok());
  EXPECT_TRUE(alertmanager.WaitForTaken("Panic"));
}

TEST_F(AlertPusherTest, ItSendsANameAndAPassword) {
  TempFolder temp;
  temp.Write("password", "secret");
  FakeAlertmanager alertmanager;
  Access access;
  access.username = "me";
  access.password_file = temp / "password";
  pusher_.Configure({{alertmanager.url(), access}});
  pusher_.Raise(Panic());
  ASSERT_TRUE(alertmanager.WaitFor(1));
  EXPECT_EQ(*FindHeader(alertmanager.requests()[0].headers, "Authorization"),
            "Basic " + Base64Encode("me:secret"));
}

TEST_F(AlertPusherTest, AnAlertThatIsRaisedRightBeforeTheStopIsStillPushed) {
  FakeAlertmanager alertmanager;
  pusher_.Configure({{alertmanager.url()}, {"http://127.0.0.1:1"}});
  pusher_.Raise(Panic());
  pusher_.Stop();
  EXPECT_EQ(alertmanager.taken().size(), 1u);
  pusher_.Raise(Panic(60'000, "too late"));
  EXPECT_EQ(alertmanager.requests().size(), 1u);
}

TEST_F(AlertPusherTest, MoreThanSoManyAlertsAreCountedAndNotPushed) {
  FakeAlertmanager alertmanager;
  pusher_.Configure({{alertmanager.url()}});
  for (std::size_t i = 0; i <= AlertPusher::kMaxActive; ++i) {
    pusher_.Raise(Panic(60'000, std::to_string(i)));
  }
  EXPECT_THAT(Page(), HasSubstr("telltale_alerts_dropped_total{reason=\"too_many\"} 1"));
  EXPECT_THAT(Page(), HasSubstr("telltale_alerts_active 200"));
}

}  // namespace
}  // namespace telltale
