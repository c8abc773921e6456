// SPDX-License-Identifier: Apache-2.0
#include "sidecar/push/push_handler.h"

#include <gtest/gtest.h>

#include "common/base/files.h"
#include "common/base/log.h"
#include "common/exposition/text_parser.h"
#include "common/net/http/gzip.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

int g_warnings = 0;

class PushHandlerTest : public testing::Test {
 protected:
  PushHandlerTest() { handler_.Configure(PushOptions{}); }

  HttpResponse Send(std::string method, std::string target, std::string body,
                    HttpHeaders headers = {}) {
    HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.body = std::move(body);
    request.headers = std::move(headers);
    request.from_loopback = true;
    const auto response = handler_.Handle(request);
    EXPECT_TRUE(response.has_value()) << request.target;
    return response.value_or(HttpResponse{});
  }
  std::string Answer(std::string method, std::string target, std::string body,
                     HttpHeaders headers = {}) {
    const HttpResponse response =
        Send(std::move(method), std::move(target), std::move(body), std::move(headers));
    return std::to_string(response.status) + " " + response.body;
  }
  bool PageHas(std::string_view text) {
    std::string page;
    PageWriter writer({PageFormat::kText, Escaping::kAllowUtf8}, page);
    handler_.RenderPage(writer);
    return page.find(text) != std::string::npos;
  }

  FakeClock clock_;
  Registry registry_;
  PushHandler handler_{registry_, clock_};
};

TEST_F(PushHandlerTest, TakesTextWhateverItIsCalled) {
  EXPECT_EQ(Answer("POST", "/metrics/job/some_job", "m_x 3.14\n",
                   {{"Content-Type", "application/x-www-form-urlencoded"}}),
            "200 ");
  EXPECT_TRUE(PageHas("m_x{instance=\"\",job=\"some_job\"} 3.14\n"));
  EXPECT_EQ(Answer("PUT", "/metrics/job/j?x=y", "m_y 1\n"), "200 ");
  EXPECT_EQ(Answer("POST", "/metrics/job/j", "m_x 1"),
            "400 text format parsing error in line 1: unexpected end of input stream\n");
  EXPECT_TRUE(
      PageHas("pushgateway_http_requests_total{code=\"200\",handler=\"push\","
              "method=\"post\"} 1\n"));
}

TEST_F(PushHandlerTest, TakesOpenMetricsWithExemplarsAndNamesInQuotes) {
  EXPECT_EQ(
      Answer("POST", "/metrics/job/j",
             "# TYPE a counter\na_total 1 # {id=\"x\"} 2\n{\"b.c\"} 3\n# EOF\n",
             {{"content-type", "application/openmetrics-text; version=1.0.0; charset=utf-8"}}),
      "200 ");
  EXPECT_TRUE(PageHas("# TYPE a_total counter\na_total{instance=\"\",job=\"j\"} 1\n"));
  EXPECT_TRUE(PageHas("{\"b.c\",instance=\"\",job=\"j\"} 3\n"));
}

TEST_F(PushHandlerTest, TakesProtobufIfItSaysSo) {
  std::string body;
  PageWriter writer({PageFormat::kProtobuf, Escaping::kAllowUtf8}, body);
  writer.Begin({"m_x", "H.", {}, MetricType::kGauge});
  writer.AddValue({{"a", "b"}}, 1);
  writer.End();
  const HttpHeaders type{{"Content-Type",
                          "application/vnd.google.protobuf; "
                          "proto=io.prometheus.client.MetricFamily; encoding=delimited"}};
  EXPECT_EQ(Answer("PUT", "/metrics/job/j", body, type), "200 ");
  EXPECT_TRUE(PageHas("m_x{a=\"b\",instance=\"\",job=\"j\"} 1\n"));
  EXPECT_EQ(Answer("PUT", "/metrics/job/j", body).substr(0, 4), "400 ");
  EXPECT_EQ(Answer("PUT", "/metrics/job/j", "m_x 1\n", type), "400 unexpected EOF\n");
}

