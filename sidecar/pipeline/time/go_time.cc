// SPDX-License-Identifier: Apache-2.0
#include "sidecar/pipeline/time/go_time.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <utility>

#include "common/base/ascii.h"
#include "common/base/rfc3339.h"
#include "common/base/strings.h"
#include "sidecar/pipeline/time/go_time_reader.h"
#include "sidecar/pipeline/time/layout_check.h"

namespace telltale {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000, kDay = 86'400;

struct NamedLayout {
  std::string_view name, layout;
};
constexpr std::array<NamedLayout, 8> kNamed = {{{"ANSIC", "Mon Jan _2 15:04:05 2006"},
                                                {"UnixDate", "Mon Jan _2 15:04:05 MST 2006"},
                                                {"RubyDate", "Mon Jan 02 15:04:05 -0700 2006"},
                                                {"RFC822", "02 Jan 06 15:04 MST"},
                                                {"RFC822Z", "02 Jan 06 15:04 -0700"},
                                                {"RFC850", "Monday, 02-Jan-06 15:04:05 MST"},
                                                {"RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"},
                                                {"RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"}}};

std::optional<std::int64_t> Nanos(std::int64_t seconds, std::int64_t nanos) {
  std::int64_t out = 0;
  if (seconds < 0 || __builtin_mul_overflow(seconds, kSecond, &out) ||
      __builtin_add_overflow(out, nanos, &out)) {
    return std::nullopt;
  }
  return out;
}

// count [ "." fraction ], in units of `unit` nanoseconds. Digits below a nanosecond are ignored.
std::optional<std::int64_t> ParseUnix(std::string_view text, std::int64_t unit) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const std::size_t dot = std::min(text.find('.'), text.size());
  const auto count = ParseInt(text.substr(0, dot));
  std::int64_t out = 0;
  if (!count || *count < 0 || __builtin_mul_overflow(*count, unit, &out)) return std::nullopt;
  if (dot == text.size()) return out;
  const std::string_view digits = text.substr(dot + 1);
  if (digits.empty()) return std::nullopt;
  std::int64_t nanos = 0;
  for (const char c : digits) {
    if (!IsDigit(c)) return std::nullopt;
    unit /= 10;
    nanos += (c - '0') * unit;
  }
  if (__builtin_add_overflow(out, nanos, &out)) return std::nullopt;
  return out;
}

constexpr bool IsLeap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int YearOf(std::int64_t nanos) {
  namespace ch = std::chrono;
  return static_cast<int>(
      ch::year_month_day(ch::sys_days(ch::days(nanos / kSecond / kDay))).year());
}

}  // namespace

Result<TimeFormat> TimeFormat::Compile(std::string_view format,
                                       std::shared_ptr<const TimeZone> zone) {
  TimeFormat out;
  if (format == "Unix") {
    out.kind_ = Kind::kUnix;
  } else if (format == "UnixMs") {
    out.kind_ = Kind::kMillis;
  } else if (format == "UnixUs") {
    out.kind_ = Kind::kMicros;
  } else if (format == "UnixNs") {
    out.kind_ = Kind::kNanos;
  } else if (format == "RFC3339" || format == "RFC3339Nano") {
    out.kind_ = Kind::kRfc3339;
    out.after_ = SplitLayout("2006-01-02T15:04:05Z07:00", out.pieces_);
  } else {
    out.zone_ = std::move(zone);
    for (const NamedLayout& named : kNamed) {
      if (named.name != format) continue;
      format = named.layout;
      out.zone_.reset();  // as in Promtail, named formats ignore the location
      break;
    }
    TELLTALE_TRY(CheckFormatName(format));
    out.after_ = SplitLayout(format, out.pieces_);
    TELLTALE_TRY(CheckLayout(format, out.pieces_, out.after_));
    out.has_year_ = std::any_of(out.pieces_.begin(), out.pieces_.end(), [](const Piece& piece) {
      return piece.part == Part::kLongYear || piece.part == Part::kYear;
    });
  }
  return out;
}

std::optional<std::int64_t> TimeFormat::Parse(std::string_view text, std::int64_t now) const {
  switch (kind_) {
    case Kind::kUnix:
      return ParseUnix(text, kSecond);
    case Kind::kMillis:
      return ParseUnix(text, 1'000'000);
    case Kind::kMicros:
      return ParseUnix(text, 1'000);
    case Kind::kNanos:
      return ParseUnix(text, 1);
    case Kind::kRfc3339:
      if (auto nanos = ParseRfc3339(text)) return nanos;
      return ParseLayout(text, now);  // Go reads some texts that RFC 3339 does not allow
    case Kind::kLayout:
      return ParseLayout(text, now);
  }
  return std::nullopt;
}

std::optional<std::int64_t> TimeFormat::ParseLayout(std::string_view text, std::int64_t now) const {
  TimeReader in(text);
  for (const Piece& piece : pieces_) {
    const Piece* next = &piece + 1 == pieces_.data() + pieces_.size() ? nullptr : &piece + 1;
    const bool fraction_next = next != nullptr && IsFraction(next->part);
    if (!in.Skip(piece.before) || !in.Take(piece, fraction_next)) return std::nullopt;
  }
  if (!in.Skip(after_) || !in.done()) return std::nullopt;
  CivilTime time;
  if (!in.Finish(time)) return std::nullopt;
  if (has_year_) return Instant(time);
  // The latest year that puts the time at most a day ahead of `now`. Eight years are enough for
  // February 29, also around 2100.
  constexpr std::int64_t kAhead = kDay * kSecond;
  const int next_year = YearOf(now) + 1;
  for (time.year = next_year; time.year >= next_year - 9; --time.year) {
    if (time.month == 2 && time.day == 29 && !IsLeap(time.year)) continue;
    const auto instant = Instant(time);
    if (instant && (*instant <= now || *instant - now <= kAhead)) return instant;
  }
  return std::nullopt;
}

std::optional<std::int64_t> TimeFormat::Instant(const CivilTime& time) const {
  const std::chrono::year_month_day date{std::chrono::year(time.year),
                                         std::chrono::month(static_cast<unsigned>(time.month)),
                                         std::chrono::day(static_cast<unsigned>(time.day))};
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t local = days * kDay + time.hour * 3600 + time.minute * 60 + time.second;
  std::int64_t offset = 0;
  if (time.has_offset) return Nanos(local - time.offset, time.nanos);
  if (!time.zone.empty() && time.zone != "UTC") {
    if (zone_ && zone_->OffsetOf(time.zone, local, offset)) {
      return Nanos(local - offset, time.nanos);
    }
    // As in Go, GMT+3 is what it says, and an abbreviation that the zone does not have is UTC.
    if (time.zone.starts_with("GMT")) {
      std::string_view hours = time.zone.substr(3);
      if (hours.starts_with('+')) hours.remove_prefix(1);
      if (const auto value = ParseInt(hours)) offset = *value * 3600;
    }
    return Nanos(local - offset, time.nanos);
  }
  if (time.zone.empty() && zone_) return Nanos(zone_->ToUnix(local), time.nanos);
  return Nanos(local, time.nanos);
}

}  // namespace telltale
