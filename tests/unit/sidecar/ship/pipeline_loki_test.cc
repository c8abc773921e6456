// SPDX-License-Identifier: Apache-2.0
// What Loki answers, or does not.
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>

#include "common/base/log.h"
#include "tests/unit/sidecar/ship/pipeline_fixture.h"

namespace telltale {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

class PipelineLokiTest : public PipelineTest {
 protected:
  // Pushes and checks that the answers of the script led to the same bytes again, and to success.
  void ExpectRetried(std::vector<FakeLoki::Reply> replies) {
    loki_.Script(replies);
    Append("a.log", "one\ntwo\n");
    Start();
    ASSERT_TRUE(Flush());
    auto pushes = loki_.pushes();
    ASSERT_EQ(pushes.size(), replies.size() + 1);
    for (const auto& push : pushes) EXPECT_EQ(push.body, pushes[0].body);
    EXPECT_THAT(loki_.lines(), ElementsAre("one", "two"));
    EXPECT_EQ(Metric("acked_lines_total"), 2);
  }
};

FakeLoki::Reply Answer(int status, std::string body = "", std::string headers = "") {
  FakeLoki::Reply reply;
  reply.status = status;
  reply.body = std::move(body);
  reply.headers = std::move(headers);
  return reply;
}

bool HasStream(const FakeLoki::Push& push, const std::string& labels) {
  const auto streams = push.streams();
  return std::any_of(streams.begin(), streams.end(), [&](const LokiStream* stream) {
    return stream->labels.find(labels) != std::string::npos;
  });
}

FakeLoki::Reply Broken(Then then, bool store = false) {
  FakeLoki::Reply reply;
  reply.then = then;
  reply.status = 500;
  reply.store = store;
  return reply;
}

TEST_F(PipelineLokiTest, ServerErrorsAndRateLimitsAreRetried) {
  ExpectRetried({Answer(500), Answer(429, "slow down"), Answer(503), Answer(502), Answer(504)});
  EXPECT_EQ(Metric("requests_total{code=\"500\"}"), 1);
  EXPECT_EQ(Metric("requests_total{code=\"429\"}"), 1);
}

TEST_F(PipelineLokiTest, BrokenConnectionsAreRetriedEvenWhenTheLinesWereStored) {
  ExpectRetried({Broken(Then::kCloseMidResponse), Broken(Then::kCloseWithoutResponse, true),
                 Broken(Then::kCloseMidResponse, true)});
  EXPECT_EQ(loki_.duplicates(), 4u);  // which Loki drops
}

TEST_F(PipelineLokiTest, ATimeoutIsRetried) {
  options_.request_timeout = Millis(200);
  ExpectRetried({Broken(Then::kHang, true)});
  EXPECT_EQ(Metric("requests_total{code=\"timeout\"}"), 1);
}

TEST_F(PipelineLokiTest, IngestionBlockedIsNotTakenForDelivered) {
  ExpectRetried({Answer(260, "blocked until tomorrow")});
}

TEST_F(PipelineLokiTest, WrongCredentialsHoldTheLines) {
  ExpectRetried({Answer(401, "no org id"), Answer(403), Answer(404)});
}

std::atomic<int> warnings;

TEST_F(PipelineLokiTest, WhatAPersonMustChangeIsSaidOnce) {
  warnings = 0;
  SetLogSinkForTest([](std::string_view line) {
    if (line.find("check loki.url, tenant and credentials") != line.npos) ++warnings;
  });
  ExpectRetried({Answer(401), Answer(401), Answer(401)});
  Stop();
  SetLogSinkForTest(nullptr);
  EXPECT_EQ(warnings, 1);
}

TEST_F(PipelineLokiTest, RetryAfterIsHonoured) {
  ExpectRetried({Answer(503, "", "Retry-After: 1\r\n")});
  auto pushes = loki_.pushes();
  EXPECT_GE(pushes[1].time - pushes[0].time, std::chrono::seconds(1));
}

TEST_F(PipelineLokiTest, RefusedLinesAreCountedAndNeverSentAgain) {
  FakeLoki::Reply partial = Answer(400,
                                   "entry with timestamp x ignored, reason: 'entry too far "
                                   "behind', user 'fake', total ignored: 3 out of 10 for stream");
  partial.store = true;
  loki_.Script({partial});
  Append("a.log", Numbers(0, 10));
  Start();
  ASSERT_TRUE(Flush());
  Append("a.log", Numbers(10, 20));
  ASSERT_TRUE(Flush());
  EXPECT_EQ(loki_.pushes().size(), 2u);
  EXPECT_EQ(Lost("lines", "too_far_behind"), 3);
  EXPECT_EQ(Lost("bytes", "too_far_behind"), 6);
  EXPECT_EQ(Metric("acked_lines_total"), 17);
  EXPECT_EQ(Metric("pending_lines"), 0);
}

TEST_F(PipelineLokiTest, ARefusalThatIsNotTheStoresOwnLosesNothing) {
  Append("a.log", Numbers(0, 10));
  Start();
  int line = 10;
  for (const FakeLoki::Reply& reply :
       {Answer(400, "proto: wrong wireType"), Answer(400, "whatever"),
        Answer(400, "Client sent an HTTP request to an HTTPS server.\n"),
        Answer(200, "<html>Sign in</html>", "Content-Type: text/html\r\n")}) {
    loki_.Script({reply, reply});
    Append("a.log", Numbers(line, line + 1));
    ++line;
    ASSERT_TRUE(Flush());
  }
  EXPECT_THAT(loki_.lines(), ElementsAreArray(NumberList(0, line)));
  EXPECT_EQ(Metric("acked_lines_total"), line);
}

TEST_F(PipelineLokiTest, ATooLargePushIsSplitUntilItFits) {
  loki_.SetHandler([](const FakeLoki::Push& push) {
    return push.entries.size() > 7 ? Answer(413) : Answer(204);
  });
  Append("a.log", Numbers(0, 100));
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAreArray(NumberList(0, 100)));
  EXPECT_EQ(loki_.duplicates(), 0u);
  EXPECT_EQ(Metric("acked_bytes_total"), 290);
  EXPECT_EQ(Metric("read_bytes_total"), 290);
}

