// SPDX-License-Identifier: Apache-2.0
#include "sidecar/pipeline/time/go_duration.h"

#include <charconv>

namespace telltale {
namespace {

struct Unit {
  std::string_view name;
  double seconds;
};
// A longer name comes before the one that it begins with.
constexpr Unit kUnits[] = {{"ns", 1e-9}, {"us", 1e-6}, {"\xc2\xb5s", 1e-6}, {"\xce\xbcs", 1e-6},
                           {"ms", 1e-3}, {"s", 1},     {"m", 60},           {"h", 3600}};

}  // namespace

bool ParseGoDuration(std::string_view text, double& seconds) {
  seconds = 0;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return true;
  if (text.empty()) return false;
  while (!text.empty()) {
    if (text[0] != '.' && (text[0] < '0' || text[0] > '9')) return false;
    double number = 0;
    const auto parsed =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (parsed.ec != std::errc()) return false;
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
    const Unit* unit = nullptr;
    for (const Unit& known : kUnits) {
      if (unit == nullptr && text.starts_with(known.name)) unit = &known;
    }
    if (unit == nullptr) return false;
    seconds += number * unit->seconds;
    text.remove_prefix(unit->name.size());
  }
  if (negative) seconds = -seconds;
  return true;
}

}  // namespace telltale
