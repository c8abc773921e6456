// SPDX-License-Identifier: Apache-2.0
#include "sidecar/lastsample/last_sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/wait_until.h"
#include "tests/unit/sidecar/lastsample/receiver.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class LastSampleTest : public ::testing::Test {
 protected:
  void SetUp() override { Serve(); }
  void Serve() {
    HttpServerOptions options;
    options.listen = "127.0.0.1:0";
    application_ = std::make_unique<HttpServer>(std::move(options), [](const HttpRequest&) {
      return TextResponse(200, "# TYPE orders counter\norders 3\n");
    });
    ASSERT_TRUE(application_->Start().ok());
  }
  void EndApplication() { application_->Stop(milliseconds(0)); }

  LastSampleOptions Options(std::vector<std::string> urls) {
    LastSampleOptions options;
    options.urls = std::move(urls);
    options.interval = milliseconds(20);
    options.timeout = seconds(30);
    options.pages = {{"http://127.0.0.1:" + std::to_string(application_->port()) + "/metrics",
                      {{"job", "web"}}}};
    options.own = {{"job", "telltale-sidecar"}};
    return options;
  }
  void AwaitScrapes(std::uint64_t count) {
    Counter& scrapes = registry_.AddCounter(
        "telltale_last_sample_scrapes_total",
        "Scrapes of the pages whose last samples are kept, by result.", {{"result", "success"}});
    WaitUntil("scrapes", [&] { return scrapes.Value() >= count; });
  }

  Registry registry_;
  std::unique_ptr<HttpServer> application_;
};

TEST_F(LastSampleTest, SendsWhatAnApplicationThatIsGoneShowedLastAndOurOwnPageToEachStore) {
  Receiver one([](const ReceivedWrite& write) { return Written(write.samples); });
  Receiver two([](const ReceivedWrite&) { return HttpResponse{204, {}, "", {}}; });
  LastSample last(registry_, RealClock());
  last.Configure(Options({one.url(), two.url()}));
  AwaitScrapes(2);
  EndApplication();
  last.Begin();
  last.Finish("own_lines_total{job=\"pushed\"} 7\n");
  for (Receiver* store : {&one, &two}) {
    const auto writes = store->writes();
    ASSERT_EQ(writes.size(), 2u);
    EXPECT_TRUE(writes[0].Has("orders") && writes[0].Has("web"));
    EXPECT_EQ(writes[0].samples, 2u);  // and the end
    EXPECT_TRUE(writes[1].Has("own_lines_total") && writes[1].Has("pushed"));
    EXPECT_FALSE(writes[1].Has("telltale-sidecar"));  // what is pushed has its own job
    EXPECT_EQ(writes[1].samples, 2u);
  }
}

TEST_F(LastSampleTest, AnApplicationThatLivesOnHasNoMarkerOfItsEnd) {
  Receiver store([](const ReceivedWrite& write) { return Written(write.samples); });
  LastSample last(registry_, RealClock());
  last.Configure(Options({store.url()}));
  last.Begin();
  last.Finish("");
  ASSERT_EQ(store.writes().size(), 1u);
  EXPECT_EQ(store.writes()[0].samples, 1u);
}

TEST_F(LastSampleTest, AStoreThatIsAwayHoldsUpNoOther) {
  Receiver store([](const ReceivedWrite& write) { return Written(write.samples); });
  LastSample last(registry_, RealClock());
  auto options = Options({"http://127.0.0.1:1/api/v1/write", store.url()});
  options.timeout = seconds(1);
  last.Configure(options);
  AwaitScrapes(1);
  EndApplication();
  const auto start = std::chrono::steady_clock::now();
  last.Begin();
  last.Finish("own 1\n");
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(30));
  EXPECT_EQ(store.writes().size(), 2u);
}

TEST_F(LastSampleTest, NothingRunsWithoutAStoreAndAPageThatStaysIsKept) {
  LastSample last(registry_, RealClock());
  last.Begin();
  last.Finish("own 1\n");
  EXPECT_FALSE(last.enabled());
  Receiver store([](const ReceivedWrite& write) { return Written(write.samples); });
  last.Configure(Options({store.url()}));
  AwaitScrapes(1);
  EndApplication();
  auto more = Options({store.url()});
  more.pages.push_back({"http://127.0.0.1:1/metrics", {}});  // which never answers
  last.Configure(more);
  last.Begin();
  last.Finish("own 1\n");
  ASSERT_EQ(store.writes().size(), 2u);
  EXPECT_TRUE(store.writes()[0].Has("orders"));
}

}  // namespace
}  // namespace telltale
