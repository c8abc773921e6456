// SPDX-License-Identifier: Apache-2.0
#include "common/exposition/family_builder.h"

#include <cmath>
#include <cstdint>
#include <limits>

#include "common/base/varint.h"

namespace telltale {
namespace {

void AppendSized(std::string_view text, std::string& out) {
  AppendVarint(out, text.size());
  out += text;
}

std::string_view WithoutSuffix(std::string_view name, std::string_view suffix) {
  return name.size() > suffix.size() && name.ends_with(suffix)
             ? name.substr(0, name.size() - suffix.size())
             : std::string_view();
}

}  // namespace

FamilyBuilder::Entry* FamilyBuilder::FindKnown(std::string_view name) {
  // Lines of one family follow one another.
  if (!entries_.empty() && entries_.back().family.name == name) return &entries_.back();
  const auto found = by_name_.find(std::string(name));
  return found == by_name_.end() ? nullptr : &entries_[found->second];
}

FamilyBuilder::Entry& FamilyBuilder::Find(std::string_view name) {
  if (Entry* known = FindKnown(name); known != nullptr) return *known;
  by_name_.emplace(name, entries_.size());
  entries_.emplace_back().family.name = name;
  return entries_.back();
}

FamilyBuilder::Place FamilyBuilder::FindPlace(std::string_view name) {
  if (Entry* known = FindKnown(name); known != nullptr) return {known};
  const std::string_view of_count = WithoutSuffix(name, "_count");
  const std::string_view of_sum = WithoutSuffix(name, "_sum");
  const std::string_view of_bucket = WithoutSuffix(name, "_bucket");
  const std::string_view base = !of_count.empty() ? of_count : !of_sum.empty() ? of_sum : of_bucket;
  Entry* const known = base.empty() ? nullptr : FindKnown(base);
  const MetricType type = known == nullptr ? MetricType::kUntyped : known->family.type;
  if (type == MetricType::kHistogram || (type == MetricType::kSummary && of_bucket.empty())) {
    if (!of_count.empty()) return {known, SamplePart::kCount};
    return {known, !of_sum.empty() ? SamplePart::kSum : SamplePart::kBucket};
  }
  return {&Find(name)};
}

Metric& FamilyBuilder::AddMetric(Entry& entry, Labels labels) {
  Metric& metric = entry.family.metrics.emplace_back();
  metric.labels = std::move(labels);
  return metric;
}

Metric& FamilyBuilder::FindMetric(Entry& entry, Labels labels) {
  auto& metrics = entry.family.metrics;
  if (!metrics.empty() && metrics.back().labels == labels) return metrics.back();
  std::string key;
  AppendSized(entry.family.name, key);
  for (const auto& [name, value] : labels) {
    AppendSized(name, key);
    AppendSized(value, key);
  }
  const auto [at, is_new] = distributions_.emplace(std::move(key), metrics.size());
  if (!is_new) return metrics[at->second];
  Metric& metric = AddMetric(entry, std::move(labels));
  metric.distribution = std::make_unique<Distribution>();
  return metric;
}

std::vector<Family> FamilyBuilder::Take() && {
  std::vector<Family> families;
  for (Entry& entry : entries_) {
    if (!entry.family.metrics.empty()) families.push_back(std::move(entry.family));
  }
  return families;
}

bool IsCount(double value) {
  return value >= 0 && value < static_cast<double>(std::numeric_limits<std::uint64_t>::max());
}

void SetPart(Metric& metric, SamplePart part, std::optional<double> bound, double value) {
  Distribution& distribution = *metric.distribution;
  if (part == SamplePart::kCount) {
    distribution.count = value;
  } else if (part == SamplePart::kSum) {
    distribution.sum = value;
  } else if (bound && !std::isnan(*bound)) {
    distribution.buckets.push_back({*bound, value, nullptr});
  }
}

}  // namespace telltale