TEST_F(PipelineLokiTest, OneLineThatIsTooLargeAloneIsLostAndTheOthersArrive) {
  loki_.SetHandler([](const FakeLoki::Push& push) {
    for (const auto& entry : push.entries) {
      if (entry.line.size() > 4096) return Answer(413);
    }
    return Answer(204);
  });
  Append("a.log", "one\n" + std::string(5000, 'x') + "\ntwo\n");
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAre("one", "two"));
  EXPECT_EQ(Lost("lines", "too_large"), 1);
}

TEST_F(PipelineLokiTest, AnAnswerThatIsTooLongToReadDoesNotStopTheWay) {
  loki_.SetHandler([](const FakeLoki::Push& push) {
    return Answer(400, std::to_string(push.entries.size()) +
                           " errors like: has timestamp too new " +
                           std::string(push.entries.size() * 600'000, 'x'));
  });
  Append("a.log", Numbers(0, 10));
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Lost("lines", "too_new"), 10);
}

TEST_F(PipelineLokiTest, APushAboveTheBurstLimitIsSplit) {
  loki_.SetHandler([](const FakeLoki::Push& push) {
    return push.entries.size() > 600 ? Answer(429, "ingestion rate limit exceeded") : Answer(204);
  });
  for (int i = 0; i < 1000; ++i) Append("a.log", std::to_string(i) + std::string(200, '.') + "\n");
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(loki_.lines().size(), 1000u);
  EXPECT_EQ(loki_.duplicates(), 0u);
}

TEST_F(PipelineLokiTest, WhileLokiIsAwayMemoryIsBoundedAndThenAllArrivesInOrder) {
  loki_.GoDown();
  options_.batch_bytes = 20'000;
  Append("a.log", Numbers(0, 30'000));
  Start();
  ASSERT_TRUE(WaitForMetric("requests_total{code=\"error\"}", 5));
  EXPECT_GT(Metric("pending_bytes"), 0);
  EXPECT_LE(Metric("pending_bytes"), 6 * 20'000);
  EXPECT_GT(Metric("oldest_unacked_age_seconds"), 0);
  loki_.ComeBack();
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAreArray(NumberList(0, 30'000)));
  EXPECT_EQ(Metric("oldest_unacked_age_seconds"), 0);
}

TEST_F(PipelineLokiTest, LinesKeepTheTimeTheyWereSeenWhileLokiWasAway) {
  loki_.GoDown();
  options_.batch_bytes = 1;  // each line a batch: two are taken, the others stay in the file
  Start();
  Append("a.log", Numbers(0, 3));
  ASSERT_TRUE(WaitForMetric("requests_total{code=\"error\"}", 2));
  std::int64_t later = RealClock().WallNanos();
  Append("a.log", "later\n");
  loki_.ComeBack();
  ASSERT_TRUE(Flush());
  auto entries = loki_.streams().begin()->second;
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_LT(entries[2].time, later);
  EXPECT_GE(entries[3].time, later);
}

TEST_F(PipelineLokiTest, StopWithoutLokiEndsInTimeAndTheNextStartGoesOn) {
  loki_.GoDown();
  options_.batch_bytes = 5'000;
  Append("a.log", Numbers(0, 10'000) + "unfinished");
  Start();
  ASSERT_TRUE(WaitForMetric("requests_total{code=\"error\"}", 1));
  auto start = std::chrono::steady_clock::now();
  Stop(Millis(300));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(3));
  loki_.ComeBack();
  Append("a.log", " no more\n");
  Start();
  ASSERT_TRUE(Flush());
  auto expected = NumberList(0, 10'000);
  expected.push_back("unfinished no more");
  EXPECT_THAT(loki_.lines(), ElementsAreArray(expected));
}

TEST_F(PipelineLokiTest, StopWhileLokiHangsEndsInTime) {
  loki_.SetDefault(Broken(Then::kHang));
  Append("a.log", "one\n");
  Start();
  ASSERT_TRUE(loki_.WaitForPushes(1));
  auto start = std::chrono::steady_clock::now();
  Stop(Millis(200));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(3));
}

TEST_F(PipelineLokiTest, StopSendsAllThatIsThere) {
  options_.batch_wait = std::chrono::hours(1);
  options_.batch_bytes = 10'000;
  Start();
  Append("a.log", Numbers(0, 10'000));
  Append("b.log", "b\n");
  Stop();
  EXPECT_EQ(loki_.lines().size(), 10'001u);
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(loki_.duplicates(), 0u);
}

TEST_F(PipelineLokiTest, AnotherAddressIsTriedAtOnce) {
  FakeLoki other;
  loki_.GoDown();
  options_.retry_initial = options_.retry_cap = std::chrono::hours(1);
  Append("a.log", "one\n");
  Start();
  ASSERT_TRUE(WaitForMetric("requests_total{code=\"error\"}", 1));
  options_.loki_url = other.url() + "/loki/api/v1/push";
  pipeline_->Reconfigure(sources_, options_);
  ASSERT_TRUE(Flush());
  EXPECT_THAT(other.lines(), ElementsAre("one"));
  EXPECT_EQ(other.pushes()[0].target, "POST /loki/api/v1/push");
}

TEST_F(PipelineLokiTest, WithoutAnAddressNothingIsReadAndNothingLost) {
  std::string url = options_.loki_url;
  Append("a.log", "one\n");
  for (std::string none : {"", "not a url"}) {
    options_.loki_url = none;
    Start();
    EXPECT_FALSE(pipeline_->Flush(Millis(100)));
    EXPECT_EQ(Metric("read_lines_total"), 0);
    Stop();
  }
  options_.loki_url = url;
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAre("one"));
}

TEST_F(PipelineLokiTest, AStreamThatLokiLimitsHoldsUpNoOtherAndArrivesInOrderLater) {
  options_.batch_bytes = 3'000;
  std::atomic<bool> limited = true;
  loki_.SetHandler([&](const FakeLoki::Push& push) {
    const bool slow = HasStream(push, "slow.log");
    return slow && limited ? Answer(429,
                                    "entry with timestamp x ignored, reason: 'Per stream rate "
                                    "limit exceeded (limit: 3MB/sec)")
                           : Answer(204);
  });
  Append("slow.log", Numbers(0, 5'000));
  Start();
  ASSERT_TRUE(WaitForMetric("requests_total{code=\"429\"}", 1));
  Append("fast.log", Numbers(0, 5'000));
  ASSERT_TRUE(WaitForMetric("acked_lines_total", 5'000));
  EXPECT_EQ(loki_.streams().size(), 1u);
  EXPECT_LE(Metric("pending_bytes"), 3 * 3'000);  // the rest is in the file
  limited = false;
  ASSERT_TRUE(Flush());
  auto streams = loki_.streams();
  ASSERT_EQ(streams.size(), 2u);
  for (const auto& [labels, entries] : streams) {
    ASSERT_EQ(entries.size(), 5'000u);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      ASSERT_EQ(entries[i].line, std::to_string(i)) << labels;
    }
  }
  EXPECT_EQ(loki_.duplicates(), 0u);
}

TEST_F(PipelineLokiTest, AStreamThatAloneGetsServerErrorsHoldsUpNoOther) {
  std::atomic<bool> broken = true;
  loki_.SetHandler([&](const FakeLoki::Push& push) {
    return broken && HasStream(push, "bad.log") ? Answer(500) : Answer(204);
  });
  Append("bad.log", "bad\n");
  Start();
  ASSERT_TRUE(WaitForMetric("requests_total{code=\"500\"}", 1));
  for (int i = 0; i < 20; ++i) {
    Append("good.log", Numbers(i, i + 1));
    ASSERT_TRUE(WaitForMetric("acked_lines_total", i + 1));
  }
  broken = false;
  ASSERT_TRUE(Flush());
  EXPECT_EQ(loki_.lines().size(), 21u);
}

TEST_F(PipelineLokiTest, TenantsOfSourcesAreKeptApart) {
  sources_[0].include = {temp_ / "log/a.log"};
  LogSource other = sources_[0];
  other.include = {temp_ / "log/b.log"};
  other.tenant = "team-b";
  sources_.push_back(other);
  options_.tenant = "team-a";
  loki_.SetHandler([&](const FakeLoki::Push& push) {
    return push.tenant == "team-a" ? Answer(429, "ingestion rate limit exceeded") : Answer(204);
  });
  Append("a.log", "a\n");
  Start();
  ASSERT_TRUE(WaitForMetric("requests_total{code=\"429\"}", 1));
  Append("b.log", "b\n");
  ASSERT_TRUE(WaitForMetric("acked_lines_total", 1));
  EXPECT_THAT(loki_.lines(), ElementsAre("b"));
  loki_.SetHandler(nullptr);
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAre("a", "b"));
}

TEST_F(PipelineLokiTest, ABatchOfAFileWhoseOlderOneWaitsIsRememberedAfterACrash) {
  // CRI lines of two streams; stderr is limited, stdout of the next batches arrives before it.
  std::atomic<bool> limited = true;
  loki_.SetHandler([&](const FakeLoki::Push& push) {
    return limited && HasStream(push, "stderr") ? Answer(429, "Per stream rate limit exceeded")
                                                : Answer(204);
  });
  auto lines = [](int from, int to) {
    std::string out;
    for (int i = from; i < to; ++i) {
      out += "2026-11-20T01:02:03.0000" + std::to_string(10'000 + i) + "Z " +
             (i % 2 == 0 ? "stdout" : "stderr") + " F " + std::to_string(i) + "\n";
    }
    return out;
  };
  Append("a.log", lines(0, 10));
  Start();
  ASSERT_TRUE(WaitForMetric("requests_total{code=\"429\"}", 1));
  Append("a.log", lines(10, 20));
  ASSERT_TRUE(loki_.WaitFor([](const auto& pushes) {
    return std::any_of(pushes.begin(), pushes.end(), [](const FakeLoki::Push& push) {
      return push.entries.size() == 5 && push.entries.back().line == "18";
    });
  }));
  Crash();
  limited = false;
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(loki_.lines().size(), 20u);
  EXPECT_GE(Metric("acked_lines_total"), 10);  // the others were stored by the first life
  EXPECT_EQ(Metric("acked_lines_total"), 10 + static_cast<double>(loki_.duplicates()));
}

}  // namespace
}  // namespace telltale
