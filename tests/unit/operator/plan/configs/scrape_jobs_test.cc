// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/scrape_jobs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "operator/model/metric_filter.h"
#include "tests/unit/operator/plan/world_file.h"

namespace telltale {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kTemplates =
    "- {\"job_name\":\"f-%FILTER%\",\"metric_relabel_configs\":[\"%RULES%\"]}\n"
    "tls {\"job_name\":\"tls-%FILTER%\",\"metric_relabel_configs\":[{\"x\":1},\"%RULES%\"]}\n";

std::string Target(const std::string& name, const std::string& endpoints,
                   const std::string& more = "") {
  return R"({"metadata":{"name":")" + name + R"(","namespace":"shop"},"spec":{)" + more +
         R"("selector":{"matchAll":true},"metrics":{"endpoints":[)" + endpoints + "]}}}";
}

ScrapeJobsPlan PlanOf(const std::string& targets, std::size_t budget = 1 << 20) {
  const auto file = ParseWorld(R"({"targets":[)" + targets + R"(],"pods":[]})");
  return PlanScrapeJobs(file.world, *ParseScrapeJobTemplates(kTemplates), budget);
}

constexpr auto* kDropsGo = R"({"port":80,"metrics":{"drop":["go_.*","x"],"keep":["a\"b"]}})";
constexpr auto* kDropsGoByTls = R"({"port":81,"class":"tls","metrics":{"drop":["go_.*"]}})";

std::string NameOf(const MetricFilter& filter) { return FilterName(filter); }

TEST(PlanScrapeJobs, EqualFiltersOfOneClassShareAJob) {
  const std::string go = NameOf({{"a\"b"}, {"go_.*", "x"}, {}});
  const std::string tls = NameOf({{}, {"go_.*"}, {}});
  const auto plan =
      PlanOf(Target("one", kDropsGo) + "," +
             Target("two", std::string(kDropsGo) + "," + kDropsGoByTls + R"(,{"port":82})"));
  EXPECT_EQ(plan.text,
            "{\"scrape_configs\":[\n{\"job_name\":\"f-" + go +
                R"x(","metric_relabel_configs":[)x"
                R"x({"source_labels":["__name__"],"regex":"a\"b","action":"keep"},)x"
                R"x({"source_labels":["__name__"],"regex":"(?:go_.*)|(?:x)","action":"drop"}]},)x"
                "\n{\"job_name\":\"tls-" +
                tls +
                R"x(","metric_relabel_configs":[{"x":1},)x"
                R"x({"source_labels":["__name__"],"regex":"go_.*","action":"drop"}]})x"
                "\n]}\n");
}

TEST(PlanScrapeJobs, LabelsAreDroppedByName) {
  EXPECT_THAT(PlanOf(Target("one", R"({"port":80,"metrics":{"dropLabels":["(?<n>u)_id"]}})")).text,
              HasSubstr(R"([{"regex":"(?P<n>u)_id","action":"labeldrop"}])"));
}

TEST(PlanScrapeJobs, WhatIsNotScrapedHasNoJob) {
  const std::string none = "{\"scrape_configs\":[\n]}\n";
  EXPECT_EQ(PlanOf("").text, none);
  EXPECT_EQ(PlanOf(Target("one", kDropsGo, R"("suspend":true,)")).text, none);
  EXPECT_EQ(PlanOf(Target("one", R"({"port":80})")).text, none);
  EXPECT_EQ(PlanOf(Target("one", R"({"port":80,"class":"tsl","metrics":{"drop":["a"]}})")).text,
            none);
}

TEST(PlanScrapeJobs, WhatDoesNotFitIsLeftOutAndNamed) {
  const std::string endpoints = std::string(kDropsGo) + "," + kDropsGoByTls;
  const auto whole = PlanOf(Target("one", endpoints));
  EXPECT_TRUE(whole.left_out.empty());
  EXPECT_EQ(PlanOf(Target("one", endpoints), whole.text.size()).text, whole.text);
  const auto part = PlanOf(Target("one", endpoints), whole.text.size() - 1);
  EXPECT_THAT(part.text, AllOf(HasSubstr("\"f-"), Not(HasSubstr("\"tls-"))));
  EXPECT_EQ(part.left_out, (std::set<std::string>{"tls/" + NameOf({{}, {"go_.*"}, {}})}));
}

TEST(PlanScrapeJobs, AThousandResourcesOfTwentyClassesAndTenFiltersAreTwoHundredJobs) {
  std::string templates, targets;
  for (int i = 0; i < 20; ++i) {
    const std::string name = "c" + std::to_string(i);
    templates += name + " {\"j\":\"" + name + "-%FILTER%\",\"m\":[\"%RULES%\"]}\n";
  }
  for (int i = 0; i < 1000; ++i) {
    targets += (i > 0 ? "," : "") +
               Target("t" + std::to_string(i), R"({"port":80,"class":"c)" + std::to_string(i % 20) +
                                                   R"(","metrics":{"drop":["m)" +
                                                   std::to_string(i / 20 % 10) + R"("]}})");
  }
  const auto file = ParseWorld(R"({"targets":[)" + targets + R"(],"pods":[]})");
  const auto plan = PlanScrapeJobs(file.world, *ParseScrapeJobTemplates(templates), 1 << 20);
  EXPECT_EQ(std::count(plan.text.begin(), plan.text.end(), '\n'), 202);
}

TEST(ParseScrapeJobTemplates, ALineWithoutThePlacesIsRefused) {
  for (const char* bad : {"tls", "tls {}", "tls {\"a\":\"%FILTER%\"}", "tls [\"%RULES%\"]"}) {
    EXPECT_FALSE(ParseScrapeJobTemplates(bad).ok()) << bad;
  }
  EXPECT_EQ(ParseScrapeJobTemplates(kTemplates)->size(), 2u);
}

}  // namespace
}  // namespace telltale
