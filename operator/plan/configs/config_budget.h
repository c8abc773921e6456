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

// The keys to leave out so that the other sizes add up to at most `budget`: the largest ones, and
// of equal ones the last by key.
std::set<std::string> OverBudget(const std::map<std::string, std::size_t>& sizes,
                                 std::size_t budget);

}  // namespace telltale
