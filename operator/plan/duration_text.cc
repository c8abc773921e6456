// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/duration_text.h"

#include <array>
#include <string_view>

namespace telltale {
namespace {

struct Unit {
  std::int64_t ms;
  std::string_view name;
};
constexpr std::array<Unit, 4> kUnits = {{{3'600'000, "h"}, {60'000, "m"}, {1'000, "s"}, {1, "ms"}}};

}  // namespace

std::string DurationText(std::int64_t ms) {
  if (ms <= 0) return "0s";
  std::string text;
  for (const auto& unit : kUnits) {
    if (ms < unit.ms) continue;
    text.append(std::to_string(ms / unit.ms)).append(unit.name);
    ms %= unit.ms;
  }
  return text;
}

}  // namespace telltale
