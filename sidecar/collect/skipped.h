// SPDX-License-Identifier: Apache-2.0
//
// How many things a collector left out of its last cycle, by reason, as telltale_collector_skipped.
// A reason that begins to count is logged once, with the first thing. Thread-compatible.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "common/metrics/registry.h"

namespace telltale {

class Skipped {
 public:
  // Each of `reasons`, literals, has a series from now on.
  Skipped(Registry& registry, std::string_view collector,
          std::initializer_list<std::string_view> reasons);
  ~Skipped();
  Skipped(const Skipped&) = delete;
  Skipped& operator=(const Skipped&) = delete;

  // One cycle: Begin, Add for each thing, End.
  void Begin();
  // `what` is for the log: a name or a path, with the reason's detail.
  void Add(std::string_view reason, std::string_view what);
  void End();

 private:
  struct Reason {
    std::string_view name;
    Gauge* gauge;
    std::uint64_t count = 0;
    std::string first;
    bool logged = false;
  };
  Registry& registry_;
  const std::string collector_;
  std::vector<Reason> reasons_;
};

}  // namespace telltale
