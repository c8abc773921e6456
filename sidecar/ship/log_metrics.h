// SPDX-License-Identifier: Apache-2.0
//
// The series of metrics stages on the sidecar's page. They take over what a batch counted when it
// is settled, in one step with the journal, so they agree with the lines that were delivered, and
// go on after a restart where they were. Lines that Loki refused for good are counted, too: they
// happened. A series that nothing was added to for max_idle goes, but for histograms.
// Owned by LogWorker, on its thread; the page reads atomics.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/metrics/registry.h"
#include "sidecar/journal/journal_record.h"
#include "sidecar/pipeline/pipeline.h"
#include "sidecar/tail/log_source.h"

namespace telltale {

class LogMetrics {
 public:
  static constexpr std::size_t kMaxSeries = 2000;

  LogMetrics(Registry& registry, Clock& clock);

  // Series of metrics that are configured are shown again with what `totals` says of them.
  void Configure(const std::vector<LogSource>& sources, const SeriesTotals& totals);

  // A batch's updates under the names of their series.
  std::vector<SeriesDelta> Name(const Pipeline& pipeline,
                                const std::vector<MetricDelta>& deltas) const;

  void Apply(const std::vector<SeriesDelta>& deltas, const SeriesTotals& totals);

  // Those that idle for too long; they are not on the page any more.
  std::vector<SeriesName> Expire();

 private:
  struct Family {
    MetricSpec spec;
    bool usable = true;  // no other metric has its name with another type
  };
  struct Shown {
    Gauge* value = nullptr;
    Histogram* histogram = nullptr;
    std::vector<std::uint64_t> counts;  // of the histogram
    double sum = 0;
    SteadyTime touched{};
  };
  void Show(const SeriesName& series, const SeriesTotal& total);

  Registry& registry_;
  Clock& clock_;
  Counter& dropped_;
  std::map<std::string, Family> families_;
  std::map<SeriesName, Shown> shown_;
};

}  // namespace telltale
