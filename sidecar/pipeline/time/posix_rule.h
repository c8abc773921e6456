// SPDX-License-Identifier: Apache-2.0
//
// The rule for the years after a zone's last listed transition, as in the TZ variable of POSIX:
// "CET-1CEST,M3.5.0,M10.5.0/3". Dates have the form Mm.w.d, the only one that tzdata uses. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace telltale {

struct PosixRule {
  struct Change {
    std::int64_t month = 0, week = 0, weekday = 0;
    std::int64_t clock = 7'200;  // seconds after local midnight, may be negative or above a day
    // Days since 1970 of the change's date, before `clock`.
    std::int64_t DayIn(int year) const;
  };

  std::string standard_name, summer_name;
  std::int64_t standard = 0, summer = 0;  // offsets from UTC in seconds
  bool has_summer = false;
  Change begin, end;  // of summer time

  static std::optional<PosixRule> Parse(std::string_view text);
};

}  // namespace telltale
