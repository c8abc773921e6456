// SPDX-License-Identifier: Apache-2.0
#include "common/exposition/consistency.h"

#include <gtest/gtest.h>

#include "common/exposition/text_parser.h"

namespace telltale {
namespace {

// The problems of the texts on one page, one a line.
std::string Problems(std::initializer_list<const char*> texts) {
  PageCheck check;
  std::vector<std::string> problems;
  for (const char* text : texts) {
    const auto families = ParseText(text);
    EXPECT_TRUE(families.ok()) << families.error().message;
    for (const Family& family : *families) check.Add(family, problems);
  }
  std::string out;
  for (const std::string& problem : problems) out += problem + "\n";
  return out;
}

// The sentences are those of Debian's prometheus-pushgateway 1.5.1.
TEST(Consistency, FindsTheSameSeriesTwice) {
  EXPECT_EQ(Problems({"m{a=\"1\",b=\"2\"} 1\nm{a=\"2\"} 1\n", "m{a=\"1\"} 1\n"}), "");
  EXPECT_EQ(
      Problems({"m{a=\"\\n\xC3\xA9\",b=\"2\"} 1\nm{b=\"2\",a=\"\\n\xC3\xA9\"} +Inf\n"}),
      "collected metric \"m\" { label:<name:\"a\" value:\"\\n\\303\\251\" > label:<name:\"b\" "
      "value:\"2\" > untyped:<value:inf > } was collected before with the same name and label "
      "values\n");
  EXPECT_EQ(Problems({"m 1\nm 1234567.25\nm NaN\n"}),
            "collected metric \"m\" { untyped:<value:1.23456725e+06 > } was collected before with "
            "the same name and label values\n"
            "collected metric \"m\" { untyped:<value:nan > } was collected before with the same "
            "name and label values\n");
  // Names and values that only look the same when they are written one behind the other.
  EXPECT_EQ(Problems({"m{a=\"1b2\"} 1\nm{a=\"1\",b=\"2\"} 1\nm{a=\"\",b=\"\"} 1\nm{ab=\"\"} 1\n"}),
            "");
}

TEST(Consistency, FindsTwoTypesOfOneFamily) {
  EXPECT_EQ(
      Problems({"# TYPE m counter\nm 1\n", "# TYPE m gauge\nm{a=\"1\"} 1.5\n"}),
      "collected metric \"m\" { label:<name:\"a\" value:\"1\" > gauge:<value:1.5 > } is not a "
      "COUNTER\n");
  EXPECT_EQ(Problems({"# HELP m one\n# TYPE m gauge\nm 1\n", "# TYPE m gauge\nm{a=\"1\"} 2\n"}),
            "");
}

TEST(Consistency, FindsFamiliesThatTakeTheNamesOfSamples) {
  const char* histogram = "# TYPE h histogram\nh_count 1\n";
  const char* summary = "# TYPE h summary\nh_count 1\n";
  EXPECT_EQ(Problems({histogram, "h_count 1\n"}),
            "collected metric named \"h_count\" collides with previously collected histogram named "
            "\"h\"\n");
  EXPECT_EQ(Problems({summary, "h_sum 1\n"}),
            "collected metric named \"h_sum\" collides with previously collected summary named "
            "\"h\"\n");
  EXPECT_EQ(Problems({summary, "h_bucket 1\n"}), "");
  EXPECT_EQ(Problems({"h_count 1\n", histogram}),
            "collected histogram or summary named \"h\" collides with previously collected metric "
            "named \"h_count\"\n");
  EXPECT_EQ(Problems({"h_bucket 1\n", histogram}),
            "collected histogram named \"h\" collides with previously collected metric named "
            "\"h_bucket\"\n");
  EXPECT_EQ(Problems({"# TYPE h gauge\nh 1\nh_count 1\n"}), "");
}

TEST(Consistency, FindsNamesThatAreOneForOldScrapers) {
  EXPECT_EQ(Problems({"{\"a.b\"} 1\n", "a_b 1\n"}),
            "collected metric named \"a_b\" collides with previously collected metric named "
            "\"a.b\": both are a_b for scrapers without UTF-8 names\n");
  EXPECT_EQ(Problems({"{\"a.b\"} 1\n", "{\"a.b\",x=\"1\"} 1\n"}), "");
  EXPECT_EQ(Problems({"m{\"l.m\"=\"1\"} 1\nm{l_m=\"1\"} 1\n"}),
            "collected metric \"m\" { label:<name:\"l_m\" value:\"1\" > untyped:<value:1 > } was "
            "collected before with the same name and label values\n");
  EXPECT_EQ(Problems({"m{\"l.m\"=\"1\",l_m=\"2\"} 1\n"}),
            "collected metric \"m\" { label:<name:\"l.m\" value:\"1\" > label:<name:\"l_m\" "
            "value:\"2\" > untyped:<value:1 > } has two labels that are one for scrapers without "
            "UTF-8 names\n");
}

TEST(Consistency, FindsABucketTwice) {
  EXPECT_EQ(Problems({"# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"1.0\"} 2\n"}),
            "collected metric \"h\" { histogram:<sample_count:0 sample_sum:0 bucket:<"
            "cumulative_count:1 upper_bound:1 > bucket:<cumulative_count:2 upper_bound:1 > > } has "
            "a bucket or quantile twice\n");
}

}  // namespace
}  // namespace telltale
