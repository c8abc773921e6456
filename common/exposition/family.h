// SPDX-License-Identifier: Apache-2.0
//
// Metric families as values: what every exposition format says, in one form. Parsers make them,
// writers render them. The types are those of Prometheus' protobuf format; OpenMetrics' others are
// read as gauges (openmetrics_parser.h). Thread-compatible.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/strings.h"

namespace telltale {

enum class MetricType { kUntyped, kCounter, kGauge, kSummary, kHistogram };

struct Exemplar {
  Labels labels;
  double value = 0;
  std::optional<double> timestamp;  // seconds since the epoch
};

// Of a histogram: the upper bound and the count of all observations up to it. Of a summary: the
// quantile and its value.
struct Bucket {
  double bound = 0;
  double value = 0;
  std::unique_ptr<const Exemplar> exemplar;
};

struct Distribution {
  double count = 0, sum = 0;
  std::vector<Bucket> buckets;  // in the order in which they came
  // A native histogram: its fields in protobuf encoding (proto_fields.h); empty without one.
  std::string native;
};

struct Metric {
  Labels labels;
  double value = 0;                            // of a counter, gauge or untyped metric
  std::unique_ptr<Distribution> distribution;  // of a summary or histogram
  std::optional<std::int64_t> timestamp_ms;
  std::optional<double> created;  // seconds since the epoch
  std::unique_ptr<const Exemplar> exemplar;
};

struct Family {
  std::string name, help, unit;
  MetricType type = MetricType::kUntyped;
  std::vector<Metric> metrics;
};

}  // namespace telltale
