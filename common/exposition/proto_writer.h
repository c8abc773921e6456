// SPDX-License-Identifier: Apache-2.0
//
// The messages of Prometheus' protobuf format (client_model's metrics.proto) as bytes, from the
// inside out: the value of a metric, the metric, the family. Pure, thread-safe. Used by PageWriter.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/exposition/family.h"

namespace telltale {

struct FamilyHead;

namespace proto {

void AppendFamilyHead(const FamilyHead& head, std::string& family);
void AppendLabel(std::string_view name, std::string_view value, std::string& metric);

// The message Counter, Gauge, Untyped, Summary or Histogram of a metric.
void AppendValue(const Metric& metric, MetricType type, std::string& out);
void AppendNumber(double value, std::string& out);
void AppendHistogram(std::span<const double> bounds, std::span<const std::uint64_t> cumulative,
                     double sum, std::string& out);

void AppendValueMessage(MetricType type, std::string_view value, std::string& metric);
void AppendMetric(std::string_view metric, std::string& family);
// With its length before it.
void AppendFamily(std::string_view family, std::string& out);

}  // namespace proto
}  // namespace telltale
