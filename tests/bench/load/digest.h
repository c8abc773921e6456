// SPDX-License-Identifier: Apache-2.0
//
// The end of each run: is what our operator serves exactly what the server's pods ask for? Both
// sides are counted and summed as hashes of (address, uid, namespace, node, pod).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/bench/load/templates.h"

namespace telltale::bench {

struct Digest {
  std::uint64_t targets = 0;
  std::uint64_t sum = 0;
  bool operator==(const Digest&) const = default;
};

// Of pods that run, each with one endpoint, of the apps below `monitored`.
Digest DigestOfPods(const std::vector<PodFill>& pods, std::uint16_t monitored);
// Of an answer to /sd/v1/targets.
Digest DigestOfDocument(std::string_view document);

}  // namespace telltale::bench
