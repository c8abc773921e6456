// SPDX-License-Identifier: Apache-2.0
//
// time   = date ("T" / "t") hour ":" minute ":" second [ "." 1*9DIGIT ] offset
// offset = "Z" / "z" / ( "+" / "-" ) hour ":" minute
// Second 60 is refused, as Go's time package does: a leap second has no place in Unix time.
#include "common/base/rfc3339.h"

#include <array>

#include "common/base/ascii.h"

namespace telltale {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::size_t kShortest = 20;  // 1970-01-01T00:00:00Z

// Two digits at `at`, or -1. The caller has checked the length.
int TwoDigits(std::string_view text, std::size_t at) {
  if (!IsDigit(text[at]) || !IsDigit(text[at + 1])) return -1;
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

bool IsLeap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int DaysInMonth(int year, int month) {
  static constexpr std::array<int, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeap(year) ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

// Days since 1970-01-01. Years are counted from March, so that the leap day is the last of a year
// and the days before a month are the line (153 m + 2) / 5.
std::int64_t DaysFromDate(int year, int month, int day) {
  const std::int64_t y = month > 2 ? year : year - 1;
  const std::int64_t m = month > 2 ? month - 3 : month + 9;
  const std::int64_t day_of_year = (153 * m + 2) / 5 + day - 1;
  // 719,468 days lie between 0000-03-01 and 1970-01-01.
  return y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719'468;
}

struct Date {
  std::int64_t year;
  int month, day;
};

// The inverse of DaysFromDate, by 400-year eras of 146,097 days.
Date DateFromDays(std::int64_t days) {
  const std::int64_t shifted = days + 719'468;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
  const std::int64_t in_era = shifted - era * 146'097;
  const std::int64_t year_of_era =
      (in_era - in_era / 1'460 + in_era / 36'524 - in_era / 146'096) / 365;
  const std::int64_t day_of_year =
      in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t m = (5 * day_of_year + 2) / 153;
  const int month = static_cast<int>(m < 10 ? m + 3 : m - 9);
  const int day = static_cast<int>(day_of_year - (153 * m + 2) / 5 + 1);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

// The seconds of the offset at `at`, which must be the rest of the text.
std::optional<std::int64_t> ParseOffset(std::string_view text, std::size_t at) {
  const std::size_t rest = text.size() - at;
  if (rest == 1 && (text[at] == 'Z' || text[at] == 'z')) return 0;
  if (rest != 6 || (text[at] != '+' && text[at] != '-') || text[at + 3] != ':') return {};
  const int hours = TwoDigits(text, at + 1);
  const int minutes = TwoDigits(text, at + 4);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return {};
  const std::int64_t seconds = hours * 3600 + minutes * 60;
  return text[at] == '-' ? -seconds : seconds;
}

void AppendPadded(std::int64_t value, int width, std::string& out) {
  std::array<char, 20> digits{};
  for (int i = width - 1; i >= 0; --i) {
    digits[static_cast<std::size_t>(i)] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  out.append(digits.data(), static_cast<std::size_t>(width));
}

}  // namespace

std::optional<std::int64_t> ParseRfc3339(std::string_view text) {
  if (text.size() < kShortest || text[4] != '-' || text[7] != '-' || text[13] != ':' ||
      text[16] != ':' || (text[10] != 'T' && text[10] != 't')) {
    return {};
  }
  const int century = TwoDigits(text, 0), year_of_century = TwoDigits(text, 2);
  const int month = TwoDigits(text, 5), day = TwoDigits(text, 8);
  const int hour = TwoDigits(text, 11), minute = TwoDigits(text, 14), second = TwoDigits(text, 17);
  if (century < 0 || year_of_century < 0 || month < 1 || month > 12 || day < 1 || hour < 0 ||
      hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) {
    return {};
  }
  const int year = century * 100 + year_of_century;
  if (day > DaysInMonth(year, month)) return {};

  std::int64_t nanos = 0;
  std::size_t at = 19;
  if (text[at] == '.') {
    std::int64_t unit = kNanosPerSecond;
    for (++at; at < text.size() && IsDigit(text[at]); ++at) {
      if (unit == 1) return {};  // a tenth digit
      unit /= 10;
      nanos += (text[at] - '0') * unit;
    }
    if (unit == kNanosPerSecond || at == text.size()) return {};
  }
  const auto offset = ParseOffset(text, at);
  if (!offset) return {};

  const std::int64_t seconds = DaysFromDate(year, month, day) * kSecondsPerDay + hour * 3600 +
                               minute * 60 + second - *offset;
  std::int64_t result = 0;
  if (seconds < 0 || __builtin_mul_overflow(seconds, kNanosPerSecond, &result) ||
      __builtin_add_overflow(result, nanos, &result)) {
    return {};
  }
  return result;
}

std::string FormatRfc3339(std::int64_t nanos, int fraction_digits) {
  std::int64_t seconds = nanos / kNanosPerSecond;
  std::int64_t fraction = nanos % kNanosPerSecond;
  if (fraction < 0) {
    fraction += kNanosPerSecond;
    --seconds;
  }
  std::int64_t days = seconds / kSecondsPerDay;
  std::int64_t rest = seconds % kSecondsPerDay;
  if (rest < 0) {
    rest += kSecondsPerDay;
    --days;
  }
  const Date date = DateFromDays(days);
  std::string out;
  out.reserve(32);
  AppendPadded(date.year, 4, out);
  out += '-';
  AppendPadded(date.month, 2, out);
  out += '-';
  AppendPadded(date.day, 2, out);
  out += 'T';
  AppendPadded(rest / 3600, 2, out);
  out += ':';
  AppendPadded(rest / 60 % 60, 2, out);
  out += ':';
  AppendPadded(rest % 60, 2, out);
  if (fraction_digits > 0) {
    for (int i = fraction_digits; i < 9; ++i) fraction /= 10;
    out += '.';
    AppendPadded(fraction, fraction_digits, out);
  }
  out += 'Z';
  return out;
}

}  // namespace telltale
