// SPDX-License-Identifier: Apache-2.0
#include "common/metrics/registry.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/base/check.h"
#include "common/exposition/go_text.h"
#include "common/exposition/text_format.h"
#include "common/metrics/registry_families.h"

namespace telltale {
namespace {

// Labels are sorted by contract, but a list in the code may not be; two orders must not become two
// series.
Labels Sorted(Labels labels) {
  std::sort(labels.begin(), labels.end());
  return labels;
}

Status CheckLabels(const Labels& sorted, int type) {
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const std::string& name = sorted[i].first;
    if (!IsLabelName(name)) return Fail(Code::kInvalid, "\"" + name + "\" is no name of a label");
    if (type == kHistogram && name == "le") {
      return Fail(Code::kInvalid, "the label le is the one of a histogram's buckets");
    }
    if (i > 0 && sorted[i - 1].first == name) {
      return Fail(Code::kInvalid, "the label " + name + " is there twice");
    }
  }
  return {};
}

Status CheckBounds(const std::vector<double>& bounds) {
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    if (!std::isfinite(bounds[i]) || (i > 0 && !(bounds[i - 1] < bounds[i]))) {
      return Fail(Code::kInvalid, "the bounds of a histogram must be finite and go up");
    }
  }
  return {};
}

// For names in our code.
template <class T>
T& Checked(Result<T*> found) {
  TELLTALE_CHECK(found.ok());
  return **found;
}

}  // namespace

Histogram::Histogram(std::vector<double> upper_bounds)
    : bounds_(std::move(upper_bounds)),
      counts_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds_.size() + 1)) {
  TELLTALE_CHECK(CheckBounds(bounds_).ok());
}

void Histogram::Observe(double v, std::uint64_t times) {
  // Written so that NaN, which is not <= anything, is counted under +Inf. Bounds are few: a scan
  // is faster than a binary search.
  std::size_t bucket = 0;
  while (bucket < bounds_.size() && !(v <= bounds_[bucket])) ++bucket;
  counts_[bucket].fetch_add(times, std::memory_order_relaxed);
  sum_.fetch_add(v * static_cast<double>(times), std::memory_order_relaxed);
}

std::vector<std::uint64_t> Histogram::Cumulative() const {
  std::vector<std::uint64_t> counts(bounds_.size() + 1);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts[i] = total += counts_[i].load(std::memory_order_relaxed);
  }
  return counts;
}

Registry::Registry() = default;
Registry::~Registry() = default;

Result<Registry::Family*> Registry::FindFamily(std::string_view name, std::string_view help,
                                               int type) {
  const auto it = std::lower_bound(families_.begin(), families_.end(), name,
                                   [](const auto& f, std::string_view n) { return f->name < n; });
  if (it != families_.end() && (*it)->name == name) {
    if ((*it)->type == type && (*it)->help == help) return it->get();
    return Fail(Code::kInvalid,
                "the metric " + std::string(name) + " is there with another type or help");
  }
  if (!IsMetricName(name)) {
    return Fail(Code::kInvalid, "\"" + std::string(name) + "\" is no name of a metric");
  }
  if (help.empty()) return Fail(Code::kInvalid, "the metric " + std::string(name) + " has no help");
  auto family = std::make_unique<Family>();
  family->name = name;
  family->help = help;
  family->type = type;
  return families_.insert(it, std::move(family))->get();
}

// A new series has no value yet: the caller gives it one.
Result<Registry::Series*> Registry::FindSeries(std::string_view name, std::string_view help,
                                               int type, const Labels& labels) {
  const Labels sorted = Sorted(labels);
  TELLTALE_TRY(CheckLabels(sorted, type));
  auto found = FindFamily(name, help, type);
  if (!found) return found.error();
  Family& family = **found;
  const auto it =
      std::lower_bound(family.series.begin(), family.series.end(), sorted,
                       [](const auto& s, const Labels& wanted) { return s->labels < wanted; });
  if (it != family.series.end() && (*it)->labels == sorted) return it->get();
  auto series = std::make_unique<Series>();
  series->labels = sorted;
  if (family.type != kHistogram) series->prefixes.push_back(SamplePrefix(family.name, sorted));
  return family.series.insert(it, std::move(series))->get();
}

