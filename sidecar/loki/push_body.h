// SPDX-License-Identifier: Apache-2.0
//
// One request to Loki, and what became of a batch of them. Plain values: BatchBuilder makes them,
// PushQueue orders them, Sender sends them.
#pragma once

#include <cstdint>
#include <string>

#include "sidecar/loki/line_count.h"

namespace telltale {

// The lines of one stream.
struct PushBody {
  std::string compressed;    // snappy of the protobuf
  LineCount count = {};      // bytes without what was cut
  std::uint64_t stream = 0;  // equal for the same labels
  std::int64_t newest = 0;   // time of its newest line
  std::string tenant = {};   // empty: that of the target
};

struct PushResult {
  std::uint64_t sequence = 0;
  LineCount acked;
  Losses lost;
  // Not a result yet: the batch waits because of its own stream, while others go on.
  bool held = false;
};

}  // namespace telltale
