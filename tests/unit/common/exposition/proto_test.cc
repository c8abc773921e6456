// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "common/exposition/metric_text.h"
#include "common/exposition/page_writer.h"
#include "common/exposition/proto_fields.h"
#include "common/exposition/proto_parser.h"
#include "common/exposition/text_parser.h"

namespace telltale {
namespace {

std::string Write(const std::vector<Family>& families) {
  std::string out;
  PageWriter writer({PageFormat::kProtobuf, Escaping::kAllowUtf8}, out);
  for (const Family& family : families) {
    writer.Begin({family.name, family.help, family.unit, family.type});
    for (const Metric& metric : family.metrics) writer.Add(metric);
    writer.End();
  }
  writer.Finish();
  return out;
}

std::string Read(std::string_view body, std::size_t max_samples = 100) {
  const auto families = ParseProto(body, max_samples);
  if (!families) return families.error().message;
  std::string out;
  for (const Family& family : *families) {
    out += family.name + " " + family.help + "|";
    for (const Metric& metric : family.metrics) {
      out += MetricText(metric, family.type);
      if (metric.timestamp_ms) out += "@" + std::to_string(*metric.timestamp_ms);
    }
    out += "\n";
  }
  return out;
}

std::string Sized(const std::string& message) {
  std::string out;
  AppendVarint(out, message.size());
  return out + message;
}

// A family `h` with one histogram of these fields.
std::string HistogramFamily(const std::string& fields) {
  std::string metric, family;
  proto::AppendBytesField(proto::kHistogram, fields, metric);
  proto::AppendBytesField(proto::kName, "h", family);
  proto::AppendVarintField(proto::kType, 4, family);
  proto::AppendBytesField(proto::kMetric, metric, family);
  return Sized(family);
}

std::string Native(int schema, unsigned span, const std::vector<int>& deltas, unsigned count) {
  const auto zigzag = [](int n) { return static_cast<std::uint64_t>(n < 0 ? -2 * n - 1 : 2 * n); };
  std::string fields, spans, packed;
  proto::AppendVarintField(proto::kSampleCount, count, fields);
  proto::AppendVarintField(proto::kSchema, zigzag(schema), fields);
  proto::AppendVarintField(1, zigzag(0), spans);
  proto::AppendVarintField(2, span, spans);
  proto::AppendBytesField(proto::kPositiveSpan, spans, fields);
  for (const int delta : deltas) AppendVarint(packed, zigzag(delta));
  proto::AppendBytesField(proto::kPositiveDelta, packed, fields);
  return fields;
}

TEST(Proto, WritesTheBytesOfTheMessage) {
  const auto families = ParseText("# HELP m H\n# TYPE m gauge\nm{a=\"b\"} 1\n");
  EXPECT_EQ(Write(*families), std::string("\x1D\x0A\x01m\x12\x01H\x18\x01\x22\x13\x0A\x06\x0A\x01"
                                          "a\x12\x01"
                                          "b\x12\x09\x09\0\0\0\0\0\0\xF0\x3F",
                                          30));
}

TEST(Proto, ReadsBackWhatItWrites) {
  const auto families = ParseText(
      "# HELP c_total help\n# TYPE c_total counter\nc_total{x=\"\xC3\xA9\"} 3\nc_total 0.5\n"
      "# TYPE g gauge\ng NaN\n{\"u.v\",\"l m\"=\"\"} -Inf\n# TYPE h histogram\n"
      "h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 3\nh_sum 2.5\nh_count 3\n"
      "# TYPE s summary\ns{quantile=\"0.9\",x=\"y\"} 4\ns_sum{x=\"y\"} 5\ns_count{x=\"y\"} 6\n");
  ASSERT_TRUE(families.ok()) << families.error().message;
  EXPECT_EQ(
      Read(Write(*families)),
      "c_total help|label:<name:\"x\" value:\"\\303\\251\" > counter:<value:3 > "
      "counter:<value:0.5 > \ng |gauge:<value:nan > \n"
      "u.v |label:<name:\"l m\" value:\"\" > untyped:<value:-inf > \n"
      "h |histogram:<sample_count:3 sample_sum:2.5 bucket:<cumulative_count:1 upper_bound:1 > "
      "bucket:<cumulative_count:3 upper_bound:inf > > \n"
      "s |label:<name:\"x\" value:\"y\" > summary:<sample_count:6 sample_sum:5 "
      "quantile:<quantile:0.9 value:4 > > \n");
  EXPECT_EQ(Read(""), "");
}

TEST(Proto, RefusesWhatIsCutOffOrText) {
  const std::string body = Write(*ParseText("# TYPE m gauge\nm{a=\"b\"} 1\nn 2\n"));
  ASSERT_EQ(Read(body),
            "m |label:<name:\"a\" value:\"b\" > gauge:<value:1 > \nn |untyped:<value:2 > \n");
  const std::size_t first = static_cast<unsigned char>(body[0]) + 1u;
  for (std::size_t size = 1; size < body.size(); ++size) {
    if (size == first) continue;
    EXPECT_EQ(Read(body.substr(0, size)), "unexpected EOF") << size;
  }
  EXPECT_EQ(Read("m_x 1\n"), "unexpected EOF");
}

TEST(Proto, KeepsANativeHistogramAsItCame) {
  const std::string body = HistogramFamily(Native(3, 2, {1, 1}, 3));
  const auto families = ParseProto(body, 100);
  ASSERT_TRUE(families.ok()) << families.error().message;
  const Distribution& histogram = *(*families)[0].metrics[0].distribution;
  EXPECT_EQ(histogram.count, 3);
  EXPECT_FALSE(histogram.native.empty());
  const std::string again = Write(*families);
  EXPECT_NE(again.find(histogram.native), std::string::npos);
  EXPECT_EQ((*ParseProto(again, 100))[0].metrics[0].distribution->native, histogram.native);
}

// Prometheus would refuse a whole page for each of them.
TEST(Proto, RefusesNativeHistogramsThatContradictThemselves) {
  EXPECT_EQ(Read(HistogramFamily(Native(9, 1, {1}, 1))),
            "metric \"h\": the schema of a native histogram must be -4 to 8, but is 9");
  EXPECT_EQ(Read(HistogramFamily(Native(0, 2, {1}, 1))),
            "metric \"h\": the spans of a native histogram do not fit its buckets");
  EXPECT_EQ(Read(HistogramFamily(Native(0, 2, {1, -2}, 1))),
            "metric \"h\": a bucket of a native histogram has a negative count");
  EXPECT_EQ(Read(HistogramFamily(Native(0, 2, {2, 1}, 4))),
            "metric \"h\": the buckets of a native histogram hold more than its count");
  EXPECT_EQ(Read(HistogramFamily(Native(0, 4'000'000'000, {}, 4))),
            "metric \"h\": a native histogram has too many buckets");
  std::string floats;
  proto::AppendDoubleField(proto::kSampleCountFloat, 2, floats);
  EXPECT_EQ(Read(HistogramFamily(floats)), "metric \"h\": histograms of floats are not accepted");
  EXPECT_EQ(Read(HistogramFamily(Native(0, 50, std::vector<int>(50, 0), 4)), 40),
            "there are more than 40 samples");
}

TEST(Proto, RefusesNamesAndLabelsThatAreNone) {
  const auto body = [](const std::string& name, const Labels& labels, unsigned type = 1) {
    std::string metric, family;
    for (const auto& [label, value] : labels) {
      std::string pair;
      proto::AppendBytesField(1, label, pair);
      proto::AppendBytesField(2, value, pair);
      proto::AppendBytesField(proto::kLabel, pair, metric);
    }
    proto::AppendBytesField(proto::kGauge, "", metric);
    proto::AppendBytesField(proto::kName, name, family);
    proto::AppendVarintField(proto::kType, type, family);
    proto::AppendBytesField(proto::kMetric, metric, family);
    return Sized(family);
  };
  EXPECT_EQ(
      Read(body("m", {{"b", "1"}, {"a", "2"}})),
      "m |label:<name:\"a\" value:\"2\" > label:<name:\"b\" value:\"1\" > gauge:<value:0 > \n");
  EXPECT_EQ(Read(body("", {})), "metric \"\": the name is invalid");
  EXPECT_EQ(Read(body("\xFF", {})), "metric \"\\xff\": the name is invalid");
  EXPECT_EQ(Read(body("m", {{"a", "1"}, {"a", "2"}})), "metric \"m\": duplicate label \"a\"");
  EXPECT_EQ(Read(body("m", {{"", "1"}})), "metric \"m\": invalid label name \"\"");
  EXPECT_EQ(Read(body("m", {{"a", "\xFF"}})), "metric \"m\": invalid label value \"\\xff\"");
  EXPECT_EQ(Read(body("m", {{"__name__", "x"}})),
            "metric \"m\": label name \"__name__\" is reserved");
  EXPECT_EQ(Read(body("m", {}, 0)), "metric \"m\": a metric has no counter");
  EXPECT_EQ(Read(body("m", {}, 5)), "metric \"m\": unknown metric type 5");
  EXPECT_EQ(Read(body("m", {}) + body("n", {}) + body("m", {{"a", "1"}})),
            "m |gauge:<value:0 > label:<name:\"a\" value:\"1\" > gauge:<value:0 > \n"
            "n |gauge:<value:0 > \n");
}

}  // namespace
}  // namespace telltale
