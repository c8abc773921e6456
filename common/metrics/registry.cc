// SPDX-License-Identifier: Apache-2.0
#include "common/metrics/registry.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>

#include "common/base/check.h"
#include "common/metrics/text_format.h"

namespace telltale {
namespace {

enum Type { kCounter, kFloatCounter, kGauge, kHistogram };

std::string_view TypeName(int type) {
  if (type == kGauge) return "gauge";
  return type == kHistogram ? "histogram" : "counter";
}

// Labels are sorted by contract, but a list written by hand is easily not; two orders must not
// become two series.
Labels Sorted(Labels labels) {
  std::sort(labels.begin(), labels.end());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    TELLTALE_CHECK(IsLabelName(labels[i].first) && labels[i].first != "le");
    TELLTALE_CHECK(i == 0 || labels[i - 1].first != labels[i].first);
  }
  return labels;
}

}  // namespace

struct Registry::Series {
  Labels labels;
  // Counter and gauge: one. Histogram: one per bucket, then _sum and _count.
  std::vector<std::string> prefixes;
  std::variant<std::monostate, Counter, Gauge, Histogram> value;
};

struct Registry::Family {
  std::string name, help, header;
  int type = kCounter;
  std::vector<std::unique_ptr<Series>> series;  // sorted by labels
};

Histogram::Histogram(std::vector<double> upper_bounds)
    : bounds_(std::move(upper_bounds)),
      counts_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds_.size() + 1)) {
  for (std::size_t i = 0; i < bounds_.size(); ++i) {
    TELLTALE_CHECK(std::isfinite(bounds_[i]) && (i == 0 || bounds_[i - 1] < bounds_[i]));
  }
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

Registry::Family& Registry::FindFamily(std::string_view name, std::string_view help, int type) {
  const auto it = std::lower_bound(families_.begin(), families_.end(), name,
                                   [](const auto& f, std::string_view n) { return f->name < n; });
  if (it != families_.end() && (*it)->name == name) {
    TELLTALE_CHECK((*it)->type == type && (*it)->help == help);
    return **it;
  }
  TELLTALE_CHECK(IsMetricName(name) && !help.empty());
  auto family = std::make_unique<Family>();
  family->name = name;
  family->help = help;
  family->header = FamilyHeader(name, help, TypeName(type));
  family->type = type;
  return **families_.insert(it, std::move(family));
}

// A new series has no value yet: the caller gives it one.
Registry::Series& Registry::FindSeries(Family& family, const Labels& labels) {
  const Labels sorted = Sorted(labels);
  const auto it =
      std::lower_bound(family.series.begin(), family.series.end(), sorted,
                       [](const auto& s, const Labels& wanted) { return s->labels < wanted; });
  if (it != family.series.end() && (*it)->labels == sorted) return **it;
  auto series = std::make_unique<Series>();
  series->labels = sorted;
  if (family.type != kHistogram) series->prefixes.push_back(SamplePrefix(family.name, sorted));
  return **family.series.insert(it, std::move(series));
}

Counter& Registry::AddCounter(std::string_view name, std::string_view help, const Labels& labels) {
  const std::lock_guard<std::mutex> lock(mutex_);
  auto& value = FindSeries(FindFamily(name, help, kCounter), labels).value;
  if (value.index() == 0) value.emplace<Counter>();
  return std::get<Counter>(value);
}

Gauge& Registry::AddGauge(std::string_view name, std::string_view help, const Labels& labels) {
  const std::lock_guard<std::mutex> lock(mutex_);
  auto& value = FindSeries(FindFamily(name, help, kGauge), labels).value;
  if (value.index() == 0) value.emplace<Gauge>();
  return std::get<Gauge>(value);
}

Gauge& Registry::AddFloatCounter(std::string_view name, std::string_view help,
                                 const Labels& labels) {
  const std::lock_guard<std::mutex> lock(mutex_);
  auto& value = FindSeries(FindFamily(name, help, kFloatCounter), labels).value;
  if (value.index() == 0) value.emplace<Gauge>();
  return std::get<Gauge>(value);
}

Histogram& Registry::AddHistogram(std::string_view name, std::string_view help,
                                  std::vector<double> bounds, const Labels& labels) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Series& series = FindSeries(FindFamily(name, help, kHistogram), labels);
  if (series.value.index() == 0) {
    const std::string family(name);
    for (const double bound : bounds) {
      std::string le;
      AppendDouble(bound, le);
      series.prefixes.push_back(SamplePrefix(family + "_bucket", series.labels, le));
    }
    series.prefixes.push_back(SamplePrefix(family + "_bucket", series.labels, "+Inf"));
    series.prefixes.push_back(SamplePrefix(family + "_sum", series.labels));
    series.prefixes.push_back(SamplePrefix(family + "_count", series.labels));
    series.value.emplace<Histogram>(std::move(bounds));
  } else {
    TELLTALE_CHECK(std::get<Histogram>(series.value).bounds() == bounds);
  }
  return std::get<Histogram>(series.value);
}

void Registry::Remove(std::string_view name, const Labels& labels) {
  const Labels sorted = Sorted(labels);
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& family : families_) {
    if (family->name != name) continue;
    std::erase_if(family->series, [&](const auto& series) { return series->labels == sorted; });
  }
}

void Registry::OnRender(std::function<void()> refresh) {
  const std::lock_guard<std::mutex> lock(mutex_);
  refresh_.push_back(std::move(refresh));
}

void Registry::Refresh() {
  const std::lock_guard<std::mutex> one_at_a_time(render_mutex_);
  for (std::size_t i = 0;; ++i) {
    const std::function<void()>* refresh = nullptr;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (i >= refresh_.size()) return;
      refresh = &refresh_[i];
    }
    (*refresh)();
  }
}

void Registry::Render(std::string& out) {
  Refresh();
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& family : families_) {
    if (family->series.empty()) continue;
    out += family->header;
    for (const auto& series : family->series) {
      const auto& prefixes = series->prefixes;
      if (const auto* histogram = std::get_if<Histogram>(&series->value)) {
        // _count is the sum of what was read here, so it equals the +Inf bucket at any moment.
        std::uint64_t total = 0;
        for (std::size_t i = 0; i <= histogram->bounds_.size(); ++i) {
          total += histogram->counts_[i].load(std::memory_order_relaxed);
          out += prefixes[i];
          AppendUint(total, out);
          out += '\n';
        }
        out += prefixes[prefixes.size() - 2];
        AppendDouble(histogram->Sum(), out);
        out += '\n';
        out += prefixes.back();
        AppendUint(total, out);
      } else {
        out += prefixes[0];
        if (const auto* counter = std::get_if<Counter>(&series->value)) {
          AppendUint(counter->Value(), out);
        } else {
          AppendDouble(std::get<Gauge>(series->value).Value(), out);
        }
      }
      out += '\n';
    }
  }
}

}  // namespace telltale