TEST_F(PushHandlerTest, TakesGzipThatSaysSo) {
  const std::string packed = GzipCompress("m_x 1\n");
  const HttpHeaders gzip{{"Content-Encoding", "gzip"}};
  EXPECT_EQ(Answer("POST", "/metrics/job/j", packed, gzip), "200 ");
  EXPECT_EQ(Answer("POST", "/metrics/job/j", packed).substr(0, 4), "400 ");
  EXPECT_EQ(Answer("POST", "/metrics/job/j", "m_x 1\n", gzip).substr(0, 4), "400 ");
  EXPECT_EQ(Answer("POST", "/metrics/job/j", "m_x 1\n", {{"Content-Encoding", "zstd"}}), "200 ");
  EXPECT_EQ(Answer("POST", "/metrics/job/j", GzipCompress(std::string(3u << 20, '\n')), gzip),
            "413 gzip: the text is larger than 2097152 bytes\n");
}

TEST_F(PushHandlerTest, DeletesAndSaysHowMany) {
  Answer("POST", "/metrics/job/j/instance/a", "m 1\n");
  HttpResponse response = Send("DELETE", "/metrics/job/j", "");
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(*FindHeader(response.headers, "X-Telltale-Groups-Deleted"), "0");
  EXPECT_TRUE(PageHas("m{instance=\"a\",job=\"j\"} 1\n"));
  response = Send("DELETE", "/metrics/job/j/instance/a", "");
  EXPECT_EQ(*FindHeader(response.headers, "X-Telltale-Groups-Deleted"), "1");
  EXPECT_FALSE(PageHas("m{instance"));
}

TEST_F(PushHandlerTest, LeavesOtherPathsAndOtherMethodsAlone) {
  for (const char* target : {"/metrics", "/metricsx/job/j", "/healthz", "/"}) {
    HttpRequest request;
    request.target = target;
    request.from_loopback = true;
    EXPECT_FALSE(handler_.Handle(request).has_value()) << target;
  }
  const HttpResponse response = Send("GET", "/metrics/job/j", "");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(*FindHeader(response.headers, "Allow"), "DELETE, OPTIONS, POST, PUT");
  EXPECT_EQ(Send("PATCH", "/metrics/job/j", "").status, 405);
  EXPECT_EQ(*FindHeader(Send("POST", "/metrics/job/", "").headers, "Location"), "/metrics/job");
  EXPECT_EQ(Answer("GET", "/-/healthy", ""), "200 OK");
  EXPECT_EQ(Answer("GET", "/-/ready", ""), "200 OK");
}

TEST_F(PushHandlerTest, RefusesStrangersSaysSoInTheLogOnceAMinuteAndCounts) {
  g_warnings = 0;
  SetLogSinkForTest([](std::string_view line) {
    if (line.find("pushes are refused") != std::string_view::npos) ++g_warnings;
  });
  for (int i = 0; i < 100; ++i) {
    HttpRequest request;
    request.method = "POST";
    request.target = "/metrics/job/j";
    request.body = "m 1\n";
    const auto response = handler_.Handle(request);
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 403);
    EXPECT_EQ(response->body,
              "pushes are accepted from the pod itself only: send them to 127.0.0.1\n");
  }
  handler_.OnRefused("/metrics/job/j", 413);
  handler_.OnRefused("/other", 413);
  SetLogSinkForTest(nullptr);
  EXPECT_EQ(g_warnings, 2);
  EXPECT_TRUE(PageHas("telltale_push_refused_total{reason=\"not_local\"} 100\n"));
  EXPECT_TRUE(PageHas("telltale_push_refused_total{reason=\"body\"} 1\n"));
  EXPECT_TRUE(PageHas("telltale_push_groups 0\n"));
}

TEST_F(PushHandlerTest, BodiesMayBeLargeOnlyWhereTheyArePushes) {
  HttpRequest head;
  head.target = "/metrics/job/j";
  EXPECT_EQ(handler_.MaxBody(head, 5), 5u);
  head.from_loopback = true;
  EXPECT_EQ(handler_.MaxBody(head, 5), 2u << 20);
  head.target = "/metrics";
  EXPECT_EQ(handler_.MaxBody(head, 5), 5u);
}

TEST_F(PushHandlerTest, KnowsTheFamiliesThatTheFirstPageMakes) {
  Registry registry;
  registry.OnRender([&] { registry.AddGauge("made_by_the_page", "G."); });
  PushHandler handler{registry, clock_};
  handler.Configure(PushOptions{});
  HttpRequest request;
  request.method = "POST";
  request.target = "/metrics/job/j";
  request.body = "made_by_the_page 1\n";
  request.from_loopback = true;
  EXPECT_EQ(handler.Handle(request)->status, 400);
}

