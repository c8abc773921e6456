// SPDX-License-Identifier: Apache-2.0
//
// The two halves of Go's time.Parse (src/time/format.go): a layout cut into parts, and a text read
// part by part. Internal to TimeFormat; pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sidecar/pipeline/time/go_time.h"

namespace telltale {

enum class TimeFormat::Part : std::uint8_t {
  kLongMonth,
  kMonth,
  kNumMonth,
  kZeroMonth,
  kLongWeekDay,
  kWeekDay,
  kDay,
  kUnderDay,
  kZeroDay,
  kUnderYearDay,
  kZeroYearDay,
  kHour,
  kHour12,
  kZeroHour12,
  kMinute,
  kZeroMinute,
  kSecond,
  kZeroSecond,
  kLongYear,
  kYear,
  kPM,
  kpm,
  kTZ,
  kZ,
  kZColon,
  kZShort,
  kZSeconds,
  kZColonSeconds,
  kNum,
  kNumColon,
  kNumShort,
  kNumSeconds,
  kNumColonSeconds,
  kFraction0,
  kFraction9
};

// The parts of a layout; returns the text behind the last.
std::string SplitLayout(std::string_view layout, std::vector<TimeFormat::Piece>& pieces);

bool IsFraction(TimeFormat::Part part);

struct CivilTime {
  int year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0;
  std::int64_t nanos = 0;
  bool has_offset = false;
  std::int64_t offset = 0;
  std::string_view zone;  // an abbreviation
};

class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : rest_(text) {}

  // Text between parts: a space stands for any number of them.
  bool Skip(std::string_view text);
  bool Take(const TimeFormat::Piece& piece, bool fraction_next);
  bool done() const { return rest_.empty(); }
  // Checks and combines what was read.
  bool Finish(CivilTime& out);

 private:
  bool Number(bool two_digits, int& out);
  bool Digits(std::size_t count, int& out);
  bool Word(std::string_view const* names, int count, std::size_t length, int& index);
  bool Fraction(std::size_t digits);
  bool Offset(TimeFormat::Part part);
  bool Zone();

  std::string_view rest_;
  CivilTime time_;
  int year_day_ = -1;
  bool pm_ = false, am_ = false, has_month_ = false, has_day_ = false;
};

}  // namespace telltale
