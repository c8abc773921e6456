// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "common/exposition/remote_write.h"
#include "common/exposition/text_format.h"

namespace telltale {
namespace {

constexpr std::string_view kExported = "exported_";

void Remove(Labels& labels, std::string_view name) {
  std::erase_if(labels, [&](const auto& label) { return label.first == name; });
}

// Makes the series of one page.
class Scrape {
 public:
  explicit Scrape(const ScrapeLabels& labels) : options_(labels), target_(labels.target) {
    std::erase_if(target_, [](const auto& label) { return label.second.empty(); });
  }

  void Add(const Family& family, const Metric& metric) {
    if (metric.distribution == nullptr) return Sample(family, "", metric, metric.value);
    const Distribution& from = *metric.distribution;
    const bool histogram = family.type == MetricType::kHistogram;
    bool infinite = false;
    for (const Bucket& bucket : from.buckets) {
      infinite = infinite || (bucket.bound > 0 && std::isinf(bucket.bound));
      Sample(family, histogram ? "_bucket" : "", metric, bucket.value,
             histogram ? "le" : "quantile", bucket.bound);
    }
    // As the parsers of the text formats have it; a native histogram has none.
    if (histogram && !infinite && !from.buckets.empty()) {
      Sample(family, "_bucket", metric, from.count, "le", HUGE_VAL);
    }
    if (histogram && from.buckets.empty() && !from.native.empty()) return;
    Sample(family, "_sum", metric, from.sum);
    Sample(family, "_count", metric, from.count);
  }

  std::vector<RemoteSeries> Finish() {
    const auto labels = [](const RemoteSeries& series) -> const Labels& { return series.labels; };
    std::ranges::stable_sort(series_, {}, labels);
    const auto twice = std::ranges::unique(series_, {}, labels);
    series_.erase(twice.begin(), twice.end());
    return std::move(series_);
  }

 private:
  void Sample(const Family& family, std::string_view suffix, const Metric& metric, double value,
              std::string_view bound_name = {}, double bound = 0) {
    RemoteSeries& series = series_.emplace_back();
    series.value = value;
    series.type = family.type;
    Labels& labels = series.labels;
    for (const auto& [name, text] : metric.labels) {
      if (!text.empty()) SetLabel(labels, name, text);
    }
    if (!bound_name.empty()) SetLabel(labels, bound_name, BoundText(bound));
    AddTarget(labels);
    SetLabel(labels, "__name__", family.name + std::string(suffix));
    std::ranges::sort(labels);
  }

  std::string BoundText(double bound) const {
    std::string text;
    if (options_.float_bounds) {
      AppendOpenMetricsBound(bound, text);
    } else {
      AppendDouble(bound, text);
    }
    return text;
  }

  void AddTarget(Labels& labels) const {
    const Labels sample = labels;
    for (const auto& [name, value] : target_) {
      const std::string* own = FindLabel(sample, name);
      if (own == nullptr) {
        SetLabel(labels, name, value);
        continue;
      }
      if (options_.keep_job && (name == "job" || name == "instance")) continue;
      std::string exported = std::string(kExported) + name;
      while (FindLabel(labels, exported) != nullptr || FindLabel(target_, exported) != nullptr) {
        exported.insert(0, kExported);
      }
      const std::string text = *own;
      Remove(labels, name);
      SetLabel(labels, exported, text);
      SetLabel(labels, name, value);
    }
  }

  const ScrapeLabels& options_;
  Labels target_;
  std::vector<RemoteSeries> series_;
};

}  // namespace

std::vector<RemoteSeries> ScrapedSeries(const std::vector<Family>& families,
                                        const ScrapeLabels& labels) {
  Scrape scrape(labels);
  for (const Family& family : families) {
    for (const Metric& metric : family.metrics) scrape.Add(family, metric);
  }
  return scrape.Finish();
}

}  // namespace telltale
