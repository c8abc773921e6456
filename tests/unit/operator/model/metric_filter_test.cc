// SPDX-License-Identifier: Apache-2.0
#include "operator/model/metric_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "operator/model/decode.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;

std::string ErrorOf(const std::string& json, MetricFilter& out) {
  JsonParser parser;
  const Status read =
      parser.Parse(json, [&](JsonValue root) { return DecodeMetricFilter(root, out); });
  return read.ok() ? "" : decode::Rooted("T", read).error().message;
}

std::string ErrorOf(const std::string& json) {
  MetricFilter filter;
  return ErrorOf(json, filter);
}

TEST(DecodeMetricFilter, TakesPatternsOfMetricsAndOfLabels) {
  MetricFilter filter;
  EXPECT_EQ(ErrorOf(R"({"keep":["shop_.*","up"],"drop":["go_.*"],"dropLabels":[".*_id"]})", filter),
            "");
  EXPECT_EQ(filter.keep, (std::vector<std::string>{"shop_.*", "up"}));
  EXPECT_EQ(filter.drop, (std::vector<std::string>{"go_.*"}));
  EXPECT_EQ(filter.drop_labels, (std::vector<std::string>{".*_id"}));
}

TEST(DecodeMetricFilter, WhatPrometheusWouldNotCompileIsRefused) {
  for (const char* bad : {R"("(a")", R"("(?=a)b")", R"("a\\C")", R"("")", R"("*")", R"("a{1001}")",
                          R"("a)(b")", R"("\\Qa")"}) {
    for (const char* list : {"keep", "drop", "dropLabels"}) {
      const std::string json = std::string("{\"") + list + "\":[\"x\"," + bad + "]}";
      EXPECT_THAT(ErrorOf(json), HasSubstr(std::string(list) + "[1]: ")) << json;
    }
  }
  EXPECT_EQ(ErrorOf(R"({"keep":["(a"]})"),
            "keep[0]: must be an RE2 regular expression: missing ): (a");
  EXPECT_THAT(ErrorOf(R"({"drop":[")" + std::string(257, 'a') + R"("]})"),
              HasSubstr("must have at most 256 bytes"));
  std::string large, many;
  for (char first = 'a'; first < 'm'; ++first) {
    large.append(large.empty() ? "\"" : ",\"").append(1, first).append(R"(\\pL{100}")");
  }
  for (int i = 0; i < 33; ++i) many.append(many.empty() ? "" : ",").append("\"a\"");
  EXPECT_THAT(ErrorOf(R"({"drop":[)" + large + "]}"), HasSubstr("too large together"));
  EXPECT_THAT(ErrorOf(R"({"drop":[)" + many + "]}"), HasSubstr("must have at most 32 patterns"));
}

TEST(DecodeMetricFilter, ALabelThatTellsSamplesApartIsNotDropped) {
  for (const std::string pattern :
       {"pod", ".*", "l.", "__.*__", "instance|x", "telltale_.*", "job"}) {
    EXPECT_THAT(ErrorOf(R"({"dropLabels":[")" + pattern + "\"]}"),
                HasSubstr("has the pattern " + pattern + ", which drops the label "));
  }
  for (const std::string pattern : {"pods", "po", "job_id", "user_.*", "namespaces?_"}) {
    EXPECT_EQ(ErrorOf(R"({"dropLabels":[")" + pattern + "\"]}"), "") << pattern;
  }
}

TEST(FilterName, IsTheSameForEqualFiltersOnly) {
  std::set<std::string> names;
  const std::vector<MetricFilter> different = {
      {{"a"}, {}, {}},  {{}, {"a"}, {}},    {{}, {}, {"a"}},   {{"a", "b"}, {}, {}},
      {{"ab"}, {}, {}}, {{"a"}, {"b"}, {}}, {{"a"}, {}, {"b"}}};
  for (const MetricFilter& filter : different) {
    EXPECT_TRUE(IsFilterName(FilterName(filter)));
    EXPECT_EQ(FilterName(filter), FilterName(MetricFilter(filter)));
    names.insert(FilterName(filter));
  }
  EXPECT_EQ(names.size(), different.size());
  EXPECT_FALSE(IsFilterName("abc"));
  EXPECT_FALSE(IsFilterName(std::string(31, 'a') + "/"));
}

}  // namespace
}  // namespace telltale
