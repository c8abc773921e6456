// SPDX-License-Identifier: Apache-2.0
#include "common/exposition/openmetrics_parser.h"

#include <gtest/gtest.h>

#include "common/exposition/metric_text.h"

namespace telltale {
namespace {

std::string Read(const std::string& text, std::size_t max_samples = 100) {
  const auto families = ParseOpenMetrics(text, max_samples);
  if (!families) return families.error().message;
  std::string out;
  for (const Family& family : *families) {
    out += family.name + "[" + family.unit + "] " + family.help + "|";
    for (const Metric& metric : family.metrics) out += MetricText(metric, family.type);
    out += "\n";
  }
  return out;
}

std::string Problem(const std::string& text) {
  const std::string all = Read(text + "# EOF\n");
  const std::string_view prefix = "OpenMetrics parsing error in ";
  return all.starts_with(prefix) ? all.substr(prefix.size()) : "accepted: " + all;
}

TEST(OpenMetricsParser, NamesFamiliesAsPrometheusDoes) {
  EXPECT_EQ(Read("# TYPE a counter\n# HELP a Help \\\"it\\\".\na_total{x=\"y\"} 1\na_created 9\n"
                 "# TYPE b_seconds gauge\n# UNIT b_seconds seconds\nb_seconds 2\n"
                 "# TYPE c info\nc_info{v=\"1\"} 1\n# TYPE d stateset\nd{d=\"on\"} 1\n"
                 "# TYPE e unknown\ne 3\nno_metadata 4\n# EOF\n"),
            "a_total[] Help \"it\".|label:<name:\"x\" value:\"y\" > counter:<value:1 > \n"
            "b_seconds[seconds] |gauge:<value:2 > \n"
            "c_info[] |label:<name:\"v\" value:\"1\" > gauge:<value:1 > \n"
            "d[] |label:<name:\"d\" value:\"on\" > gauge:<value:1 > \n"
            "e[] |untyped:<value:3 > \nno_metadata[] |untyped:<value:4 > \n");
  EXPECT_EQ(
      Read("# TYPE g gaugehistogram\ng_bucket{le=\"+Inf\"} 4\ng_gcount 4\ng_gsum -1\n# EOF\n"),
      "g_bucket[] |label:<name:\"le\" value:\"+Inf\" > gauge:<value:4 > \n"
      "g_gcount[] |gauge:<value:4 > \ng_gsum[] |gauge:<value:-1 > \n");
}

TEST(OpenMetricsParser, KeepsExemplarsOfCountersAndBuckets) {
  const auto families = ParseOpenMetrics(
      "# TYPE a counter\na_total 1 # {trace_id=\"x\"} 0.5 123.25\n"
      "# TYPE h histogram\nh_bucket{le=\"1.0\"} 1 # {} 0.25\nh_bucket{le=\"+Inf\"} 2\nh_count 2\n"
      "h_sum 3\nh_created 5\n# TYPE s summary\ns{quantile=\"0.5\"} -7\ns_count 1\ns_sum 2\n# EOF",
      100);
  ASSERT_TRUE(families.ok()) << families.error().message;
  const Exemplar& of_counter = *(*families)[0].metrics[0].exemplar;
  EXPECT_EQ(of_counter.labels, (Labels{{"trace_id", "x"}}));
  EXPECT_EQ(of_counter.value, 0.5);
  EXPECT_EQ(of_counter.timestamp, 123.25);
  const Distribution& histogram = *(*families)[1].metrics[0].distribution;
  EXPECT_EQ(histogram.count, 2);
  EXPECT_EQ(histogram.buckets[0].exemplar->value, 0.25);
  EXPECT_EQ(histogram.buckets[1].exemplar, nullptr);
  EXPECT_EQ((*families)[2].metrics[0].distribution->buckets[0].value, -7);
}

TEST(OpenMetricsParser, SaysWhatIsWrong) {
  EXPECT_EQ(Read("a 1\n"), "OpenMetrics parsing error in line 1: the text does not end with # EOF");
  EXPECT_EQ(Read(""), "OpenMetrics parsing error in line 0: the text does not end with # EOF");
  EXPECT_EQ(Read("a 1"), "OpenMetrics parsing error in line 1: unexpected end of input stream");
  EXPECT_EQ(Read("# EOF\na 1\n"), "OpenMetrics parsing error in line 2: there is text after # EOF");
  EXPECT_EQ(Problem("# TYPE a counter\na 1\n"),
            "line 2: a sample \"a\" does not belong to a counter");
  EXPECT_EQ(Problem("# TYPE a untyped\n"), "line 1: unknown metric type \"untyped\"");
  EXPECT_EQ(Problem("# TYPE a gauge\n# TYPE a gauge\n"),
            "line 2: second TYPE line for metric name \"a\", or after its samples");
  EXPECT_EQ(Problem("a 1\n# TYPE a gauge\n"),
            "line 2: second TYPE line for metric name \"a\", or after its samples");
  EXPECT_EQ(Problem("# something\n"), "line 1: a comment must be TYPE, HELP, UNIT or EOF");
  EXPECT_EQ(Problem("a 1 123\n"), "line 1: timestamps are not accepted, got \"123\"");
  EXPECT_EQ(Problem("a 1 # 5\n"), "line 1: expected '{' after '#', found '5'");
  EXPECT_EQ(Problem("a 1 # {} x\n"), "line 1: expected float as value of an exemplar, got \"x\"");
  EXPECT_EQ(Problem("a 1 # {} 1 NaN\n"),
            "line 1: expected float as timestamp of an exemplar, got \"NaN\"");
  EXPECT_EQ(Problem("a 1 # {} 1 2 3\n"), "line 1: spurious string after exemplar: \"3\"");
  EXPECT_EQ(Problem("# TYPE h histogram\nh_count -1\n"),
            "line 2: expected a count that is not negative for metric \"h_count\"");
  EXPECT_EQ(Read("a 1\nb 1\n# EOF\n", 1), "there are more than 1 samples");
}

}  // namespace
}  // namespace telltale
