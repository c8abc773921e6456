// SPDX-License-Identifier: Apache-2.0
//
// What a Registry keeps. Included by its two .cc files only. Guarded by the registry's lock.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/exposition/family.h"
#include "common/metrics/registry.h"

namespace telltale {

enum RegistryType { kCounter, kFloatCounter, kGauge, kHistogram, kUntyped };

inline MetricType MetricTypeOf(int type) {
  if (type == kGauge) return MetricType::kGauge;
  if (type == kUntyped) return MetricType::kUntyped;
  return type == kHistogram ? MetricType::kHistogram : MetricType::kCounter;
}

struct Registry::Series {
  Labels labels;
  // Counter and gauge: one. Histogram: one per bucket, then _sum and _count.
  std::vector<std::string> prefixes;
  // Of a histogram's buckets where OpenMetrics writes the bound in another way; else empty.
  std::vector<std::string> openmetrics_prefixes;
  std::variant<std::monostate, Counter, Gauge, Histogram> value;
};

struct Registry::Family {
  std::string name, help;
  int type = kCounter;
  std::vector<std::unique_ptr<Series>> series;  // sorted by labels
};

}  // namespace telltale
