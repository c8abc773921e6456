// SPDX-License-Identifier: Apache-2.0
//
// The series of metrics stages on the sidecar's page. A batch's updates are taken over when it is
// settled, in one step with the journal, so the series agree with the delivered lines and go on
// after a restart. Lines that Loki refused for good count, too: they happened.
//
// Bounds: the sidecar keeps at most kMaxSeries series and kMaxBytes of their labels, on the page
// and in the journal. Updates of further series are dropped and counted. A series without updates
// for its maxIdle is removed; so is, after five minutes, one whose metric is not configured any
// more. Owned by LogWorker, on its thread; the page reads atomics.
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
  static constexpr std::size_t kMaxBytes = 1 << 20;

  LogMetrics(Registry& registry, Clock& clock);

  // Shows the series of configured metrics with their values in `totals`. Returns the series of
  // `totals` that are not kept: too many, or counted with other buckets.
  std::vector<SeriesName> Configure(const std::vector<LogSource>& sources,
                                    const SeriesTotals& totals);

  // A batch's updates under the names of their series.
  std::vector<SeriesDelta> Name(const Pipeline& pipeline,
                                const std::vector<MetricDelta>& deltas) const;

  // Counts updates that a batch had no room for.
  void Dropped(std::uint64_t updates) { dropped_.Add(updates); }

  // Removes the updates of series that are not kept. To be called before the journal takes them.
  void Admit(std::vector<SeriesDelta>& deltas);

  // Shows the new values of admitted updates.
  void Apply(const std::vector<SeriesDelta>& deltas, const SeriesTotals& totals);

  // Removes series without updates for too long from the page and returns them.
  std::vector<SeriesName> Expire();

 private:
  // A metric of the configuration.
  struct Family {
    MetricSpec spec;
    std::string help;
    bool usable = true;  // no other metric has its name with another type or other buckets
  };
  // A series that is kept; without a handle it is not on the page.
  struct Series {
    Gauge* value = nullptr;
    Histogram* histogram = nullptr;
    std::vector<std::uint64_t> counts;  // of the histogram
    double sum = 0;
    SteadyTime touched{};  // the last update
  };
  using KeptSeries = std::map<SeriesName, Series>;

  std::map<std::string, Family> FamiliesOf(const std::vector<LogSource>& sources) const;
  bool Keep(const SeriesName& series);
  void Hide(const SeriesName& name, Series& series);
  void Show(const SeriesName& name, Series& series, const SeriesTotal& total);
  KeptSeries::iterator Forget(KeptSeries::iterator series);

  Registry& registry_;
  Clock& clock_;
  Counter& dropped_;
  Gauge& kept_;
  std::map<std::string, Family> families_;
  KeptSeries series_;
  std::size_t bytes_ = 0;  // of the names and labels of series_
};

}  // namespace telltale
