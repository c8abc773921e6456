// SPDX-License-Identifier: Apache-2.0
//
// The numbers with units of strings.h: durations and sizes.
#include <array>
#include <charconv>
#include <limits>

#include "common/base/ascii.h"
#include "common/base/strings.h"

namespace telltale {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::int64_t kSecond = 1'000, kMinute = 60 * kSecond, kHour = 60 * kMinute,
                       kDay = 24 * kHour;

// In the only order in which they may follow each other.
constexpr std::array<Unit, 7> kDurations{{{"y", 365 * kDay},
                                          {"w", 7 * kDay},
                                          {"d", kDay},
                                          {"h", kHour},
                                          {"m", kMinute},
                                          {"s", kSecond},
                                          {"ms", 1}}};

// KB is 1000 and KiB is 1024; Kubernetes writes Ki for KiB.
constexpr std::array<Unit, 14> kSizes{{{"", 1},
                                       {"B", 1},
                                       {"KB", 1'000},
                                       {"kB", 1'000},
                                       {"MB", 1'000'000},
                                       {"GB", 1'000'000'000},
                                       {"KiB", 1ll << 10},
                                       {"MiB", 1ll << 20},
                                       {"GiB", 1ll << 30},
                                       {"TiB", 1ll << 40},
                                       {"Ki", 1ll << 10},
                                       {"Mi", 1ll << 20},
                                       {"Gi", 1ll << 30},
                                       {"Ti", 1ll << 40}}};

// Prometheus keeps durations in 64-bit nanoseconds and refuses what does not fit.
constexpr std::int64_t kMaxDurationMs = std::numeric_limits<std::int64_t>::max() / 1'000'000;

// The digits at the front of `text`, which are removed from it.
std::optional<std::int64_t> TakeNumber(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && IsDigit(text[length])) ++length;
  const auto value = ParseInt(text.substr(0, length));
  text.remove_prefix(length);
  return value;
}

}  // namespace

std::optional<std::int64_t> ParseInt(std::string_view text) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stop != end) return {};
  return value;
}

std::optional<std::int64_t> ParseDurationMs(std::string_view text) {
  if (text == "0") return 0;
  if (text.empty()) return {};
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  while (!text.empty()) {
    const auto number = TakeNumber(text);
    if (!number) return {};
    std::size_t letters = 0;
    while (letters < text.size() && !IsDigit(text[letters])) ++letters;
    const std::string_view name = text.substr(0, letters);
    text.remove_prefix(letters);
    while (next_unit < kDurations.size() && kDurations[next_unit].name != name) ++next_unit;
    if (next_unit == kDurations.size()) return {};
    std::int64_t part = 0;
    if (__builtin_mul_overflow(*number, kDurations[next_unit].factor, &part) ||
        __builtin_add_overflow(total, part, &total) || total > kMaxDurationMs) {
      return {};
    }
    ++next_unit;
  }
  return total;
}

std::optional<std::int64_t> ParseBytes(std::string_view text) {
  const auto number = TakeNumber(text);
  if (!number) return {};
  for (const Unit& unit : kSizes) {
    std::int64_t bytes = 0;
    if (unit.name != text) continue;
    if (__builtin_mul_overflow(*number, unit.factor, &bytes)) return {};
    return bytes;
  }
  return {};
}

}  // namespace telltale