template <class T>
Result<T*> Registry::Find(std::string_view name, std::string_view help, int type,
                          const Labels& labels) {
  MutexLock lock(mutex_);
  auto series = FindSeries(name, help, type, labels);
  if (!series) return series.error();
  auto& value = (*series)->value;
  if (value.index() == 0) value.emplace<T>();
  return &std::get<T>(value);
}

Counter& Registry::AddCounter(std::string_view name, std::string_view help, const Labels& labels) {
  return Checked(Find<Counter>(name, help, kCounter, labels));
}

Gauge& Registry::AddGauge(std::string_view name, std::string_view help, const Labels& labels) {
  return Checked(TryGauge(name, help, labels));
}

Gauge& Registry::AddFloatCounter(std::string_view name, std::string_view help,
                                 const Labels& labels) {
  return Checked(TryFloatCounter(name, help, labels));
}

Gauge& Registry::AddUntyped(std::string_view name, std::string_view help, const Labels& labels) {
  return Checked(Find<Gauge>(name, help, kUntyped, labels));
}

Histogram& Registry::AddHistogram(std::string_view name, std::string_view help,
                                  std::vector<double> bounds, const Labels& labels) {
  return Checked(TryHistogram(name, help, std::move(bounds), labels));
}

Result<Gauge*> Registry::TryGauge(std::string_view name, std::string_view help,
                                  const Labels& labels) {
  return Find<Gauge>(name, help, kGauge, labels);
}

Result<Gauge*> Registry::TryFloatCounter(std::string_view name, std::string_view help,
                                         const Labels& labels) {
  return Find<Gauge>(name, help, kFloatCounter, labels);
}

Result<Histogram*> Registry::TryHistogram(std::string_view name, std::string_view help,
                                          std::vector<double> bounds, const Labels& labels) {
  TELLTALE_TRY(CheckBounds(bounds));
  MutexLock lock(mutex_);
  auto found = FindSeries(name, help, kHistogram, labels);
  if (!found) return found.error();
  Series& series = **found;
  if (series.value.index() != 0) {
    Histogram& known = std::get<Histogram>(series.value);
    if (known.bounds() == bounds) return &known;
    return Fail(Code::kInvalid,
                "the histogram " + std::string(name) + " is there with other bounds");
  }
  const std::string family(name);
  const auto prefix = [&](std::string_view le) {
    return SamplePrefix(family + "_bucket", series.labels, le);
  };
  bool differs = false;
  std::vector<std::string> openmetrics;
  for (const double bound : bounds) {
    std::string le, openmetrics_le;
    AppendDouble(bound, le);
    AppendOpenMetricsBound(bound, openmetrics_le);
    differs |= le != openmetrics_le;
    series.prefixes.push_back(prefix(le));
    openmetrics.push_back(prefix(openmetrics_le));
  }
  series.prefixes.push_back(prefix("+Inf"));
  openmetrics.push_back(prefix("+Inf"));
  if (differs) series.openmetrics_prefixes = std::move(openmetrics);
  series.prefixes.push_back(SamplePrefix(family + "_sum", series.labels));
  series.prefixes.push_back(SamplePrefix(family + "_count", series.labels));
  series.value.emplace<Histogram>(std::move(bounds));
  return &std::get<Histogram>(series.value);
}

std::optional<MetricType> Registry::TypeOf(std::string_view name) {
  MutexLock lock(mutex_);
  const auto it = std::lower_bound(families_.begin(), families_.end(), name,
                                   [](const auto& f, std::string_view n) { return f->name < n; });
  if (it == families_.end() || (*it)->name != name) return {};
  return MetricTypeOf((*it)->type);
}

void Registry::Remove(std::string_view name, const Labels& labels) {
  const Labels sorted = Sorted(labels);
  MutexLock lock(mutex_);
  for (const auto& family : families_) {
    if (family->name != name) continue;
    std::erase_if(family->series, [&](const auto& series) { return series->labels == sorted; });
  }
  std::erase_if(families_,
                [&](const auto& family) { return family->name == name && family->series.empty(); });
}

void Registry::OnRender(std::function<void()> refresh) {
  MutexLock lock(mutex_);
  refresh_.push_back(std::move(refresh));
}

}  // namespace telltale
