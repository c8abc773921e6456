// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/config_budget.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <string_view>
#include <tuple>
#include <vector>

namespace telltale {

std::set<std::string> OverBudget(const std::map<std::string, BudgetPart>& parts,
                                 std::size_t budget) {
  std::size_t total = 0;
  std::vector<std::tuple<int, bool, std::string_view>> order;
  for (const auto& [key, part] : parts) {
    total += part.bytes;
    order.emplace_back(std::bit_width(part.bytes), !part.held, key);
  }
  std::set<std::string> left_out;
  if (total <= budget) return left_out;
  std::ranges::sort(order, std::greater());
  for (const auto& [size, newcomer, key] : order) {
    if (total <= budget) break;
    const auto part = parts.find(std::string(key));
    total -= part->second.bytes;
    left_out.insert(part->first);
  }
  return left_out;
}

}  // namespace telltale
