// SPDX-License-Identifier: Apache-2.0
//
// What became of every line: read = acked + pending + lost + dropped, in lines and in bytes of the
// file, at every moment that anybody can look. Lost is what should have arrived and cannot; dropped
// is what a stage of the pipeline was told to leave out, so an alert on losses stays quiet about
// it. Without such stages dropped is 0. The numbers change together under one lock and are copied
// to the registry when a page is rendered. The same is counted for each owner of log sources.
//
// Threads: the pipeline's worker changes it, the page's thread and tests read it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/metrics/registry.h"
#include "sidecar/loki/line_count.h"
#include "sidecar/ship/owner_accounts.h"
#include "sidecar/ship/owner_series.h"

namespace telltale {

class Accounting {
 public:
  struct Totals {
    LineCount read, acked, pending;
    Losses lost, dropped;
  };

  // Registers the series of telltale_logs_*; those of known reasons start at 0.
  static std::shared_ptr<Accounting> Make(Registry& registry, Clock& clock);

  // The accounts of each source's owners, in the order of `sources`. `owners` below are of these.
  std::vector<OwnerAccounts> Assign(const std::vector<LogSource>& sources);
  // Once a second: removes the accounts of owners that are gone. Those that `gauges` does not name
  // get 0.
  using GaugesByOwner = std::map<std::shared_ptr<OwnerAccount>, OwnerGauges>;
  void UpdateOwners(GaugesByOwner gauges);

  // Lines went from a file into a batch; of their bytes `cut` were left out.
  void Read(const LineCount& lines, std::uint64_t cut_bytes, const Losses& dropped = {},
            const OwnerAccounts& owners = {});
  // Lines that stages could not work on.
  void StagesFailed(const std::vector<StageFailure>& failures, const OwnerAccounts& owners);
  // Label sets beyond what a batch may have: their lines went out with them as metadata.
  void Overflowed(std::uint64_t lines) { overflowed_.Add(lines); }
  // Lines under way when the program ended, taken anew because the pipeline is another one now.
  void Rebuilt(std::uint64_t lines) { rebuilt_.Add(lines); }
  // Seen, but gone before they could be read or sent again.
  void LostUnread(std::string_view reason, const LineCount& lines,
                  const OwnerAccounts& owners = {});
  // A batch was answered: together what Read counted, without the cut.
  void Answered(const LineCount& acked, const Losses& lost, const OwnerAccounts& owners = {});
  // Since when the oldest line that Loki has not acknowledged is known; 0 when there is none.
  void SetOldest(std::int64_t wall_nanos);

  Totals Snapshot() const;

 private:
  Accounting(Registry& registry, Clock& clock);
  void Publish();

  struct Series {
    Counter* lines;
    Counter* bytes;
  };

  Registry& registry_;
  Clock& clock_;
  Counter& read_lines_;
  Counter& read_bytes_;
  Counter& acked_lines_;
  Counter& acked_bytes_;
  Gauge& pending_lines_;
  Gauge& pending_bytes_;
  Gauge& oldest_age_;
  Counter& overflowed_;
  Counter& rebuilt_;
  using SeriesByReason = std::map<std::string, Series, std::less<>>;
  void PublishReasons(const Losses& counts, std::string_view what, std::string_view help,
                      SeriesByReason& series);
  SeriesByReason lost_series_, dropped_series_;  // used by Publish alone
  OwnerSeries owner_series_;                     // used by Publish alone
  mutable Mutex mutex_;
  Totals totals_ GUARDED_BY(mutex_);
  std::int64_t oldest_ GUARDED_BY(mutex_) = 0;
  OwnerBook book_ GUARDED_BY(mutex_);  // with what its accounts hold
};

}  // namespace telltale
