// SPDX-License-Identifier: Apache-2.0
#include "common/exposition/proto_parser.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "common/base/utf8.h"
#include "common/exposition/consistency.h"
#include "common/exposition/go_text.h"
#include "common/exposition/native_histogram.h"
#include "common/exposition/proto_fields.h"

namespace telltale {
namespace {

using proto::Field;
using proto::TakeField;

constexpr std::string_view kCut = "unexpected EOF";  // as Go's decoder says

Error Damaged() { return Fail(Code::kInvalid, std::string(kCut)); }

double Timestamp(std::string_view message) {
  double seconds = 0;
  for (Field field; TakeField(message, field);) {
    if (field.number == 1) seconds += static_cast<double>(static_cast<std::int64_t>(field.bits));
    if (field.number == 2) seconds += static_cast<double>(field.bits) / 1e9;
  }
  return seconds;
}

class Parser {
 public:
  explicit Parser(std::size_t max_samples) : max_samples_(max_samples) {}

  Result<std::vector<Family>> Parse(std::string_view body) {
    while (!body.empty()) {
      std::string_view message;
      if (!TakeBytes(body, message)) return Damaged();
      TELLTALE_TRY(ReadFamily(message));
    }
    return std::move(families_);
  }

 private:
  Error Wrong(const std::string& what) const {
    return Fail(Code::kInvalid, "metric " + GoQuoted(family_.name) + ": " + what);
  }
  Status CountSample() {
    if (++samples_ <= max_samples_) return {};
    return Fail(Code::kTooLarge,
                "there are more than " + std::to_string(max_samples_) + " samples");
  }

  Status ReadFamily(std::string_view message);
  Status Keep();
  Status ReadMetric(std::string_view message);
  Status ReadLabel(std::string_view message, Labels& labels) const;
  Status CheckLabels(Labels& labels) const;
  Status ReadNumber(std::string_view message, Metric& metric);
  Status ReadSummary(std::string_view message, Metric& metric);
  Status ReadHistogram(std::string_view message, Metric& metric);
  Status ReadBucket(std::string_view message, Distribution& distribution);
  Status ReadExemplar(std::string_view message, std::unique_ptr<const Exemplar>& out) const;

