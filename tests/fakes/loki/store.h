// SPDX-License-Identifier: Apache-2.0
//
// What a Loki does with the lines of a push: its limits, the sentences with which it refuses lines,
// and what is stored afterwards. By default Loki 3.7, with `v22` Loki 2.2.1;
// tests/integration/test_fake_loki.py compares both with the real ones. No sockets and no clock:
// `now` is an argument, so it works on simulated time, too. Not thread-safe; FakeLoki has the lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/fakes/loki/limits.h"
#include "tests/fakes/loki/push.h"

namespace telltale {

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
  // Stores what Loki would store, and says what Loki would say. Each stream and each line is judged
  // for itself: what is refused keeps nothing else out. Only the last stream that refused lines is
  // in the answer, as with Loki.
  // `limited_stream`: this stream of the push, from 0, is above its rate this time, whatever its
  // rate is; negative: none is.
  Verdict Push(const LokiPush& push, std::int64_t now, int limited_stream = -1);
  // From now on this entry is refused as too far behind, unless it is there already.
  void Condemn(const std::string& tenant, const std::string& labels, const LokiEntry& entry);
  bool Has(const std::string& tenant, const std::string& labels, const LokiEntry& entry) const;

  // Streams in the order of their first line.
  const std::vector<Stream>& streams() const { return streams_; }
  // The lines of all streams as a query answers them: by time, and within one by arrival.
  std::vector<LokiEntry> ByTime() const;
  // Entries that came again: dropped, because Loki saw that it has them, or stored once more,
  // because their head block had been cut meanwhile.
  std::uint64_t duplicates() const { return duplicates_; }
  std::uint64_t stored_again() const { return stored_again_; }
  // Entries that were condemned and refused at least once.
  std::uint64_t refused() const { return refused_.size(); }

 private:
  struct State {
    std::size_t index = 0;  // in streams_
    std::int64_t newest = INT64_MIN;
    LokiEntry last;  // that was taken
    bool has_last = false;
    // The block that is being filled: what is in it, its bytes, and how many are full in its chunk.
    std::set<std::string> head;
    std::size_t head_bytes = 0;
    int full_blocks = 0;
    LokiBucket bucket;
  };
  // What the first part, the distributor, lets through of one stream.
  struct Passed {
    std::string labels;
    std::vector<LokiEntry> entries;
    bool limited = false;
  };

  // The second part, the ingester.
  Verdict Ingest(const std::string& tenant, const Passed& passed, std::int64_t now);
  Verdict Ingest3(const std::string& tenant, const Passed& passed, State& state, std::int64_t now);
  Verdict Ingest22(const std::string& tenant, const Passed& passed, State& state);
  // False when it is in the head block already.
  bool Append(const std::string& tenant, const Passed& passed, State& state,
              const LokiEntry& entry);
  bool IsLast(const State& state, const LokiEntry& entry) const;
  static std::string Key(const std::string& tenant, const std::string& labels,
                         const LokiEntry& entry);

  LokiLimits limits_;
  std::vector<Stream> streams_;
  std::map<std::pair<std::string, std::string>, State> states_;  // by tenant and labels
  std::map<std::string, LokiBucket> tenants_;
  std::set<std::string> seen_, condemned_, refused_;
  std::uint64_t duplicates_ = 0, stored_again_ = 0;
};

}  // namespace telltale
