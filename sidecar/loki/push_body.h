// SPDX-License-Identifier: Apache-2.0
//
// The lines of a batch that belong to one stream, and what became of a batch. Plain values:
// BatchBuilder makes them, PushQueue packs them into pushes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sidecar/loki/line_count.h"

namespace telltale {

// The lines of one stream.
struct PushBody {
  std::string compressed;    // snappy of a PushRequest that holds this stream alone
  LineCount count = {};      // bytes without what was cut
  std::uint64_t stream = 0;  // equal for the same labels
  std::int64_t newest = 0;   // time of its newest line
  std::string tenant = {};   // empty: that of the target
};

struct PushResult {
  enum class Kind {
    kDone,      // every piece was stored, or lost for a reason
    kHeld,      // not a result yet: it waits for its own tenant or stream, others go on
    kReleased,  // too much waits: its bytes were let go
    kWanted,    // its turn comes: read it from its file again, for Sender::Refill
  } kind = Kind::kDone;
  std::uint64_t sequence = 0;
  // kDone: what became of its lines.
  LineCount acked;
  Losses lost;
  // kHeld: streams of it that are settled and need not be sent again.
  std::vector<std::uint64_t> settled;
};

// kDone, for those that settle a batch without a store.
inline PushResult Done(std::uint64_t sequence, const LineCount& acked) {
  PushResult result;
  result.sequence = sequence;
  result.acked = acked;
  return result;
}

}  // namespace telltale
