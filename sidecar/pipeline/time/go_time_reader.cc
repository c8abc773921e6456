// SPDX-License-Identifier: Apache-2.0
#include "sidecar/pipeline/time/go_time_reader.h"

#include <algorithm>
#include <array>

#include "common/base/ascii.h"

namespace telltale {
namespace {

using Part = TimeFormat::Part;

constexpr std::string_view kMonths[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
constexpr std::string_view kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};

bool DigitAt(std::string_view text, std::size_t i) { return i < text.size() && IsDigit(text[i]); }

bool IsLeap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int DaysIn(int month, int year) {
  static constexpr std::array<int, 12> kLengths{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeap(year) ? 29 : kLengths[static_cast<std::size_t>(month - 1)];
}

// The length of the abbreviation at the front, by Go's rules; 0 when there is none.
std::size_t ZoneLength(std::string_view text) {
  if (text.starts_with("ChST") || text.starts_with("MeST")) return 4;
  if (text.starts_with("GMT")) {
    std::size_t end = 3;
    if (end < text.size() && (text[end] == '+' || text[end] == '-')) {
      int hours = 0;
      std::size_t digits = end + 1;
      while (DigitAt(text, digits) && hours < 100) hours = hours * 10 + (text[digits++] - '0');
      if (digits > end + 1 && hours <= 23) return digits;
    }
    return 3;
  }
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    if (DigitAt(text, 1) && DigitAt(text, 2) && !DigitAt(text, 3)) return 3;
    return 0;
  }
  std::size_t upper = 0;
  while (upper < 6 && upper < text.size() && IsUpper(text[upper])) ++upper;
  if (upper == 3) return 3;
  if (upper == 4) return text[3] == 'T' || text.starts_with("WITA") ? 4 : 0;
  if (upper == 5) return text[4] == 'T' ? 5 : 0;
  return 0;
}

}  // namespace

bool TimeReader::Skip(std::string_view text) {
  while (!text.empty()) {
    if (text[0] == ' ') {
      if (!rest_.empty() && rest_[0] != ' ') return false;
      text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
      rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
      continue;
    }
    if (rest_.empty() || rest_[0] != text[0]) return false;
    text.remove_prefix(1);
    rest_.remove_prefix(1);
  }
  return true;
}

bool TimeReader::Number(bool two_digits, int& out) {
  if (!DigitAt(rest_, 0)) return false;
  if (!DigitAt(rest_, 1)) {
    if (two_digits) return false;
    out = rest_[0] - '0';
    rest_.remove_prefix(1);
    return true;
  }
  return Digits(2, out);
}

bool TimeReader::Digits(std::size_t count, int& out) {
  out = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!DigitAt(rest_, i)) return false;
    out = out * 10 + (rest_[i] - '0');
  }
  rest_.remove_prefix(count);
  return true;
}

bool TimeReader::Word(std::string_view const* names, int count, std::size_t length, int& index) {
  for (index = 0; index < count; ++index) {
    const std::string_view name = names[index].substr(0, length);
    if (rest_.size() < name.size()) continue;
    const bool same = std::equal(name.begin(), name.end(), rest_.begin(),
                                 [](char a, char b) { return (a | 0x20) == (b | 0x20); });
    if (!same) continue;
    rest_.remove_prefix(name.size());
    return true;
  }
  return false;
}

// The point or comma and so many digits behind it; those beyond nanoseconds count for nothing.
bool TimeReader::Fraction(std::size_t digits) {
  if (rest_.size() <= digits || (rest_[0] != '.' && rest_[0] != ',')) return false;
  std::int64_t unit = 1'000'000'000;
  time_.nanos = 0;
  for (std::size_t i = 1; i <= digits; ++i) {
    if (!IsDigit(rest_[i])) return false;
    unit /= 10;
    time_.nanos += (rest_[i] - '0') * unit;
  }
  rest_.remove_prefix(digits + 1);
  return true;
}

bool TimeReader::Offset(Part part) {
  const bool colon = part == Part::kZColon || part == Part::kNumColon ||
                     part == Part::kZColonSeconds || part == Part::kNumColonSeconds;
  const bool seconds = part == Part::kZSeconds || part == Part::kNumSeconds ||
                       part == Part::kZColonSeconds || part == Part::kNumColonSeconds;
  const bool minutes = part != Part::kZShort && part != Part::kNumShort;
  if (rest_.empty() || (rest_[0] != '+' && rest_[0] != '-')) return false;
  const bool negative = rest_[0] == '-';
  rest_.remove_prefix(1);
  int h = 0, m = 0, s = 0;
  const auto more = [&](int& out) {
    if (colon) {
      if (!rest_.starts_with(':')) return false;
      rest_.remove_prefix(1);
    }
    return Digits(2, out);
  };
  if (!Digits(2, h) || (minutes && !more(m)) || (seconds && !more(s))) return false;
  if (h > 24 || m > 60 || s > 60) return false;
  time_.has_offset = true;
  time_.offset = (h * 60 + m) * 60 + s;
  if (negative) time_.offset = -time_.offset;
  return true;
}

