// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/log_metrics.h"

#include <algorithm>
#include <chrono>

#include "common/base/log.h"

namespace telltale {
namespace {

// A restart must not forget a series only because its configuration is not read yet.
constexpr std::chrono::minutes kForgetUnconfigured{5};

std::size_t SizeOf(const SeriesName& series) {
  std::size_t size = series.name.size();
  for (const auto& [name, value] : series.labels) size += name.size() + value.size();
  return size;
}

std::size_t BucketsOf(const MetricSpec& spec) {
  return spec.type == MetricSpec::Type::kHistogram ? spec.buckets.size() + 1 : 0;
}

bool Compatible(const MetricSpec& a, const MetricSpec& b) {
  return a.type == b.type && a.buckets == b.buckets;
}

}  // namespace

LogMetrics::LogMetrics(Registry& registry, Clock& clock)
    : registry_(registry),
      clock_(clock),
      dropped_(registry.AddCounter("telltale_logs_metric_updates_dropped_total",
                                   "Updates of metrics of log lines that were dropped: too many "
                                   "series, or two metrics of one name.")),
      kept_(registry.AddGauge("telltale_logs_metric_series",
                              "Series of metrics of log lines; at most 2000.")) {}

// Of several descriptions of one metric the first is shown.
std::map<std::string, LogMetrics::Family> LogMetrics::FamiliesOf(
    const std::vector<LogSource>& sources) const {
  std::map<std::string, Family> families;
  for (const LogSource& source : sources) {
    if (!source.pipeline) continue;
    for (const MetricSpec& spec : source.pipeline->metrics()) {
      const std::string name = spec.prefix + spec.name;
      const std::string help =
          spec.description.empty() ? "Made of log lines by a metrics stage." : spec.description;
      const auto [family, made] = families.try_emplace(name, Family{spec, help, true});
      if (made) continue;
      Family& known = family->second;
      known.spec.max_idle_ms = std::max(known.spec.max_idle_ms, spec.max_idle_ms);
      if (!known.usable || Compatible(known.spec, spec)) continue;
      known.usable = false;
      LogWarn(
          "two metrics of log lines have one name and another type or other buckets: rename one; "
          "neither is counted",
          {{"metric", name}});
    }
  }
  return families;
}

std::vector<SeriesName> LogMetrics::Configure(const std::vector<LogSource>& sources,
                                              const SeriesTotals& totals) {
  std::map<std::string, Family> families = FamiliesOf(sources);
  for (auto& [name, series] : series_) {
    const auto before = families_.find(name.name), now = families.find(name.name);
    const bool same = before != families_.end() && now != families.end() && now->second.usable &&
                      Compatible(before->second.spec, now->second.spec) &&
                      before->second.help == now->second.help;
    if (!same) Hide(name, series);
  }
  families_ = std::move(families);
  std::vector<SeriesName> refused;
  for (const auto& [name, total] : totals) {
    const auto family = families_.find(name.name);
    const bool configured = family != families_.end() && family->second.usable;
    const bool fits = !configured || total.counts.size() == BucketsOf(family->second.spec);
    if (fits && Keep(name)) {
      if (configured) Show(name, series_[name], total);
      continue;
    }
    if (const auto known = series_.find(name); known != series_.end()) Forget(known);
    refused.push_back(name);
  }
  kept_.Set(static_cast<double>(series_.size()));
  return refused;
}

std::vector<SeriesDelta> LogMetrics::Name(const Pipeline& pipeline,
                                          const std::vector<MetricDelta>& deltas) const {
  std::vector<SeriesDelta> out;
  for (const MetricDelta& delta : deltas) {
    const MetricSpec& spec = pipeline.metrics()[delta.metric];
    out.push_back({{spec.prefix + spec.name, delta.labels},
                   delta.set,
                   delta.base,
                   {delta.value, delta.counts}});
  }
  return out;
}

bool LogMetrics::Keep(const SeriesName& series) {
  if (series_.contains(series)) return true;
  const std::size_t size = SizeOf(series);
  if (series_.size() >= kMaxSeries || bytes_ + size > kMaxBytes) return false;
  bytes_ += size;
  series_[series].touched = clock_.Steady();
  return true;
}

void LogMetrics::Admit(std::vector<SeriesDelta>& deltas) {
  const std::size_t dropped = std::erase_if(deltas, [&](const SeriesDelta& delta) {
    const auto family = families_.find(delta.series.name);
    const bool counted = family != families_.end() && family->second.usable &&
                         delta.add.counts.size() == BucketsOf(family->second.spec);
    return !counted || !Keep(delta.series);
  });
  dropped_.Add(dropped);
  kept_.Set(static_cast<double>(series_.size()));
}

void LogMetrics::Apply(const std::vector<SeriesDelta>& deltas, const SeriesTotals& totals) {
  for (const SeriesDelta& delta : deltas) {
    const auto total = totals.find(delta.series);
    const auto series = series_.find(delta.series);
    if (total == totals.end() || series == series_.end()) continue;
    series->second.touched = clock_.Steady();
    Show(delta.series, series->second, total->second);
  }
}

void LogMetrics::Hide(const SeriesName& name, Series& series) {
  if (series.value == nullptr && series.histogram == nullptr) return;
  registry_.Remove(name.name, name.labels);
  series = Series{};
  series.touched = clock_.Steady();
}

void LogMetrics::Show(const SeriesName& name, Series& series, const SeriesTotal& total) {
  const auto family = families_.find(name.name);
  if (family == families_.end() || !family->second.usable) return;
  const MetricSpec& spec = family->second.spec;
  const std::string& help = family->second.help;
  if (spec.type == MetricSpec::Type::kHistogram) {
    if (total.counts.size() != BucketsOf(spec)) return;
    if (series.histogram == nullptr) {
      auto made = registry_.TryHistogram(name.name, help, spec.buckets, name.labels);
      if (!made) return dropped_.Add();
      series.histogram = *made;
      series.counts.assign(total.counts.size(), 0);
    }
    for (std::size_t i = 0; i < total.counts.size(); ++i) {
      series.histogram->AddTo(i, total.counts[i] - series.counts[i]);
    }
    series.histogram->AddToSum(total.value - series.sum);
    series.counts = total.counts;
    series.sum = total.value;
    return;
  }
  if (series.value == nullptr) {
    auto made = spec.type == MetricSpec::Type::kCounter
                    ? registry_.TryFloatCounter(name.name, help, name.labels)
                    : registry_.TryGauge(name.name, help, name.labels);
    if (!made) return dropped_.Add();
    series.value = *made;
  }
  series.value->Set(total.value);
}

LogMetrics::KeptSeries::iterator LogMetrics::Forget(KeptSeries::iterator series) {
  Hide(series->first, series->second);
  bytes_ -= SizeOf(series->first);
  return series_.erase(series);
}

std::vector<SeriesName> LogMetrics::Expire() {
  std::vector<SeriesName> gone;
  const SteadyTime now = clock_.Steady();
  for (auto it = series_.begin(); it != series_.end();) {
    const auto family = families_.find(it->first.name);
    const std::chrono::milliseconds idle =
        family == families_.end() ? std::chrono::milliseconds(kForgetUnconfigured)
                                  : std::chrono::milliseconds(family->second.spec.max_idle_ms);
    if (now - it->second.touched < idle) {
      ++it;
      continue;
    }
    gone.push_back(it->first);
    it = Forget(it);
  }
  if (!gone.empty()) kept_.Set(static_cast<double>(series_.size()));
  return gone;
}

}  // namespace telltale
