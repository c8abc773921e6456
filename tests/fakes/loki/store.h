// SPDX-License-Identifier: Apache-2.0
//
// What Loki 3.7 does with the lines of a push: its limits, the sentences with which it refuses
// lines, and what is there afterwards. Entries that are there already (same stream, time, line and
// metadata) are dropped, as queries do. tests/integration/test_fake_loki.py holds it against the
// real one. No sockets and no clock: `now` is an argument, so it works on simulated time, too.
// Not thread-safe; FakeLoki has the lock.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/fakes/loki/push.h"

namespace telltale {

// Loki's defaults. A limit of 0 is none.
struct LokiLimits {
  static LokiLimits None();

  std::int64_t oldest_seconds = 7 * 86'400;  // reject_old_samples_max_age
  std::int64_t newest_seconds = 600;         // creation_grace_period
  std::int64_t behind_seconds = 3'600;       // half of max_chunk_age
  std::size_t max_line = 256 << 10;
  std::size_t max_label_names = 15, max_label_name = 1024, max_label_value = 2048;
  bool need_labels = true;
  std::size_t max_streams = 5'000;
  std::size_t max_body = 100 << 20;
  // Bytes a second and at once: of a tenant, and of one stream.
  double rate = 4 << 20, burst = 6 << 20;
  double stream_rate = 3 << 20, stream_burst = 15 << 20;
};

class LokiStore {
 public:
  struct Verdict {
    int status = 204;
    std::string body;
  };
  struct Stream {
    std::string tenant, labels;
    std::vector<LokiEntry> entries;  // in the order of arrival
  };

  explicit LokiStore(LokiLimits limits = LokiLimits::None()) : limits_(limits) {}

  void set_limits(const LokiLimits& limits) { limits_ = limits; }
  // Takes what Loki would take, and says what Loki would say.
  Verdict Push(const LokiPush& push, std::int64_t now);
  // From now on this entry is refused as too far behind, unless it is there already.
  void Condemn(const std::string& tenant, const std::string& labels, const LokiEntry& entry);
  bool Has(const std::string& tenant, const std::string& labels, const LokiEntry& entry) const;

  // Streams in the order of their first line.
  const std::vector<Stream>& streams() const { return streams_; }
  // The lines of all streams as a query answers them: by time, and within one by arrival.
  std::vector<LokiEntry> ByTime() const;
  std::uint64_t duplicates() const { return duplicates_; }  // dropped because they were there
  // Entries that were condemned and refused at least once.
  std::uint64_t refused() const { return refused_.size(); }

 private:
  struct Bucket {
    double tokens = -1;  // not used yet
    std::int64_t at = 0;
    bool Take(double wanted, double rate, double burst, std::int64_t now);
  };
  struct State {
    std::size_t index = 0;  // in streams_
    std::int64_t newest = 0;
    std::optional<LokiEntry> last;  // that was taken
    Bucket bucket;
  };
  // What the first part, the distributor, lets through of one stream.
  struct Passed {
    std::string labels;
    std::vector<const LokiEntry*> entries;
  };
  struct Told {  // like sentences, with how often
    std::vector<std::pair<std::string, int>> sentences;
    void Add(std::string sentence);
    std::string Text() const;
  };

  std::optional<std::string> CheckLabels(const std::string& text, std::string& formatted) const;
  std::optional<std::string> CheckEntry(const std::string& labels, const LokiEntry& entry,
                                        std::int64_t now) const;
  // The second part, the ingester.
  Verdict Ingest(const std::string& tenant, const Passed& passed, std::int64_t now);
  static std::string Key(const std::string& tenant, const std::string& labels,
                         const LokiEntry& entry);

  LokiLimits limits_;
  std::vector<Stream> streams_;
  std::map<std::pair<std::string, std::string>, State> states_;  // by tenant and labels
  std::map<std::string, Bucket> tenants_;
  std::set<std::string> seen_, condemned_, refused_;
  std::uint64_t duplicates_ = 0;
};

}  // namespace telltale
