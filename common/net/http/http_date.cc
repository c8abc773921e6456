// SPDX-License-Identifier: Apache-2.0
#include "common/net/http/http_date.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "common/base/ascii.h"
#include "common/base/strings.h"

namespace telltale {
namespace {

// A number of exactly `digits` digits, or -1.
int Number(std::string_view text, std::size_t digits) {
  if (text.size() != digits || !std::all_of(text.begin(), text.end(), IsDigit)) return -1;
  const auto value = ParseInt(text);
  return value ? static_cast<int>(*value) : -1;
}

unsigned MonthOf(std::string_view name) {
  constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                     "jul", "aug", "sep", "oct", "nov", "dec"};
  const auto found = std::find(kMonths.begin(), kMonths.end(), LowerAscii(name));
  return found == kMonths.end() ? 0 : static_cast<unsigned>(found - kMonths.begin()) + 1;
}

// "08:49:37" in seconds, or -1. Second 60 is a leap second.
int TimeOfDay(std::string_view text) {
  const auto parts = Split(text, ':');
  if (parts.size() != 3) return -1;
  const int hour = Number(parts[0], 2), minute = Number(parts[1], 2), second = Number(parts[2], 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return -1;
  return hour * 3'600 + minute * 60 + second;
}

std::optional<std::int64_t> Seconds(int year, std::string_view month, int day,
                                    std::string_view time) {
  const int seconds = TimeOfDay(time);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(MonthOf(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (year < 0 || day < 0 || seconds < 0 || !date.ok()) return std::nullopt;
  return std::int64_t{std::chrono::sys_days(date).time_since_epoch().count()} * 86'400 + seconds;
}

// The words of `text`; two spaces count as one, as before the day of the third form.
std::vector<std::string_view> Words(std::string_view text) {
  auto words = Split(Trim(text), ' ');
  std::erase_if(words, [](std::string_view word) { return word.empty(); });
  return words;
}

}  // namespace

std::optional<std::int64_t> ParseHttpDate(std::string_view text) {
  const auto words = Words(text);
  if (words.size() == 6 && words[0].ends_with(',') && words[5] == "GMT") {
    return Seconds(Number(words[3], 4), words[2], Number(words[1], 2), words[4]);
  }
  if (words.size() == 4 && words[0].ends_with(',') && words[3] == "GMT") {
    const auto date = Split(words[1], '-');
    if (date.size() != 3) return std::nullopt;
    const int year = Number(date[2], 2);
    if (year < 0) return std::nullopt;
    return Seconds(year + (year < 70 ? 2000 : 1900), date[1], Number(date[0], 2), words[2]);
  }
  if (words.size() == 5) {
    return Seconds(Number(words[4], 4), words[1], Number(words[2], words[2].size() == 1 ? 1 : 2),
                   words[3]);
  }
  return std::nullopt;
}

std::optional<std::chrono::seconds> ParseRetryAfter(std::string_view value,
                                                    std::int64_t now_seconds) {
  value = Trim(value);
  if (!value.empty() && std::all_of(value.begin(), value.end(), IsDigit)) {
    // A number that does not fit asks to wait for longer than anybody does.
    return std::chrono::seconds(ParseInt(value).value_or(INT32_MAX));
  }
  const auto date = ParseHttpDate(value);
  if (!date) return std::nullopt;
  return std::chrono::seconds(std::max<std::int64_t>(*date - now_seconds, 0));
}

}  // namespace telltale
