// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/log_metrics.h"

#include <chrono>

#include "common/base/log.h"

namespace telltale {
namespace {

std::string Help(const MetricSpec& spec) {
  return spec.description.empty() ? "Made of log lines by a metrics stage." : spec.description;
}

bool Alike(const MetricSpec& a, const MetricSpec& b) {
  return a.type == b.type && a.buckets == b.buckets && Help(a) == Help(b);
}

}  // namespace

LogMetrics::LogMetrics(Registry& registry, Clock& clock)
    : registry_(registry),
      clock_(clock),
      dropped_(registry.AddCounter("telltale_logs_metric_updates_dropped_total",
                                   "Updates of metrics of log lines that had no place: too many "
                                   "series, or two metrics of one name.")) {}

void LogMetrics::Configure(const std::vector<LogSource>& sources, const SeriesTotals& totals) {
  for (const LogSource& source : sources) {
    if (!source.pipeline) continue;
    for (const MetricSpec& spec : source.pipeline->metrics()) {
      const std::string name = spec.prefix + spec.name;
      auto [family, made] = families_.try_emplace(name, Family{spec, true});
      if (made || Alike(family->second.spec, spec)) continue;
      family->second.usable = false;
      LogWarn(
          "two metrics of log lines have one name and differ in type, help or buckets: "
          "rename one and restart; neither is counted",
          {{"metric", name}});
    }
  }
  for (const auto& [series, total] : totals) Show(series, total);
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

void LogMetrics::Apply(const std::vector<SeriesDelta>& deltas, const SeriesTotals& totals) {
  for (const SeriesDelta& delta : deltas) {
    const auto total = totals.find(delta.series);
    if (total != totals.end()) Show(delta.series, total->second);
  }
}

void LogMetrics::Show(const SeriesName& series, const SeriesTotal& total) {
  const auto family = families_.find(series.name);
  if (family == families_.end() || !family->second.usable) return;
  const MetricSpec& spec = family->second.spec;
  if (!shown_.contains(series) && shown_.size() >= kMaxSeries) {
    dropped_.Add();
    return;
  }
  Shown& shown = shown_[series];
  shown.touched = clock_.Steady();
  if (spec.type == MetricSpec::Type::kHistogram) {
    if (total.counts.size() != spec.buckets.size() + 1) return;
    if (shown.histogram == nullptr) {
      shown.histogram =
          &registry_.AddHistogram(series.name, Help(spec), spec.buckets, series.labels);
      shown.counts.assign(total.counts.size(), 0);
    }
    for (std::size_t i = 0; i < total.counts.size(); ++i) {
      shown.histogram->AddTo(i, total.counts[i] - shown.counts[i]);
    }
    shown.histogram->AddToSum(total.value - shown.sum);
    shown.counts = total.counts;
    shown.sum = total.value;
    return;
  }
  if (shown.value == nullptr) {
    const bool counter = spec.type == MetricSpec::Type::kCounter;
    shown.value = counter ? &registry_.AddFloatCounter(series.name, Help(spec), series.labels)
                          : &registry_.AddGauge(series.name, Help(spec), series.labels);
  }
  shown.value->Set(total.value);
}

std::vector<SeriesName> LogMetrics::Expire() {
  std::vector<SeriesName> gone;
  const SteadyTime now = clock_.Steady();
  for (const auto& [series, shown] : shown_) {
    if (shown.value == nullptr) continue;
    const std::chrono::milliseconds idle(families_.at(series.name).spec.max_idle_ms);
    if (now - shown.touched >= idle) gone.push_back(series);
  }
  for (const SeriesName& series : gone) {
    registry_.Remove(series.name, series.labels);
    shown_.erase(series);
  }
  return gone;
}

}  // namespace telltale
