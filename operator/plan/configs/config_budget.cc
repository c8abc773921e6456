// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/config_budget.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace telltale {

std::set<std::string> OverBudget(const std::map<std::string, std::size_t>& sizes,
                                 std::size_t budget) {
  std::size_t total = 0;
  std::vector<std::pair<std::size_t, const std::string*>> largest;
  for (const auto& [key, size] : sizes) {
    total += size;
    largest.emplace_back(size, &key);
  }
  std::set<std::string> left_out;
  if (total <= budget) return left_out;
  std::ranges::sort(largest, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : *a.second > *b.second;
  });
  for (const auto& [size, key] : largest) {
    if (total <= budget) break;
    total -= size;
    left_out.insert(*key);
  }
  return left_out;
}

}  // namespace telltale
