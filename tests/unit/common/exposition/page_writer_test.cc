// SPDX-License-Identifier: Apache-2.0
#include "common/exposition/page_writer.h"

#include <gtest/gtest.h>

#include "common/exposition/openmetrics_parser.h"
#include "common/exposition/text_parser.h"

namespace telltale {
namespace {

std::string Write(const std::vector<Family>& families, PageStyle style) {
  std::string out;
  PageWriter writer(style, out);
  for (const Family& family : families) {
    writer.Begin({family.name, family.help, family.unit, family.type});
    for (const Metric& metric : family.metrics) writer.Add(metric);
    writer.End();
  }
  writer.Finish();
  return out;
}

std::string Rewrite(std::string_view text, PageStyle style) {
  const auto families = ParseText(text);
  EXPECT_TRUE(families.ok()) << families.error().message;
  return families.ok() ? Write(*families, style) : "";
}

constexpr PageStyle kOpenMetrics{PageFormat::kOpenMetrics, Escaping::kUnderscores};

const char* const kPage =
    "# HELP a_total A \"count\", two\\nlines.\n# TYPE a_total counter\na_total{x=\"\\\"\\\\\\n\"} "
    "3\n"
    "# TYPE h histogram\nh_bucket{le=\"0.00001\"} 1\nh_bucket{le=\"1\"} 2\n"
    "h_bucket{le=\"1000000\"} 3\nh_bucket{le=\"+Inf\"} 4\nh_sum 5.5\nh_count 4\n"
    "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 2\ns_count 3\n"
    "# TYPE u untyped\nu -Inf\n";

TEST(PageWriter, WritesTextThatReadsBackTheSame) {
  std::string expected = kPage;
  expected.replace(expected.find("0.00001"), 7, "1e-05");
  expected.replace(expected.find("1000000"), 7, "1e+06");
  EXPECT_EQ(Rewrite(kPage, {}), expected);
  EXPECT_EQ(Rewrite(expected, {}), expected);
}

TEST(PageWriter, WritesOpenMetrics) {
  EXPECT_EQ(Rewrite(kPage, kOpenMetrics),
            "# HELP a A \\\"count\\\", two\\nlines.\n# TYPE a counter\n"
            "a_total{x=\"\\\"\\\\\\n\"} 3\n"
            "# TYPE h histogram\nh_bucket{le=\"1e-05\"} 1\nh_bucket{le=\"1.0\"} 2\n"
            "h_bucket{le=\"1e+06\"} 3\nh_bucket{le=\"+Inf\"} 4\nh_sum 5.5\nh_count 4\n"
            "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 2\ns_count 3\n"
            "# TYPE u unknown\nu -Inf\n# EOF\n");
  EXPECT_EQ(Rewrite("", kOpenMetrics), "# EOF\n");
}

TEST(PageWriter, DoesNotNameTwoFamiliesAlikeInOpenMetrics) {
  // A counter that does not end in _total, and one whose name without it is taken.
  EXPECT_EQ(
      Rewrite(
          "# TYPE c counter\nc 1\n# TYPE jobs gauge\njobs 1\n# TYPE jobs_a gauge\njobs_a 2\n"
          "# TYPE jobs_total counter\njobs_total 3\n# TYPE jobsx_total counter\njobsx_total 4\n",
          kOpenMetrics),
      "# TYPE c unknown\nc 1\n# TYPE jobs gauge\njobs 1\n# TYPE jobs_a gauge\njobs_a 2\n"
      "# TYPE jobs_total unknown\njobs_total 3\n# TYPE jobsx counter\njobsx_total 4\n# EOF\n");
}

TEST(PageWriter, AddsTheBucketThatEachHistogramNeeds) {
  EXPECT_EQ(
      Rewrite("# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_count 2\n", {}),
      "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 0\nh_count 2\n");
}

TEST(PageWriter, WritesNamesAsTheScraperTakesThem) {
  const char* page =
      "# HELP \"a.b_total\" x\n# TYPE \"a.b_total\" counter\n{\"a.b_total\",\"l.m\"=\"v\",n=\"w\"} "
      "1\n"
      "# TYPE \"h.i\" histogram\n{\"h.i_sum\"} 2\n";
  EXPECT_EQ(Rewrite(page, {PageFormat::kText, Escaping::kAllowUtf8}),
            "# HELP \"a.b_total\" x\n# TYPE \"a.b_total\" counter\n"
            "{\"a.b_total\",\"l.m\"=\"v\",n=\"w\"} 1\n# TYPE \"h.i\" histogram\n"
            "{\"h.i_bucket\",le=\"+Inf\"} 0\n{\"h.i_sum\"} 2\n{\"h.i_count\"} 0\n");
  EXPECT_EQ(Rewrite(page, {PageFormat::kOpenMetrics, Escaping::kAllowUtf8}),
            "# HELP \"a.b\" x\n# TYPE \"a.b\" counter\n"
            "{\"a.b_total\",\"l.m\"=\"v\",n=\"w\"} 1\n# TYPE \"h.i\" histogram\n"
            "{\"h.i_bucket\",le=\"+Inf\"} 0\n{\"h.i_sum\"} 2\n{\"h.i_count\"} 0\n# EOF\n");
  const std::string line =
      "# HELP a_b_total x\n# TYPE a_b_total counter\na_b_total{l_m=\"v\",n=\"w\"} 1\n";
  EXPECT_TRUE(Rewrite(page, {}).starts_with(line)) << Rewrite(page, {});
  EXPECT_TRUE(Rewrite(page, {PageFormat::kText, Escaping::kDots})
                  .find("a_dot_b__total{l_dot_m=\"v\",n=\"w\"} 1\n") != std::string::npos);
  EXPECT_TRUE(Rewrite(page, {PageFormat::kText, Escaping::kValues})
                  .find("U__a_2e_b__total{U__l_2e_m=\"v\",n=\"w\"} 1\n") != std::string::npos);
}

TEST(PageWriter, KeepsUnitsAndExemplarsForOpenMetricsAlone) {
  const std::string page =
      "# HELP t_seconds T.\n# TYPE t_seconds counter\n# UNIT t_seconds seconds\n"
      "t_seconds_total 1 # {id=\"x\"} 0.5 12.25\n# TYPE h histogram\n"
      "h_bucket{le=\"+Inf\"} 2 # {} 1\nh_sum 3\nh_count 2\n# EOF\n";
  const auto families = ParseOpenMetrics(page, 100);
  ASSERT_TRUE(families.ok()) << families.error().message;
  EXPECT_EQ(Write(*families, kOpenMetrics), page);
  EXPECT_EQ(Write(*families, {}),
            "# HELP t_seconds_total T.\n# TYPE t_seconds_total counter\nt_seconds_total 1\n"
            "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n");
}

}  // namespace
}  // namespace telltale