bool TimeReader::Zone() {
  const std::size_t length = rest_.starts_with("UTC") ? 3 : ZoneLength(rest_);
  time_.zone = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return length > 0;
}

bool TimeReader::Take(const TimeFormat::Piece& piece, bool fraction_next) {
  int index = 0;
  switch (piece.part) {
    case Part::kYear:
      if (!Digits(2, time_.year)) return false;
      time_.year += time_.year >= 69 ? 1900 : 2000;
      return true;
    case Part::kLongYear:
      return Digits(4, time_.year);
    case Part::kMonth:
    case Part::kLongMonth:
      if (!Word(kMonths, 12, piece.part == Part::kMonth ? 3 : 9, index)) return false;
      time_.month = index + 1;
      return has_month_ = true;
    case Part::kNumMonth:
    case Part::kZeroMonth:
      has_month_ = Number(piece.part == Part::kZeroMonth, time_.month);
      return has_month_ && time_.month >= 1 && time_.month <= 12;
    case Part::kWeekDay:
    case Part::kLongWeekDay:
      return Word(kDays, 7, piece.part == Part::kWeekDay ? 3 : 9, index);
    case Part::kUnderDay:
    case Part::kDay:
    case Part::kZeroDay:
      if (piece.part == Part::kUnderDay && rest_.starts_with(' ')) rest_.remove_prefix(1);
      return has_day_ = Number(piece.part == Part::kZeroDay, time_.day);
    case Part::kUnderYearDay:
    case Part::kZeroYearDay: {
      for (int i = 0; i < 2 && piece.part == Part::kUnderYearDay && rest_.starts_with(' '); ++i) {
        rest_.remove_prefix(1);
      }
      std::size_t digits = 0;
      while (digits < 3 && DigitAt(rest_, digits)) ++digits;
      if (digits == 0 || (piece.part == Part::kZeroYearDay && digits != 3)) return false;
      return Digits(digits, year_day_);
    }
    case Part::kHour:
      return Number(false, time_.hour) && time_.hour < 24;
    case Part::kHour12:
    case Part::kZeroHour12:
      return Number(piece.part == Part::kZeroHour12, time_.hour) && time_.hour <= 12;
    case Part::kMinute:
    case Part::kZeroMinute:
      return Number(piece.part == Part::kZeroMinute, time_.minute) && time_.minute < 60;
    case Part::kSecond:
    case Part::kZeroSecond: {
      if (!Number(piece.part == Part::kZeroSecond, time_.second) || time_.second >= 60) {
        return false;
      }
      if (fraction_next || rest_.size() < 2 || (rest_[0] != '.' && rest_[0] != ',')) return true;
      std::size_t digits = 0;
      while (DigitAt(rest_, digits + 1)) ++digits;
      return digits == 0 || Fraction(digits);
    }
    case Part::kPM:
    case Part::kpm:
      pm_ = rest_.starts_with(piece.part == Part::kPM ? "PM" : "pm");
      am_ = rest_.starts_with(piece.part == Part::kPM ? "AM" : "am");
      if (!pm_ && !am_) return false;
      rest_.remove_prefix(2);
      return true;
    case Part::kTZ:
      return Zone();
    case Part::kFraction0:
      return Fraction(static_cast<std::size_t>(piece.digits));
    case Part::kFraction9: {
      std::size_t digits = 0;
      while (DigitAt(rest_, digits + 1)) ++digits;
      if (digits == 0 || (rest_[0] != '.' && rest_[0] != ',')) return true;
      return Fraction(digits);
    }
    case Part::kZ:
    case Part::kZColon:
    case Part::kZShort:
    case Part::kZSeconds:
    case Part::kZColonSeconds:
      if (!rest_.starts_with('Z')) return Offset(piece.part);
      rest_.remove_prefix(1);
      time_.zone = "UTC";
      return true;
    default:
      return Offset(piece.part);
  }
}

bool TimeReader::Finish(CivilTime& out) {
  if (pm_ && time_.hour < 12) time_.hour += 12;
  if (am_ && time_.hour == 12) time_.hour = 0;
  if (year_day_ >= 0) {
    int month = 1, day = year_day_;
    while (month < 12 && day > DaysIn(month, time_.year)) day -= DaysIn(month++, time_.year);
    if (day < 1 || day > DaysIn(month, time_.year)) return false;
    if ((has_month_ && month != time_.month) || (has_day_ && day != time_.day)) return false;
    time_.month = month;
    time_.day = day;
  }
  if (time_.day < 1 || time_.day > DaysIn(time_.month, time_.year)) return false;
  out = time_;
  return true;
}

}  // namespace telltale