TEST_F(PushHandlerTest, AnswersALimitWith429) {
  PushOptions options;
  options.limits.max_groups = 1;
  handler_.Configure(options);
  EXPECT_EQ(Answer("POST", "/metrics/job/a", "m 1\n"), "200 ");
  EXPECT_EQ(Answer("POST", "/metrics/job/b", "m 1\n").substr(0, 28),
            "429 there are 1 groups alrea");
  EXPECT_EQ(Answer("POST", "/metrics/job/a", "m 2\n"), "200 ");
  EXPECT_TRUE(PageHas("telltale_push_refused_total{reason=\"groups\"} 1\n"));
}

TEST_F(PushHandlerTest, KeepsGroupsOverARestart) {
  const TempFolder folder;
  const std::string path = folder.path() + "/pushed";
  handler_.KeepIn(path);
  Answer("POST", "/metrics/job/a", "# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_count 3\n");
  Answer("POST", "/metrics/job/b/l/x", "m{y=\"\\n\"} 1\n");
  handler_.Save();
  Registry registry;
  PushHandler next{registry, clock_};
  next.KeepIn(path);
  next.Configure(PushOptions{});
  std::string before, after;
  PageWriter old_page({}, before), new_page({}, after);
  handler_.RenderPage(old_page);
  next.RenderPage(new_page);
  for (const std::string_view line : Split(before, '\n')) {
    if (line.find("job=") == std::string_view::npos) continue;
    EXPECT_NE(after.find(std::string(line) + "\n"), std::string::npos) << line << after;
  }
}

TEST_F(PushHandlerTest, AFileThatIsDamagedOrOfAnotherTimeIsSaidAndLeft) {
  g_warnings = 0;
  SetLogSinkForTest([](std::string_view line) {
    if (line.find("cannot be read") != std::string_view::npos) ++g_warnings;
  });
  const TempFolder folder;
  const std::string path = folder.path() + "/pushed";
  handler_.KeepIn(path);  // not there is no warning
  EXPECT_EQ(g_warnings, 0);
  ASSERT_TRUE(WriteFileAtomic(path, "something else").ok());
  handler_.KeepIn(path);
  SetLogSinkForTest(nullptr);
  EXPECT_EQ(g_warnings, 1);
  EXPECT_EQ(Answer("POST", "/metrics/job/a", "m 1\n"), "200 ");
  handler_.Save();
  EXPECT_TRUE(ReadPushSnapshot(*ReadFile(path)).ok());
}

TEST_F(PushHandlerTest, FamiliesOfFilesStandOnThePageAlsoWithoutPushes) {
  handler_.ShowFiles([] {
    PushedFamilies files;
    for (const char* name : {"m", "own", "z"}) {
      auto family = std::make_shared<Family>();
      family->metrics.emplace_back().value = 5;
      files.push_back({name, "", "", MetricType::kUntyped, {}, {std::move(family)}});
    }
    return files;
  });
  registry_.AddUntyped("own", "Ours.").Set(7);
  EXPECT_EQ(Answer("POST", "/metrics/job/a", "m 1\n"), "200 ");
  EXPECT_TRUE(PageHas("# TYPE m untyped\nm{instance=\"\",job=\"a\"} 1\nm 5\n"));
  EXPECT_TRUE(PageHas("# TYPE own untyped\nown 7\n# "));
  EXPECT_TRUE(PageHas("telltale_push_hidden_families 1\n"));  // own, of the page before
  handler_.Configure({});
  EXPECT_TRUE(PageHas("# TYPE m untyped\nm 5\n"));
  EXPECT_TRUE(PageHas("# TYPE z untyped\nz 5\n"));
}

TEST_F(PushHandlerTest, IsNotThereWhileItIsOffAndForgetsWhatItHad) {
  Answer("POST", "/metrics/job/a", "m 1\n");
  handler_.Configure({});
  HttpRequest request;
  request.method = "POST";
  request.target = "/metrics/job/a";
  request.from_loopback = true;
  EXPECT_FALSE(handler_.Handle(request).has_value());
  EXPECT_FALSE(PageHas("m{instance"));
  handler_.Configure(PushOptions{});
  EXPECT_FALSE(PageHas("m{instance"));
}

}  // namespace
}  // namespace telltale