  const std::size_t max_samples_;
  std::size_t samples_ = 0;
  Family family_;  // that is being read
  std::vector<Family> families_;
  std::unordered_map<std::string, std::size_t> by_name_;
};

std::optional<MetricType> TypeOf(std::uint64_t number) {
  constexpr MetricType kTypes[] = {MetricType::kCounter, MetricType::kGauge, MetricType::kSummary,
                                   MetricType::kUntyped, MetricType::kHistogram};
  if (number >= std::size(kTypes)) return {};
  return kTypes[number];
}

Status Parser::ReadFamily(std::string_view message) {
  family_ = {};
  family_.type = MetricType::kCounter;
  std::vector<std::string_view> metrics;  // read when the type is known
  Field field;
  while (TakeField(message, field)) {
    if (field.number == proto::kName) family_.name = field.bytes;
    if (field.number == proto::kHelp) family_.help = field.bytes;
    if (field.number == proto::kUnit) family_.unit = field.bytes;
    if (field.number == proto::kMetric) metrics.push_back(field.bytes);
    if (field.number != proto::kType) continue;
    const auto type = TypeOf(field.bits);
    if (!type) return Wrong("unknown metric type " + std::to_string(field.bits));
    family_.type = *type;
  }
  if (!message.empty()) return Damaged();
  if (family_.name.empty() || !IsUtf8(family_.name)) return Wrong("the name is invalid");
  if (!IsUtf8(family_.help) || !IsUtf8(family_.unit)) return Wrong("the help is no UTF-8");
  for (const std::string_view metric : metrics) TELLTALE_TRY(ReadMetric(metric));
  return Keep();
}

Status Parser::Keep() {
  if (family_.metrics.empty()) return {};
  const auto [at, is_new] = by_name_.emplace(family_.name, families_.size());
  if (is_new) {
    families_.push_back(std::move(family_));
    return {};
  }
  Family& known = families_[at->second];
  if (known.type != family_.type) return Wrong("there are two families of this name");
  std::move(family_.metrics.begin(), family_.metrics.end(), std::back_inserter(known.metrics));
  return {};
}

Status Parser::ReadLabel(std::string_view message, Labels& labels) const {
  std::string_view name, value;
  Field field;
  while (TakeField(message, field)) {
    if (field.number == 1) name = field.bytes;
    if (field.number == 2) value = field.bytes;
  }
  if (!message.empty()) return Damaged();
  if (name.empty() || !IsUtf8(name)) return Wrong("invalid label name " + GoQuoted(name));
  if (!IsUtf8(value)) return Wrong("invalid label value " + GoQuoted(value));
  labels.emplace_back(name, value);
  return {};
}

Status Parser::CheckLabels(Labels& labels) const {
  std::sort(labels.begin(), labels.end());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::string& name = labels[i].first;
    if (i > 0 && labels[i - 1].first == name) return Wrong("duplicate label " + GoQuoted(name));
    if (name == "__name__" || (name == "le" && family_.type == MetricType::kHistogram) ||
        (name == "quantile" && family_.type == MetricType::kSummary)) {
      return Wrong("label name " + GoQuoted(name) + " is reserved");
    }
  }
  return {};
}

Status Parser::ReadMetric(std::string_view message) {
  Metric metric;
  bool has_value = false;
  Field field;
  while (TakeField(message, field)) {
    const MetricType type = family_.type;
    Status status;
    const auto is = [&](std::uint32_t number, MetricType wanted) {
      return field.number == number && type == wanted && (has_value = true);
    };
    if (field.number == proto::kLabel) {
      status = ReadLabel(field.bytes, metric.labels);
    } else if (field.number == proto::kTimestamp && field.wire == proto::kVarint) {
      metric.timestamp_ms = static_cast<std::int64_t>(field.bits);
    } else if (is(proto::kCounter, MetricType::kCounter) || is(proto::kGauge, MetricType::kGauge) ||
               is(proto::kUntyped, MetricType::kUntyped)) {
      status = ReadNumber(field.bytes, metric);
    } else if (is(proto::kSummary, MetricType::kSummary)) {
      status = ReadSummary(field.bytes, metric);
    } else if (is(proto::kHistogram, MetricType::kHistogram)) {
      status = ReadHistogram(field.bytes, metric);
    }
    TELLTALE_TRY(status);
  }
  if (!message.empty()) return Damaged();
  TELLTALE_TRY(CheckLabels(metric.labels));
  if (!has_value) return Wrong("a metric has no " + std::string(TypeName(family_.type)));
  family_.metrics.push_back(std::move(metric));
  return {};
}

Status Parser::ReadNumber(std::string_view message, Metric& metric) {
  TELLTALE_TRY(CountSample());
  Field field;
  while (TakeField(message, field)) {
    if (field.number == proto::kValue && field.wire == proto::kFixed64) {
      metric.value = field.AsDouble();
    } else if (family_.type != MetricType::kCounter) {
      continue;
    } else if (field.number == proto::kExemplar) {
      TELLTALE_TRY(ReadExemplar(field.bytes, metric.exemplar));
    } else if (field.number == proto::kCounterCreated) {
      metric.created = Timestamp(field.bytes);
    }
  }
  return message.empty() ? Status() : Damaged();
}

Status Parser::ReadSummary(std::string_view message, Metric& metric) {
  TELLTALE_TRY(CountSample());
  metric.distribution = std::make_unique<Distribution>();
  Field field;
  while (TakeField(message, field)) {
    Distribution& into = *metric.distribution;
    if (field.number == proto::kSampleCount) into.count = static_cast<double>(field.bits);
    if (field.number == proto::kSampleSum) into.sum = field.AsDouble();
    if (field.number == proto::kSummaryCreated) metric.created = Timestamp(field.bytes);
    if (field.number != 3) continue;
    TELLTALE_TRY(CountSample());
    Bucket quantile;
    std::string_view rest = field.bytes;
    for (Field part; TakeField(rest, part);) {
      (part.number == 1 ? quantile.bound : quantile.value) = part.AsDouble();
    }
    if (!std::isnan(quantile.bound)) into.buckets.push_back(std::move(quantile));
  }
  return message.empty() ? Status() : Damaged();
}

Status Parser::ReadBucket(std::string_view message, Distribution& distribution) {
  TELLTALE_TRY(CountSample());
  Bucket bucket;
  Field field;
  while (TakeField(message, field)) {
    if (field.number == proto::kCumulativeCount) bucket.value = static_cast<double>(field.bits);
    if (field.number == proto::kUpperBound) bucket.bound = field.AsDouble();
    if (field.number == proto::kBucketExemplar) {
      TELLTALE_TRY(ReadExemplar(field.bytes, bucket.exemplar));
    }
    if (field.number == proto::kCumulativeCountFloat && field.AsDouble() != 0) {
      return Wrong("histograms of floats are not accepted");
    }
  }
  if (!std::isnan(bucket.bound)) distribution.buckets.push_back(std::move(bucket));
  return message.empty() ? Status() : Damaged();
}

Status Parser::ReadHistogram(std::string_view message, Metric& metric) {
  TELLTALE_TRY(CountSample());
  metric.distribution = std::make_unique<Distribution>();
  Distribution& into = *metric.distribution;
  NativeHistogram native;
  Field field;
  while (TakeField(message, field)) {
    if (field.number == proto::kSampleCount) into.count = static_cast<double>(field.bits);
    if (field.number == proto::kSampleSum) into.sum = field.AsDouble();
    if (field.number == proto::kHistogramCreated) metric.created = Timestamp(field.bytes);
    if (field.number == proto::kBucket) TELLTALE_TRY(ReadBucket(field.bytes, into));
    if (auto problem = native.Add(field); !problem.empty()) return Wrong(problem);
  }
  if (!message.empty()) return Damaged();
  samples_ += native.buckets();
  TELLTALE_TRY(CountSample());
  if (auto problem = native.Problem(into.count); !problem.empty()) return Wrong(problem);
  into.native = native.fields();
  return {};
}

Status Parser::ReadExemplar(std::string_view message, std::unique_ptr<const Exemplar>& out) const {
  auto exemplar = std::make_unique<Exemplar>();
  Field field;
  while (TakeField(message, field)) {
    if (field.number == 1) TELLTALE_TRY(ReadLabel(field.bytes, exemplar->labels));
    if (field.number == 2) exemplar->value = field.AsDouble();
    if (field.number == 3) exemplar->timestamp = Timestamp(field.bytes);
  }
  if (!message.empty()) return Damaged();
  out = std::move(exemplar);
  return {};
}

}  // namespace

Result<std::vector<Family>> ParseProto(std::string_view body, std::size_t max_samples) {
  return Parser(max_samples).Parse(body);
}

}  // namespace telltale
