// SPDX-License-Identifier: Apache-2.0
//
// Which MonitoringTargets' parts of a configuration fit into one ConfigMap. The API server refuses
// a ConfigMap with more than 1 MiB of values, and with it every part, so what does not fit is left
// out and the rest is written. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>

namespace telltale {

// In bytes of values, keys not counted. Kubernetes' limit is 1 MiB.
inline constexpr std::size_t kConfigMapBudget = (std::size_t{1} << 20) - (std::size_t{16} << 10);

struct BudgetPart {
  std::size_t bytes = 0;
  bool held = false;  // the ConfigMap has this key already, with whatever content
};

// The keys to leave out so that the others add up to at most `budget`: the largest first. Sizes
// count as equal between two powers of two, so that an edit that adds a few bytes to one of many
// similar parts does not put it out; of equal ones those that are not held go first, then the last
// by key.
std::set<std::string> OverBudget(const std::map<std::string, BudgetPart>& parts,
                                 std::size_t budget);

}  // namespace telltale
