// SPDX-License-Identifier: Apache-2.0
#include "common/exposition/text_parser.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "common/exposition/metric_text.h"

namespace telltale {
namespace {

// "NAME TYPE help|LABELS AND VALUE" of each metric, a line each; or the error.
std::string Read(std::string_view text, const TextOptions& options = {}) {
  const auto families = ParseText(text, options);
  if (!families) return families.error().message;
  std::string out;
  for (const Family& family : *families) {
    for (const Metric& metric : family.metrics) {
      out += family.name + " " + family.help + "|" + MetricText(metric, family.type);
      if (metric.timestamp_ms) out += "@" + std::to_string(*metric.timestamp_ms);
      out += "\n";
    }
  }
  return out;
}

std::string Problem(std::string_view text) {
  const std::string all = Read(text);
  const std::string_view prefix = "text format parsing error in ";
  return all.starts_with(prefix) ? all.substr(prefix.size()) : "accepted: " + all;
}

TEST(TextParser, ReadsTheSamplesOfEachType) {
  EXPECT_EQ(Read("# HELP c_total Two\\nlines, \\\\ and \"quotes\".\n# TYPE c_total counter\n"
                 "c_total{b=\"2\",a=\"\\\"x\\\\\\n\"} 1e3\nc_total 2 -5\n"
                 "# TYPE g gauge\ng{} -Inf\nu 0.5\n"),
            "c_total Two\nlines, \\ and \"quotes\".|label:<name:\"a\" value:\"\\\"x\\\\\\n\" > "
            "label:<name:\"b\" value:\"2\" > counter:<value:1000 > \n"
            "c_total Two\nlines, \\ and \"quotes\".|counter:<value:2 > @-5\n"
            "g |gauge:<value:-inf > \nu |untyped:<value:0.5 > \n");
}

TEST(TextParser, PutsSamplesOfAHistogramAndASummaryTogetherWhereverTheyStand) {
  EXPECT_EQ(
      Read("# TYPE h histogram\nh_bucket{le=\"1\",x=\"a\"} 1\nh_bucket{x=\"b\",le=\"+Inf\"} 7\n"
           "h_sum{x=\"a\"} 2.5\nh_count{x=\"a\"} 3\nh_sum{x=\"b\"} 4\n"
           "# TYPE s summary\ns{quantile=\"0.5\"} 9\nh_count{x=\"b\"} 7\ns_count 2\ns_sum 8\n"),
      "h |label:<name:\"x\" value:\"a\" > histogram:<sample_count:3 sample_sum:2.5 "
      "bucket:<cumulative_count:1 upper_bound:1 > > \n"
      "h |label:<name:\"x\" value:\"b\" > histogram:<sample_count:7 sample_sum:4 "
      "bucket:<cumulative_count:7 upper_bound:inf > > \n"
      "s |summary:<sample_count:2 sample_sum:8 quantile:<quantile:0.5 value:9 > > \n");
  // Without a TYPE, and where the whole name has a family of its own, they are families.
  EXPECT_EQ(Read("h_sum 1\ng_count 2\n# TYPE g summary\ng_count 3\ng_bucket 4\n"),
            "h_sum |untyped:<value:1 > \ng_count |untyped:<value:2 > \n"
            "g_count |untyped:<value:3 > \ng_bucket |untyped:<value:4 > \n");
  // Says nothing: the sample of a histogram needs a suffix.
  EXPECT_EQ(Read("# TYPE h histogram\nh 1\n"), "h |histogram:<sample_count:0 sample_sum:0 > \n");
}

TEST(TextParser, AcceptsTheFreedomsOfTheFormat) {
  EXPECT_EQ(Read(""), "");
  EXPECT_EQ(Read("\n \n\t# a comment\n#\n# HELP\n# HELP m\n# HELP m \n# TYPE m\n#HELP n x\n  "),
            "");
  EXPECT_EQ(
      Read("\t m\t{ a = \"b\" , c=\"\", }\t1\n"),
      "m |label:<name:\"a\" value:\"b\" > label:<name:\"c\" value:\"\" > untyped:<value:1 > \n");
  EXPECT_EQ(Read("m{a=\"b\"}1\n"), "m |label:<name:\"a\" value:\"b\" > untyped:<value:1 > \n");
  EXPECT_EQ(Read("# TYPE m GAUGE\n# HELP m last\na 1\nm 1\nb 2\nm{x=\"y\"} 2\n"),
            "m last|gauge:<value:1 > \nm last|label:<name:\"x\" value:\"y\" > gauge:<value:2 > \n"
            "a |untyped:<value:1 > \nb |untyped:<value:2 > \n");
  EXPECT_EQ(Read("_:9 1\n"), "_:9 |untyped:<value:1 > \n");
}

TEST(TextParser, ReadsNumbersAsGoDoes) {
  const auto number = [](const std::string& text) {
    const auto families = ParseText("m " + text + "\n");
    return families.ok() ? (*families)[0].metrics[0].value : -12345;
  };
  EXPECT_EQ(number("+5"), 5);
  EXPECT_EQ(number(".5"), 0.5);
  EXPECT_EQ(number("5."), 5);
  EXPECT_EQ(number("-1e-7"), -1e-7);
  EXPECT_EQ(number("1e-400"), 0);
  EXPECT_EQ(number("infinity"), INFINITY);
  EXPECT_EQ(number("-INF"), -INFINITY);
  EXPECT_TRUE(std::isnan(number("nan")));
  for (const char* wrong : {"0x10", "0x1p3", "1_000", "1e400", "--1", "+-1", "-nan", "nan(1)", "e5",
                            ".", "1,5", "inf1", "1\r", "\xC2\xA0"}) {
    EXPECT_EQ(number(wrong), -12345) << wrong;
  }
}

TEST(TextParser, ReadsNamesInQuotes) {
  EXPECT_EQ(
      Read("# HELP \"a.b\" dots\n# TYPE \"a.b\" counter\n{\"a.b\",\"c d\"=\"x\",e=\"y\"} 1\n"),
      "a.b dots|label:<name:\"c d\" value:\"x\" > label:<name:\"e\" value:\"y\" > "
      "counter:<value:1 > \n");
  EXPECT_EQ(Read("{\"h.x_sum\"} 1\n"), "h.x_sum |untyped:<value:1 > \n");
  EXPECT_EQ(Problem("{\"\"} 1\n"), "line 1: invalid name \"\"");
  EXPECT_EQ(Problem("{\"a\xFF\"} 1\n"), "line 1: invalid name \"a\\xff\"");
  EXPECT_EQ(Problem("{a=\"b\"} 1\n"), "line 1: invalid metric name");
  EXPECT_EQ(Problem("{} 1\n"), "line 1: invalid metric name");
  EXPECT_EQ(Problem("m{\"n\"} 1\n"), "line 1: expected '=' after label name, found '}'");
}

// The sentences are those of Debian's prometheus-pushgateway 1.5.1 for the same bodies.
TEST(TextParser, SaysWhatIsWrongAsPrometheusDoes) {
  EXPECT_EQ(Problem("m 1"), "line 1: unexpected end of input stream");
  EXPECT_EQ(Problem("a 1\n# HELP m"), "line 2: unexpected end of input stream");
  EXPECT_EQ(Problem("m 1\r\n"), "line 1: expected float as value, got \"1\\r\"");
  EXPECT_EQ(Problem("\xEF\xBB\xBFm 1\n"), "line 1: invalid metric name");
  EXPECT_EQ(Problem("m\n"), "line 1: expected float as value, got \"\"");
  EXPECT_EQ(Problem("m-x 1\n"), "line 1: expected float as value, got \"-x\"");
  EXPECT_EQ(Problem("9m 1\n"), "line 1: invalid metric name");
  EXPECT_EQ(Problem("m{a=\"b\",,} 1\n"), "line 1: invalid label name for metric \"m\"");
  EXPECT_EQ(Problem("m{a=\"b\" c=\"d\"} 1\n"), "line 1: unexpected end of label value \"b\"");
  EXPECT_EQ(Problem("m{a='b'} 1\n"), "line 1: expected '\"' at start of label value, found '\\''");
  EXPECT_EQ(Problem("m{a} 1\n"), "line 1: expected '=' after label name, found '}'");
  EXPECT_EQ(Problem("m{a=\"b} 1\n"), "line 1: label value \"b} 1\" contains unescaped new-line");
  EXPECT_EQ(Problem("m{a=\"\\q\"} 1\n"), "line 1: invalid escape sequence '\\q'");
  EXPECT_EQ(Problem("m{a=\"b\",a=\"c\"} 1\n"), "line 1: duplicate label names for metric \"m\"");
  EXPECT_EQ(Problem("m{__name__=\"c\"} 1\n"), "line 1: label name \"__name__\" is reserved");
  EXPECT_EQ(Problem("m{a=\"\xFF\"} 1\n"), "line 1: invalid label value \"\\xff\"");
  EXPECT_EQ(Problem("m 1 2 3\n"), "line 1: spurious string after timestamp: \" 3\"");
  EXPECT_EQ(Problem("m 1 # {a=\"b\"} 1\n"), "line 1: expected integer as timestamp, got \"#\"");
  EXPECT_EQ(Problem("m 1 \n"), "line 1: expected integer as timestamp, got \"\"");
  EXPECT_EQ(Problem("# HELP m a\nm 1\n# HELP m b\n"),
            "line 3: second HELP line for metric name \"m\"");
  EXPECT_EQ(Problem("# HELP m a\\q\n"), "line 1: invalid escape sequence '\\q'");
  EXPECT_EQ(Problem("# TYPE m counter x\n"), "line 1: unknown metric type \"counter x\"");
  EXPECT_EQ(Problem("# TYPE 9m counter\n"), "line 1: invalid metric name in comment");
  const std::string twice =
      "second TYPE line for metric name \"m\", or TYPE reported after samples";
  EXPECT_EQ(Problem("m 1\n# TYPE m gauge\n"), "line 2: " + twice);
  EXPECT_EQ(Problem("# TYPE m gauge\n# TYPE m gauge\n"), "line 2: " + twice);
  EXPECT_EQ(Problem("# TYPE h histogram\nh_bucket{le=\"x\"} 1\n"),
            "line 2: expected float as value for 'le' label, got \"x\"");
  EXPECT_EQ(Problem("# TYPE s summary\ns{quantile=\"\"} 1\n"),
            "line 2: expected float as value for 'quantile' label, got \"\"");
}

TEST(TextParser, RefusesNegativeCounts) {
  EXPECT_EQ(Problem("# TYPE h histogram\nh_bucket{le=\"1\"} -1\n"),
            "line 2: expected a count that is not negative for metric \"h_bucket\"");
  EXPECT_EQ(Problem("# TYPE s summary\ns_count NaN\n"),
            "line 2: expected a count that is not negative for metric \"s_count\"");
  EXPECT_EQ(Read("# TYPE h histogram\nh_count 2.5\nh_sum -1\n"),
            "h |histogram:<sample_count:2 sample_sum:-1 > \n");
}

TEST(TextParser, TakesOtherLineEndsAndCountsSamplesIfAsked) {
  EXPECT_EQ(Read("# TYPE m gauge\r\nm 1\r\n\r\n", {.crlf = true}), "m |gauge:<value:1 > \n");
  EXPECT_EQ(Read("m 1\r", {.crlf = true}),
            "text format parsing error in line 1: "
            "unexpected end of input stream");
  const auto many = ParseText("a 1\nb 1\nc 1\n", {.max_samples = 2});
  ASSERT_FALSE(many.ok());
  EXPECT_EQ(many.error().code, Code::kTooLarge);
  EXPECT_EQ(many.error().message, "there are more than 2 samples");
  EXPECT_TRUE(ParseText("a 1\nb 1\n", {.max_samples = 2}).ok());
}

}  // namespace
}  // namespace telltale
