// SPDX-License-Identifier: Apache-2.0
#include "common/exposition/consistency.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "common/base/ascii.h"
#include "common/base/varint.h"
#include "common/exposition/escaping.h"
#include "common/exposition/go_text.h"
#include "common/exposition/metric_text.h"

namespace telltale {
namespace {

constexpr std::string_view kCount = "_count", kSum = "_sum", kBucket = "_bucket";

std::string Classic(std::string_view name, NameKind kind) {
  return EscapeName(name, kind, Escaping::kUnderscores);
}

std::string SeriesKey(std::string_view family, const Labels& labels) {
  std::string key;
  const auto append = [&key](std::string_view text) {
    AppendVarint(key, text.size());
    key += text;
  };
  append(family);
  for (const auto& [name, value] : labels) {
    append(Classic(name, NameKind::kLabel));
    append(value);
  }
  return key;
}

std::string Collected(const Family& family, const Metric& metric, const std::string& what) {
  return "collected metric " + GoQuoted(family.name) + " { " + MetricText(metric, family.type) +
         "} " + what;
}

bool HasLabelTwice(const Labels& labels) {
  std::set<std::string> names;
  return std::any_of(labels.begin(), labels.end(), [&](const auto& label) {
    return !names.insert(Classic(label.first, NameKind::kLabel)).second;
  });
}

bool HasBoundTwice(const Distribution& distribution) {
  std::vector<double> bounds;
  for (const Bucket& bucket : distribution.buckets) bounds.push_back(bucket.bound);
  std::sort(bounds.begin(), bounds.end());
  return std::adjacent_find(bounds.begin(), bounds.end()) != bounds.end();
}

}  // namespace

std::string_view TypeName(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return "counter";
    case MetricType::kGauge:
      return "gauge";
    case MetricType::kSummary:
      return "summary";
    case MetricType::kHistogram:
      return "histogram";
    case MetricType::kUntyped:
      break;
  }
  return "untyped";
}

std::string PageCheck::NameProblem(const Family& family) const {
  const std::string quoted = GoQuoted(family.name);
  for (const std::string_view suffix : {kCount, kSum, kBucket}) {
    if (!family.name.ends_with(suffix)) continue;
    const auto base =
        types_.find(std::string_view(family.name).substr(0, family.name.size() - suffix.size()));
    if (base == types_.end()) continue;
    if (base->second != MetricType::kHistogram &&
        (base->second != MetricType::kSummary || suffix == kBucket)) {
      continue;
    }
    return "collected metric named " + quoted + " collides with previously collected " +
           std::string(TypeName(base->second)) + " named " + GoQuoted(base->first);
  }
  const bool histogram = family.type == MetricType::kHistogram;
  if (!histogram && family.type != MetricType::kSummary) return {};
  for (const std::string_view suffix : {kCount, kSum, kBucket}) {
    if (suffix == kBucket && !histogram) continue;
    const std::string taken = family.name + std::string(suffix);
    if (types_.find(taken) == types_.end()) continue;
    return std::string("collected histogram ") + (suffix == kBucket ? "" : "or summary ") +
           "named " + quoted + " collides with previously collected metric named " +
           GoQuoted(taken);
  }
  return {};
}

void PageCheck::AddMetric(const Family& family, const Metric& metric,
                          std::vector<std::string>& problems) {
  if (!series_.insert(SeriesKey(family.name, metric.labels)).second) {
    problems.push_back(
        Collected(family, metric, "was collected before with the same name and label values"));
  } else if (HasLabelTwice(metric.labels)) {
    problems.push_back(Collected(family, metric,
                                 "has two labels that are one for scrapers "
                                 "without UTF-8 names"));
  } else if (metric.distribution != nullptr && HasBoundTwice(*metric.distribution)) {
    problems.push_back(Collected(family, metric, "has a bucket or quantile twice"));
  }
}

bool PageCheck::AddName(const Family& family, std::vector<std::string>& problems) {
  if (types_.contains(family.name)) return true;
  const std::string classic = Classic(family.name, NameKind::kMetric);
  const auto [name, is_new] = names_.emplace(classic, family.name);
  if (!is_new) {
    problems.push_back("collected metric named " + GoQuoted(family.name) +
                       " collides with previously collected metric named " +
                       GoQuoted(name->second) + ": both are " + classic +
                       " for scrapers without UTF-8 names");
    return false;
  }
  if (std::string problem = NameProblem(family); !problem.empty()) {
    problems.push_back(std::move(problem));
    return false;
  }
  types_.emplace(family.name, family.type);
  return true;
}

void PageCheck::Add(const Family& family, std::vector<std::string>& problems) {
  if (!AddName(family, problems)) return;
  const MetricType known = types_.find(family.name)->second;
  for (const Metric& metric : family.metrics) {
    if (known == family.type) {
      AddMetric(family, metric, problems);
      continue;
    }
    std::string type(TypeName(known));
    std::transform(type.begin(), type.end(), type.begin(), ToUpperAscii);
    problems.push_back(Collected(family, metric, "is not a " + type));
  }
}

}  // namespace telltale
