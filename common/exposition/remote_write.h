// SPDX-License-Identifier: Apache-2.0
//
// Metric families as Prometheus stores them: one value for each name and set of labels, and the
// requests that hand them over by remote write 1.0 and 2.0
// (prometheus.io/docs/specs/prw/remote_write_spec_2_0). Requests are not compressed here. Pure,
// thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/exposition/family.h"

namespace telltale {

struct RemoteSeries {
  Labels labels;  // sorted by name, with __name__, without empty values and without a name twice
  double value = 0;
  MetricType type = MetricType::kUntyped;
  bool operator==(const RemoteSeries&) const = default;
};

struct ScrapeLabels {
  Labels target;  // of the scrape; empty values are left out
  // Values of `le` and `quantile` as floats, "1.0" for "1", as Prometheus 3 stores them.
  bool float_bounds = true;
  // job and instance of a sample take the place of the target's, as the chart's Prometheus has it
  // for what is pushed to a sidecar.
  bool keep_job = false;
};

// What a scrape without honor_labels would store: a label that the target has too is named
// exported_NAME. Sorted by labels; of a series that is there twice the first. Native histograms,
// exemplars and created times are left out.
std::vector<RemoteSeries> ScrapedSeries(const std::vector<Family>& families,
                                        const ScrapeLabels& labels);

enum class RemoteWriteVersion { k1, k2 };

// The value of each series at `time_ms`, in milliseconds since the epoch; if the series `end`,
// Prometheus' staleness marker a millisecond later.
std::string EncodeRemoteWrite(std::span<const RemoteSeries> series, std::int64_t time_ms, bool end,
                              RemoteWriteVersion version);

// The request's header Content-Type.
std::string_view RemoteWriteContentType(RemoteWriteVersion version);

}  // namespace telltale
