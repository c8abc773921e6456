// SPDX-License-Identifier: Apache-2.0
#include "common/exposition/proto_writer.h"

#include <array>
#include <cmath>

#include "common/base/strings.h"
#include "common/base/utf8.h"
#include "common/exposition/page_writer.h"
#include "common/exposition/proto_fields.h"

namespace telltale::proto {
namespace {

// The number of a type, and of the field of Metric that holds its value.
struct TypeNumbers {
  std::uint32_t type, field;
};
TypeNumbers NumbersOf(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return {0, kCounter};
    case MetricType::kGauge:
      return {1, kGauge};
    case MetricType::kSummary:
      return {2, kSummary};
    case MetricType::kUntyped:
      break;
    case MetricType::kHistogram:
      return {4, kHistogram};
  }
  return {3, kUntyped};
}

// google.protobuf.Timestamp.
std::string Timestamp(double seconds) {
  const double whole = std::floor(seconds);
  std::string out;
  AppendVarintField(1, static_cast<std::uint64_t>(static_cast<std::int64_t>(whole)), out);
  AppendVarintField(2, static_cast<std::uint64_t>((seconds - whole) * 1e9), out);
  return out;
}

std::string ExemplarMessage(const Exemplar& exemplar) {
  std::string out;
  for (const auto& [name, value] : exemplar.labels) AppendLabel(name, value, out);
  AppendDoubleField(2, exemplar.value, out);
  if (exemplar.timestamp) AppendBytesField(3, Timestamp(*exemplar.timestamp), out);
  return out;
}

void AppendBucket(double bound, double count, const Exemplar* exemplar, std::string& out) {
  std::string bucket;
  AppendVarintField(kCumulativeCount, static_cast<std::uint64_t>(count), bucket);
  AppendDoubleField(kUpperBound, bound, bucket);
  if (exemplar != nullptr) AppendBytesField(kBucketExemplar, ExemplarMessage(*exemplar), bucket);
  AppendBytesField(kBucket, bucket, out);
}

void AppendDistribution(const Metric& metric, bool histogram, std::string& out) {
  const Distribution& distribution = *metric.distribution;
  AppendVarintField(kSampleCount, static_cast<std::uint64_t>(distribution.count), out);
  AppendDoubleField(kSampleSum, distribution.sum, out);
  for (const Bucket& bucket : distribution.buckets) {
    if (histogram) {
      AppendBucket(bucket.bound, bucket.value, bucket.exemplar.get(), out);
      continue;
    }
    std::string quantile;
    AppendDoubleField(1, bucket.bound, quantile);
    AppendDoubleField(2, bucket.value, quantile);
    AppendBytesField(3, quantile, out);
  }
  out += distribution.native;
  if (metric.created) {
    AppendBytesField(histogram ? std::uint32_t{kHistogramCreated} : kSummaryCreated,
                     Timestamp(*metric.created), out);
  }
}

}  // namespace

void AppendFamilyHead(const FamilyHead& head, std::string& family) {
  AppendBytesField(kName, head.name, family);
  if (!head.help.empty()) AppendBytesField(kHelp, head.help, family);
  AppendVarintField(kType, NumbersOf(head.type).type, family);
  if (!head.unit.empty()) AppendBytesField(kUnit, head.unit, family);
}

void AppendLabel(std::string_view name, std::string_view value, std::string& metric) {
  std::string valid;
  if (!IsUtf8(value)) {  // a decoder refuses the whole page for one bad byte
    AppendValidUtf8(value, valid);
    value = valid;
  }
  // Appended at once: a label has no message of its own in memory.
  const std::size_t size =
      2 + VarintSize(name.size()) + name.size() + VarintSize(value.size()) + value.size();
  AppendTag(kLabel, kBytes, metric);
  AppendVarint(metric, size);
  AppendBytesField(1, name, metric);
  AppendBytesField(2, value, metric);
}

void AppendNumber(double value, std::string& out) { AppendDoubleField(kValue, value, out); }

void AppendValue(const Metric& metric, MetricType type, std::string& out) {
  if (metric.distribution != nullptr) {
    return AppendDistribution(metric, type == MetricType::kHistogram, out);
  }
  AppendNumber(metric.value, out);
  if (type != MetricType::kCounter) return;
  if (metric.exemplar) AppendBytesField(kExemplar, ExemplarMessage(*metric.exemplar), out);
  if (metric.created) AppendBytesField(kCounterCreated, Timestamp(*metric.created), out);
}

void AppendHistogram(std::span<const double> bounds, std::span<const std::uint64_t> cumulative,
                     double sum, std::string& out) {
  AppendVarintField(kSampleCount, cumulative.back(), out);
  AppendDoubleField(kSampleSum, sum, out);
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    AppendBucket(bounds[i], static_cast<double>(cumulative[i]), nullptr, out);
  }
}

void AppendValueMessage(MetricType type, std::string_view value, std::string& metric) {
  AppendBytesField(NumbersOf(type).field, value, metric);
}

void AppendMetric(std::string_view metric, std::string& family) {
  AppendBytesField(kMetric, metric, family);
}

void AppendFamily(std::string_view family, std::string& out) {
  AppendVarint(out, family.size());
  out += family;
}

}  // namespace telltale::proto
